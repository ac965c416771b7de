"""Doors for robots of groups: what they say is kept and shown, twenty a minute, signed where the system signs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from simulators.faults import Mode, fault_of
from simulators.records import Record

PER_MINUTE, LONGEST_AGE = 20, 3600.0


@dataclass
class Groups:
    """`too_often`: the system's code for it. `secret`: "" where nothing is signed.

    Faults: `hole` says yes and loses it, `schema` answers without a code, `lie` refuses for good.
    """

    path: str
    too_often: int
    secret: str = ""
    said: list[Record] = field(default_factory=list)

    def routes(self) -> list[BaseRoute]:
        return [Route(self.path, self.say, methods=["POST"]), Route("/robot/messages", self.show)]

    async def say(self, request: Request) -> Response:
        body, fault = await request.json(), fault_of(request)
        if fault is Mode.SCHEMA:
            return JSONResponse({"result": "ok"})
        if fault is Mode.LIE or not self._is_signed(request):
            return JSONResponse({"errcode": 310000, "errmsg": "sign not match"})
        robot = request.query_params.get("key") or request.query_params.get("access_token") or ""
        recent = [each for each in self.said if each["robot"] == robot and each["at"] > time.time() - 60]
        if len(recent) >= PER_MINUTE:
            return JSONResponse({"errcode": self.too_often, "errmsg": "send too fast"})
        if fault is not Mode.HOLE:
            text = body.get("text", {}).get("content", "")
            self.said.append({"number": len(self.said) + 1, "robot": robot, "at": time.time(), "text": text})
        return JSONResponse({"errcode": 0, "errmsg": "ok"})

    async def show(self, request: Request) -> Response:
        wanted = request.query_params.get("robot")
        return JSONResponse({"messages": [each for each in self.said if not wanted or each["robot"] == wanted]})

    def _is_signed(self, request: Request) -> bool:
        if not self.secret:
            return True
        timestamp = request.query_params.get("timestamp", "")
        if not timestamp.isdigit() or abs(time.time() - int(timestamp) / 1000) > LONGEST_AGE:
            return False
        told = f"{timestamp}\n{self.secret}".encode()
        right = base64.b64encode(hmac.new(self.secret.encode(), told, hashlib.sha256).digest())
        return hmac.compare_digest(right, request.query_params.get("sign", "").encode())
