"""Sends mail by SMTP. No address ever reaches a log or an error text."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage

from pydantic import SecretStr


class MailRefused(Exception):
    """The server will never take this mail."""


class MailDelayed(Exception):
    """The server can't take it now."""


@dataclass(frozen=True)
class MailServer:
    host: str
    port: int
    sender: str
    user: str = ""
    password: SecretStr = field(default_factory=lambda: SecretStr(""))
    starttls: bool = False
    timeout: float = 10.0


@dataclass(frozen=True)
class Mail:
    """`id` stays the same on every attempt."""

    id: str
    to: str
    subject: str
    body: str
    at: datetime


class Mailer:
    """One connection for a batch."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    @contextmanager
    def connected(self) -> Iterator[smtplib.SMTP]:
        """Raises MailDelayed."""
        server = self._server
        try:
            smtp = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
        except (OSError, smtplib.SMTPException) as failure:
            raise MailDelayed(type(failure).__name__) from None
        try:
            self._prepare(smtp)
            yield smtp
        finally:
            smtp.close()

    def send(self, smtp: smtplib.SMTP, mail: Mail) -> None:
        """Raises MailRefused or MailDelayed."""
        try:
            smtp.send_message(self._message(mail))
        except smtplib.SMTPRecipientsRefused as failure:
            codes = [code for code, _ in failure.recipients.values()]
            raise _judged(codes[0] if codes else 500, failure) from None
        except smtplib.SMTPResponseException as failure:
            raise _judged(failure.smtp_code, failure) from None
        except (OSError, smtplib.SMTPException) as failure:
            raise MailDelayed(type(failure).__name__) from None

    def _prepare(self, smtp: smtplib.SMTP) -> None:
        try:
            if self._server.starttls:
                smtp.starttls(context=ssl.create_default_context())
            if self._server.user:
                smtp.login(self._server.user, self._server.password.get_secret_value())
        except (OSError, smtplib.SMTPException) as failure:
            raise MailDelayed(type(failure).__name__) from None

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._server.sender
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message["Date"] = mail.at
        message["Message-ID"] = f"<{mail.id}@{self._server.sender.rpartition('@')[2].strip('>')}>"
        message.set_content(mail.body)
        return message


def _judged(code: int, failure: Exception) -> Exception:
    """5xx is for good, 4xx passes (RFC 5321)."""
    kind = MailRefused if 500 <= code < 600 else MailDelayed
    return kind(f"{type(failure).__name__} {code}")
