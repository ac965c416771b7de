"""DingTalk: posts encrypted, signed events of approvals to the company's callback address; groups with robots."""

from __future__ import annotations

import json
import os
import secrets
import time
from dataclasses import dataclass, field

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.application import Simulator
from simulators.faults import Mode
from simulators.records import Record
from simulators.robots import Groups
from simulators.settings import SimulatorSettings
from simulators.wecom_crypto import CallbackCipher, CannotDecrypt

TOO_OFTEN = 130101


@dataclass(frozen=True)
class Posted:
    """One POST as it went out, kept so that it can be replayed."""

    query: dict[str, str]
    body: str


@dataclass
class Events:
    simulator: Simulator
    settings: SimulatorSettings
    sent: list[Posted] = field(default_factory=list)

    @property
    def cipher(self) -> CallbackCipher:
        settings = self.settings
        return CallbackCipher(settings.dingtalk_token, settings.dingtalk_aes_key, settings.dingtalk_app_key)

    @property
    def address(self) -> str:
        return f"{self.settings.gateway_url}/callbacks/dingtalk"

    def compose(self, event: Record) -> Posted:
        """The time stamp is real time, in milliseconds."""
        encrypted = self.cipher.encrypt(json.dumps(event, ensure_ascii=False), os.urandom(16))
        timestamp, nonce = str(int(time.time() * 1000)), secrets.token_hex(8)
        signature = self.cipher.signature(timestamp, nonce, encrypted)
        query = {"signature": signature, "timestamp": timestamp, "nonce": nonce}
        return Posted(query, json.dumps({"encrypt": encrypted}))

    def approval(self, command: Record) -> Record:
        now = int(self.simulator.clock.now().timestamp() * 1000)
        return {
            "EventType": "bpms_instance_change",
            "processInstanceId": secrets.token_hex(16),
            "corpId": "dingtrialcorp",
            "type": "finish",
            "result": "agree",
            "createTime": now - 3_600_000,
            "finishTime": now,
            "processCode": "PROC-SAMPLE-REQUEST",
            "title": "样品申请",
            "url": "https://aflow.dingtalk.com/",
            **command,
        }

    async def deliver(self, posted: Posted) -> Record:
        """With whether the answer was the encrypted "success" that DingTalk waits for."""
        headers = {"Content-Type": "application/json"}
        async with httpx.AsyncClient(timeout=15, trust_env=False) as client:
            answer = await client.post(self.address, params=posted.query, content=posted.body, headers=headers)
        return {"status": answer.status_code, "accepted": self._accepts(answer.text)}

    def _accepts(self, text: str) -> bool:
        try:
            told = json.loads(text)
            signed = self.cipher.is_signed(told["msg_signature"], told["timeStamp"], told["nonce"], told["encrypt"])
            return signed and self.cipher.decrypt(told["encrypt"]) == "success"
        except (ValueError, KeyError, TypeError, CannotDecrypt):
            return False


def dingtalk(simulator: Simulator, settings: SimulatorSettings) -> Starlette:
    events = Events(simulator, settings)
    groups = Groups("/robot/send", TOO_OFTEN, settings.dingtalk_robot_secret)

    async def approve(request: Request) -> Response:
        """Faults: `duplicate` posts twice, `lie` signs wrongly, `hole` loses it, `schema` omits the encrypted part."""
        posted = events.compose(events.approval(await request.json()))
        fault = simulator.faults.take(request.url.path).mode
        if fault is Mode.HOLE:
            return JSONResponse({"answers": []})
        posted = spoil(posted, fault)
        events.sent.append(posted)
        times = 2 if fault is Mode.DUPLICATE else 1
        return JSONResponse({"answers": [await events.deliver(posted) for _ in range(times)]})

    async def replay(_request: Request) -> Response:
        """The last event again, byte for byte."""
        if not events.sent:
            return JSONResponse({"error": "nothing was sent yet"}, status_code=409)
        return JSONResponse({"answers": [await events.deliver(events.sent[-1])]})

    async def check(_request: Request) -> Response:
        return JSONResponse(await events.deliver(events.compose({"EventType": "check_url"})))

    routes = [
        *groups.routes(),
        Route("/_sim/approval", approve, methods=["POST"]),
        Route("/_sim/replay", replay, methods=["POST"]),
        Route("/_sim/check", check, methods=["POST"]),
    ]
    return simulator.application(routes, lambda: {"sent": len(events.sent), "said": len(groups.said)})


def spoil(posted: Posted, fault: Mode) -> Posted:
    if fault is Mode.LIE:
        return Posted({**posted.query, "signature": "0" * 40}, posted.body)
    return Posted(posted.query, "{}") if fault is Mode.SCHEMA else posted
