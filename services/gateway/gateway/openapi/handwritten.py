"""The doors that no contract describes: sign-in, live stream, files, callbacks."""

from __future__ import annotations

from typing import Any

from gateway.openapi.refusals import references

TAGS = [
    {"name": "session", "description": "Signing in and out."},
    {"name": "stream", "description": "Live updates."},
    {"name": "files", "description": "Uploads and downloads."},
    {"name": "callbacks", "description": "Where chat systems and partners knock."},
]
SECURITY = {
    "session": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "closeloop_session"},
}
_FILE_ID = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_WHO = {
    "employeeId": "E00123",
    "name": "李明",
    "duties": ["rep"],
    "level": "self",
    "unit": "/HQ/EAST/HZ1/",
    "expiresAt": "2026-03-10T14:00:00Z",
}
SCHEMAS: dict[str, Any] = {
    "SignIn": {
        "type": "object",
        "required": ["employeeId"],
        "additionalProperties": False,
        "properties": {"employeeId": {"type": "string", "minLength": 1, "maxLength": 40}},
    },
    "Session": {
        "type": "object",
        "required": list(_WHO),
        "properties": {
            "employeeId": {"type": "string"},
            "name": {"type": "string"},
            "duties": {"type": "array", "items": {"type": "string"}},
            "level": {"type": "string", "enum": ["self", "team", "company"]},
            "unit": {"type": "string"},
            "expiresAt": {"type": "string", "format": "date-time"},
            "token": {"type": "string", "description": "Only when signing in: for programs. Browsers have the cookie."},
        },
    },
    "File": {
        "type": "object",
        "required": ["fileId", "size", "mediaType", "url", "urlExpiresAt"],
        "properties": {
            "fileId": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "SHA-256 of the content."},
            "size": {"type": "string", "format": "int64"},
            "mediaType": {"type": "string", "description": "Judged by content."},
            "url": {"type": "string", "description": "Opens the file for five minutes, for this person."},
            "urlExpiresAt": {"type": "string", "format": "date-time"},
        },
    },
}
_FILE = {
    "fileId": _FILE_ID,
    "size": "18231",
    "mediaType": "text/csv",
    "url": f"/api/v1/files/{_FILE_ID}?token=…",
    "urlExpiresAt": "2026-03-10T02:05:00Z",
}
_FILE_PATH = {"name": "fileId", "in": "path", "required": True, "schema": {"type": "string"}, "example": _FILE_ID}
_TEXT_OR_XML = {"text/plain": {"schema": {"type": "string"}}, "application/xml": {"schema": {"type": "string"}}}


def paths() -> dict[str, dict[str, Any]]:
    return {
        "/api/v1/session": {"post": _sign_in(), "get": _who_am_i(), "delete": _sign_out()},
        "/api/v1/stream": {"get": _stream()},
        "/api/v1/files": {"post": _upload()},
        "/api/v1/files/{fileId}": {"get": _download()},
        "/api/v1/files/{fileId}:link": {"post": _link()},
        "/callbacks/{source}": {"get": _callback("checkCallback"), "post": _callback("receiveCallback")},
    }


def _sign_in() -> dict[str, Any]:
    request = {"schema": {"$ref": "#/components/schemas/SignIn"}, "example": {"employeeId": "E00123"}}
    return {
        "operationId": "signIn",
        "tags": ["session"],
        "summary": "Sign in",
        "description": "Development provider, local mode only: whoever says who they are is believed. `bootstrap` is "
        "the operator who loads an empty company.",
        "security": [],
        "requestBody": {"required": True, "content": {"application/json": request}},
        "responses": {"200": _json("Session", _WHO | {"token": "eyJ…"}, "Signed in.")}
        | references(400, 401, 408, 409, 413, 415, 429, 500, 503, 504),
    }


def _who_am_i() -> dict[str, Any]:
    return {
        "operationId": "getSession",
        "tags": ["session"],
        "summary": "Who am I",
        "responses": {"200": _json("Session", _WHO, "The person of this session.")} | references(401, 429, 500, 503),
    }


def _sign_out() -> dict[str, Any]:
    responses = {"204": {"description": "Signed out: the session is worth nothing any more."}}
    return {
        "operationId": "signOut",
        "tags": ["session"],
        "summary": "Sign out",
        "responses": responses | references(401, 500),
    }


def _stream() -> dict[str, Any]:
    example = 'id: 4711\nevent: notification\ndata: {"notificationId":"4711","kind":"lead_assigned"}\n\n'
    content = {"text/event-stream": {"schema": {"type": "string"}, "example": example}}
    last = {"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"}, "example": "4710"}
    return {
        "operationId": "openStream",
        "tags": ["stream"],
        "summary": "Live updates of the person signed in",
        "description": "Server-sent events. `ready` comes first: `{unread, lastId}`. `notification` has the inbox id "
        "as its id and the notification as in ListNotifications as its data. `reset` asks to load the inbox anew, "
        "`bye` to come back. With Last-Event-ID whatever was missed comes first.",
        "parameters": [last],
        "responses": {"200": {"description": "The stream.", "content": content}}
        | references(400, 401, 429, 500, 503, 504),
    }


def _upload() -> dict[str, Any]:
    schema = {
        "type": "object",
        "required": ["file"],
        "properties": {"file": {"contentMediaType": "application/octet-stream"}},
    }
    return {
        "operationId": "uploadFile",
        "tags": ["files"],
        "summary": "Upload a file",
        "description": "One file in the field `file`. Its type is judged by its content.",
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}},
        "responses": {"201": _json("File", _FILE, "Kept.")} | references(400, 401, 408, 413, 415, 429, 500, 503),
    }


def _link() -> dict[str, Any]:
    return {
        "operationId": "linkFile",
        "tags": ["files"],
        "summary": "Get a link that opens a file",
        "parameters": [_FILE_PATH],
        "responses": {"200": _json("File", _FILE, "A fresh link.")} | references(401, 404, 429, 500, 503),
    }


def _download() -> dict[str, Any]:
    token = {"name": "token", "in": "query", "required": True, "schema": {"type": "string"}, "example": "eyJ…"}
    name = {"name": "name", "in": "query", "schema": {"type": "string"}, "example": "leads.csv"}
    content = {"application/octet-stream": {"schema": {"type": "string", "contentMediaType": "*/*"}}}
    return {
        "operationId": "downloadFile",
        "tags": ["files"],
        "summary": "Download a file by its link",
        "parameters": [_FILE_PATH, token, name],
        "responses": {"200": {"description": "The content.", "content": content}}
        | references(401, 403, 404, 429, 500, 503),
    }


def _callback(name: str) -> dict[str, Any]:
    source = {"name": "source", "in": "path", "required": True, "schema": {"type": "string"}, "example": "wecom"}
    found: dict[str, Any] = {
        "operationId": name,
        "tags": ["callbacks"],
        "summary": "Callback of a chat system or partner",
        "description": "Query and body go on as they are; the signature is judged by the integration service, whose "
        "answer goes back plainly.",
        "security": [],
        "parameters": [source],
        "responses": {"200": {"description": "The answer the source expects.", "content": _TEXT_OR_XML}}
        | references(400, 401, 403, 404, 413, 429, 500, 503, 504),
    }
    if name == "receiveCallback":
        found["requestBody"] = {"content": {"*/*": {"schema": {"type": "string"}}}}
    return found


def _json(schema: str, example: Any, description: str) -> dict[str, Any]:
    content = {"schema": {"$ref": f"#/components/schemas/{schema}"}, "example": example}
    return {"description": description, "content": {"application/json": content}}
