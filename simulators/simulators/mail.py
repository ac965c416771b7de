"""Mail server: takes every mail by SMTP and shows it over HTTP; lays mails into the folders of the IMAP side."""

from __future__ import annotations

import asyncio
import base64
import email
import email.policy
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulators.application import Simulator, whole_number
from simulators.faults import DEFAULT_SECONDS, Mode
from simulators.imap import Imap
from simulators.mail_folders import Folder
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


def letter(command: Record, at: datetime) -> bytes:
    """`from`, `to`, `subject`, `text` or `html`, `charset`, `messageId`, `inReplyTo`, `attachments` (name, text).

    Or `raw` in base64, byte for byte.
    """
    if "raw" in command:
        return base64.b64decode(command["raw"])
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = command["from"], command["to"], command.get("subject", "")
    mail["Date"], mail["Message-ID"] = at, command.get("messageId") or f"<{secrets.token_hex(8)}@mail.example>"
    if command.get("inReplyTo"):
        mail["In-Reply-To"] = mail["References"] = command["inReplyTo"]
    kind = "html" if "html" in command else "plain"
    mail.set_content(
        command.get("html", command.get("text", "")), subtype=kind, charset=command.get("charset", "utf-8")
    )
    for each in command.get("attachments", []):
        mail.add_attachment(each["text"].encode(), maintype="application", subtype="pdf", filename=each["name"])
    return mail.as_bytes()


def mail(simulator: Simulator, mailbox: Mailbox, imap: Imap) -> Starlette:
    async def list_mails(request: Request) -> Response:
        after = whole_number(request.query_params.get("after"), 0) or 0
        wanted = request.query_params.get("to")
        chosen = [m for m in mailbox.mails if m["number"] > after and (not wanted or wanted in m["recipients"])]
        return JSONResponse({"mails": chosen})

    async def add(request: Request) -> Response:
        """Into a folder of the IMAP side."""
        command = await request.json()
        at = simulator.clock.now()
        added = imap.folders.setdefault(command.get("folder", "INBOX"), Folder()).add(at, letter(command, at))
        return JSONResponse({"uid": added.uid})

    async def renew(request: Request) -> Response:
        """A folder gets another UIDVALIDITY, as after a restore."""
        folder = imap.folders[(await request.json()).get("folder", "INBOX")]
        folder.renew()
        return JSONResponse({"uidValidity": folder.validity})

    routes = [
        Route("/mails", list_mails),
        Route("/_sim/mail", add, methods=["POST"]),
        Route("/_sim/renew", renew, methods=["POST"]),
    ]
    folders = imap.folders
    return simulator.application(
        list(routes),
        lambda: {"mails": len(mailbox.mails), "folders": {name: len(each.mails) for name, each in folders.items()}},
    )
