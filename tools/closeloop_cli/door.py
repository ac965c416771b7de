"""The gateway as a person's browser or script uses it: sign in, call, and keep the calls to show them."""

from __future__ import annotations

import json
import shlex
import uuid
from dataclasses import dataclass, field
from typing import Any, Self

import httpx


class Refused(Exception):
    """The gateway said no; `problem` is its answer (RFC 9457)."""

    def __init__(self, method: str, path: str, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.problem = problem
        super().__init__(f"{method} {path}: {status} {json.dumps(problem, ensure_ascii=False)[:600]}")

    @property
    def reason(self) -> str:
        return str(self.problem.get("reason") or self.problem.get("code") or "")


@dataclass(frozen=True)
class Call:
    """One call, repeatable on a command line."""

    method: str
    url: str
    person: str
    body: dict[str, Any] | None

    def as_curl(self) -> str:
        """For a shell that knows the person's token, from `POST /api/v1/session`."""
        words = [f'curl -s -H "Authorization: Bearer {token_name(self.person)}"']
        if self.method != "GET":
            words.append(f"-X {self.method}")
        if self.body is not None:
            body = shlex.quote(json.dumps(self.body, ensure_ascii=False))
            words.append(f"-H 'Content-Type: application/json' -d {body}")
        return " ".join([*words, shlex.quote(self.url)])


def token_name(person: str) -> str:
    return f"$TOKEN_{person}"


@dataclass
class Door:
    url: str
    calls: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._client = httpx.Client(base_url=self.url, timeout=60, trust_env=False)
        self._people: dict[str, Person] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def as_(self, employee_id: str) -> Person:
        """Signed in once per run."""
        if employee_id not in self._people:
            answer = self.send("POST", "/api/v1/session", json={"employeeId": employee_id})
            self._people[employee_id] = Person(self, employee_id, str(answer["token"]))
        return self._people[employee_id]

    def send(self, method: str, path: str, **arguments: Any) -> Any:
        response = self._client.request(method, path, **arguments)
        content = read(response)
        if response.status_code >= 400:
            raise Refused(
                method, path, response.status_code, content if isinstance(content, dict) else {"text": content}
            )
        return content


def read(response: httpx.Response) -> Any:
    try:
        return response.json() if response.content else {}
    except ValueError:
        return response.text


@dataclass
class Person:
    """Calls in the name of one employee."""

    door: Door
    employee_id: str
    token: str

    def get(self, path: str, **query: Any) -> Any:
        self._keep("GET", path, query, None)
        return self.door.send("GET", path, params=query, headers=self._headers())

    def every(self, path: str, field_name: str, **query: Any) -> list[Any]:
        """All pages of a list."""
        found: list[Any] = []
        token = ""
        while True:
            page = self.get(path, **query, **{"page.size": 200}, **({"page.token": token} if token else {}))
            found += page[field_name]
            token = page["page"]["nextToken"]
            if not token:
                return found

    def post(self, path: str, body: dict[str, Any], key: str | None = None) -> Any:
        """`key`: the idempotency key, the same for a repeated attempt; drawn when absent."""
        self._keep("POST", path, {}, body)
        headers = self._headers() | {"Idempotency-Key": key or str(uuid.uuid4())}
        return self.door.send("POST", path, json=body, headers=headers)

    def upload(self, name: str, content: bytes, media_type: str) -> str:
        """Id of the stored file."""
        files = {"file": (name, content, media_type)}
        return str(self.door.send("POST", "/api/v1/files", files=files, headers=self._headers())["fileId"])

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Accept-Language": "en"}

    def _keep(self, method: str, path: str, query: dict[str, Any], body: dict[str, Any] | None) -> None:
        url = str(httpx.URL(self.door.url + path, params=query)) if query else self.door.url + path
        self.door.calls.append(Call(method, url, self.employee_id, body))
