"""Mail server: takes every mail and shows it over HTTP."""

from __future__ import annotations

import asyncio
import email
import email.policy
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.application import Simulator, whole_number
from simulators.faults import DEFAULT_SECONDS, Mode
from simulators.records import Record


@dataclass
class Mailbox:
    """The SMTP side. Faults: `error500` refuses for now (451), `down` for good (554), `slow` and `timeout` wait,
    `hole` takes the mail and loses it."""

    simulator: Simulator
    mails: list[Record] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        fault = self.simulator.faults.take("/")
        if fault.mode in DEFAULT_SECONDS:
            await asyncio.sleep(DEFAULT_SECONDS[fault.mode] if fault.seconds is None else fault.seconds)
        if fault.mode is Mode.ERROR500:
            return "451 4.3.0 try again later"
        if fault.mode is Mode.DOWN:
            return "554 5.3.0 transaction failed"
        if fault.mode is not Mode.HOLE:
            self.mails.append(self.read(envelope))
        return "250 2.0.0 taken"

    def read(self, envelope: Any) -> Record:
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        body = parsed.get_body(("plain", "html"))
        return {
            "number": len(self.mails) + 1,
            "at": self.simulator.clock.now().isoformat(),
            "sender": envelope.mail_from,
            "recipients": list(envelope.rcpt_tos),
            "messageId": str(parsed["Message-ID"] or ""),
            "subject": str(parsed["Subject"] or ""),
            "text": str(body.get_content()) if body else "",
        }

    def protocol(self) -> SMTP:
        return SMTP(self, enable_SMTPUTF8=True, decode_data=False, hostname="mail.closeloop.example")


def mail(simulator: Simulator, mailbox: Mailbox) -> Starlette:
    async def list_mails(request: Request) -> Response:
        after = whole_number(request.query_params.get("after"), 0) or 0
        wanted = request.query_params.get("to")
        chosen = [m for m in mailbox.mails if m["number"] > after and (not wanted or wanted in m["recipients"])]
        return JSONResponse({"mails": chosen})

    routes = [Route("/mails", list_mails)]
    return simulator.application(list(routes), lambda: {"mails": len(mailbox.mails)})
