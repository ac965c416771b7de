"""A person at the REST door: one kept connection of the standard library, the cheapest client that is honest HTTP."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import Any

from bench.stand import Stand

EDGE = "closeloop-bench"


class Refused(Exception):
    """An answer that is no 2xx."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{status}: {said}")
        self.status = status


class Person:
    """Not for several threads."""

    def __init__(self, stand: Stand, employee_id: str, token: str = "") -> None:
        self.employee_id = employee_id
        self._connection = HTTPConnection("127.0.0.1", stand.gateway_port, timeout=60)
        self.token = token or str(self.post("/api/v1/session", {"employeeId": employee_id})["token"])

    def get(self, path: str) -> Any:
        return self._ask("GET", path, None, {})

    def post(self, path: str, body: dict[str, Any], key: str = "") -> Any:
        return self._ask("POST", path, json.dumps(body).encode(), {"Idempotency-Key": key} if key else {})

    def upload(self, content: bytes, filename: str) -> str:
        """Id of the stored file."""
        part = f'--{EDGE}\r\ncontent-disposition: form-data; name="file"; filename="{filename}"\r\n\r\n'.encode()
        body = part + content + f"\r\n--{EDGE}--\r\n".encode()
        form = {"content-type": f"multipart/form-data; boundary={EDGE}"}
        return str(self._ask("POST", "/api/v1/files", body, form)["fileId"])

    def close(self) -> None:
        self._connection.close()

    def _ask(self, method: str, path: str, body: bytes | None, more: dict[str, str]) -> Any:
        headers = {"content-type": "application/json", **more} if body is not None else more
        token = getattr(self, "token", "")
        if token:
            headers = {"authorization": f"Bearer {token}", **headers}
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            text = answer.read()
        except BaseException:
            self._connection.close()  # whatever came half is not taken for the next answer
            raise
        if not 200 <= answer.status < 300:
            raise Refused(answer.status, f"{path}: {text[:300].decode(errors='replace')}")
        return json.loads(text) if text else None
