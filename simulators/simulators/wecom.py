"""WeCom: encrypts what people write in customer chats and posts it to the company's callback address.

On the same port: the adapter of the session archive, and groups with robots.
"""

from __future__ import annotations

import os
import secrets
import time
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

import httpx
from lxml import etree
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.application import Simulator
from simulators.faults import Mode
from simulators.records import Record
from simulators.robots import Groups
from simulators.settings import SimulatorSettings
from simulators.wecom_archive import Archive
from simulators.wecom_crypto import CallbackCipher

TOO_OFTEN = 45009


@dataclass(frozen=True)
class Callback:
    """One POST as it went out, kept so that it can be replayed."""

    query: dict[str, str]
    body: str


@dataclass
class Chat:
    """Sends callbacks. Times of messages are business time; the signature's timestamp is real time, as freshness is."""

    simulator: Simulator
    settings: SimulatorSettings
    sent: list[Callback] = field(default_factory=list)

    @property
    def cipher(self) -> CallbackCipher:
        return CallbackCipher(self.settings.wecom_token, self.settings.wecom_aes_key, self.settings.wecom_corp_id)

    @property
    def address(self) -> str:
        return f"{self.settings.gateway_url}/callbacks/wecom"

    def compose(self, command: Record) -> Callback:
        encrypted = self.cipher.encrypt(self.message(command), os.urandom(16))
        timestamp, nonce = str(int(time.time())), secrets.token_hex(8)
        signature = self.cipher.signature(timestamp, nonce, encrypted)
        query = {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}
        return Callback(query, self.envelope(encrypted))

    def message(self, command: Record) -> str:
        created = int(command.get("createTime") or self.simulator.clock.now().timestamp())
        return xml(
            ToUserName=self.settings.wecom_corp_id,
            FromUserName=command["from"],
            CreateTime=str(created),
            MsgType="text",
            Content=command["text"],
            MsgId=str(command.get("msgId") or secrets.randbits(62)),
            AgentID=self.settings.wecom_agent_id,
            ChatId=command["chatId"],
            ExternalUserId=command["externalUserId"],
        )

    def envelope(self, encrypted: str) -> str:
        parts = {"ToUserName": self.settings.wecom_corp_id, "AgentID": self.settings.wecom_agent_id}
        return xml(**parts, Encrypt=encrypted)

    async def deliver(self, callback: Callback) -> Record:
        headers = {"Content-Type": "text/xml"}
        async with httpx.AsyncClient(timeout=15, trust_env=False) as client:
            answer = await client.post(self.address, params=callback.query, content=callback.body, headers=headers)
        return {"status": answer.status_code, "body": answer.text}

    async def check_address(self) -> Record:
        """The GET by which WeCom checks a new callback address: the decrypted text must come back plainly."""
        secret = secrets.token_hex(8)
        encrypted = self.cipher.encrypt(secret, os.urandom(16))
        timestamp, nonce = str(int(time.time())), secrets.token_hex(8)
        signature = self.cipher.signature(timestamp, nonce, encrypted)
        query = {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce, "echostr": encrypted}
        async with httpx.AsyncClient(timeout=15, trust_env=False) as client:
            answer = await client.get(self.address, params=query)
        return {"status": answer.status_code, "echoed": answer.text == secret}


def xml(**parts: str) -> str:
    return "<xml>" + "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in parts.items()) + "</xml>"


def wecom(simulator: Simulator, settings: SimulatorSettings) -> Starlette:
    chat, archive = Chat(simulator, settings), Archive(simulator, settings.sim_data)
    groups = Groups("/cgi-bin/webhook/send", TOO_OFTEN)

    async def send(request: Request) -> Response:
        """Faults: `duplicate` posts twice, `lie` signs wrongly, `hole` loses it, `schema` omits the encrypted part."""
        callback = chat.compose(await request.json())
        fault = simulator.faults.take(request.url.path).mode
        if fault is Mode.HOLE:
            return JSONResponse({"answers": []})
        callback = spoil(callback, fault)
        chat.sent.append(callback)
        times = 2 if fault is Mode.DUPLICATE else 1
        return JSONResponse({"answers": [await chat.deliver(callback) for _ in range(times)]})

    async def replay(_request: Request) -> Response:
        """The last callback again, byte for byte."""
        if not chat.sent:
            return JSONResponse({"error": "nothing was sent yet"}, status_code=409)
        return JSONResponse({"answers": [await chat.deliver(chat.sent[-1])]})

    async def check(_request: Request) -> Response:
        return JSONResponse(await chat.check_address())

    routes = [
        *archive.routes(),
        *groups.routes(),
        Route("/_sim/send", send, methods=["POST"]),
        Route("/_sim/replay", replay, methods=["POST"]),
        Route("/_sim/check", check, methods=["POST"]),
    ]

    def state() -> dict[str, object]:
        return {
            "sent": len(chat.sent),
            "address": chat.address,
            "archived": archive.count,
            "said": len(groups.said),
        }

    return simulator.application(routes, state)


def spoil(callback: Callback, fault: Mode) -> Callback:
    if fault is Mode.LIE:
        return Callback({**callback.query, "msg_signature": "0" * 40}, callback.body)
    if fault is Mode.SCHEMA:
        root = etree.fromstring(callback.body.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
        encrypted = root.findtext("Encrypt") or ""
        return Callback(callback.query, callback.body.replace(f"<Encrypt>{encrypted}</Encrypt>", ""))
    return callback
