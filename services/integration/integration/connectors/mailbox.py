"""Mails between us and customers, from a mailbox's folders, by UID and UIDVALIDITY."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from chassis.config import Settings, load
from chassis.files import FileStore
from chassis.unit_of_work import Transaction
from integration.connectors._imap import FoundMail, Mailbox, mailbox
from integration.conversations.mail_reading import UnreadableMail, read_mail
from integration.conversations.take_mail import take_mail
from integration.feeds.connector import Page, PolicyOf
from integration.feeds.policy import FeedRule
from integration.feeds.rules import Outcome, Proof, Raw
from integration.feeds.source import Access, Source

AT_ONCE = 20
# Bytes of a page, one mail more or less.
HELD = 16 << 20
# Attachments of this size are kept in the file store; larger ones are named.
SMALL = 1 << 20
SMALL_OF_A_MAIL = 5 << 20

Folders = Annotated[tuple[str, ...], NoDecode]


class MailboxSettings(Settings):
    # imaps://user@host:993
    mailbox_url: str = ""
    mailbox_key: SecretStr = SecretStr("")
    mailbox_key_ends: date | None = None
    mailbox_folders: Folders = ("INBOX",)
    # Folders of what our people sent.
    mailbox_sent_folders: Folders = ("Sent",)
    # How far back a mailbox is read for the first time.
    mailbox_days: int = Field(default=30, ge=0, le=3650)

    @field_validator("mailbox_folders", "mailbox_sent_folders", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(each.strip() for each in value.split(",") if each.strip()) if isinstance(value, str) else value

    @field_validator("mailbox_url")
    @classmethod
    def _secure(cls, value: str) -> str:
        parts = urlsplit(value)
        # Unencrypted on the own machine only: the simulator.
        secure = parts.scheme == "imaps" or (parts.scheme == "imap" and parts.hostname == "127.0.0.1")
        if value and not (secure and parts.username and parts.port):
            raise ValueError("expected imaps://user@host:993")
        return value


class MailboxConnector:
    feed = "mailbox"
    rule = FeedRule(cadence_seconds=120, max_lag_seconds=1800, timeout_seconds=20)

    def __init__(self, settings: MailboxSettings, policy: PolicyOf) -> None:
        key, ends = settings.mailbox_key, settings.mailbox_key_ends
        self.access = Access("mailbox", settings.mailbox_url, key, ends)
        self._folders = dict.fromkeys(settings.mailbox_folders, False)
        self._folders |= dict.fromkeys(settings.mailbox_sent_folders, True)
        self._reach = timedelta(days=settings.mailbox_days)
        self._files = FileStore(settings.files_url) if settings.files_url else None
        self._policy = policy

    def pages(self, source: Source, checkpoint: str, now: datetime) -> Iterator[Page]:
        read: dict[str, list[int]] = json.loads(checkpoint or "{}")
        with mailbox(source, self.access) as box:
            for folder, sent in self._folders.items():
                yield from self._of(box, folder, read, now, sent=sent)
        yield Page([], json.dumps(read))

    def take(self, tx: Transaction, page: Page, run_id: str) -> Outcome:
        return take_mail(tx, page.records, self._policy("mailbox"), page.facts.get("files", {}))

    def finish(self, tx: Transaction, facts: Mapping[str, Any]) -> Proof | None:
        return Proof(facts["read_at"]) if "read_at" in facts else None

    def shape(self, page: Page) -> set[str]:
        return set()

    def _of(
        self, box: Mailbox, folder: str, read: dict[str, list[int]], now: datetime, *, sent: bool
    ) -> Iterator[Page]:
        """A folder that was made anew is read from the start: mails that were told on are not told again."""
        validity = box.open(folder)
        known, last = read.get(folder, [validity, 0])
        uids = box.uids_after(last if known == validity else 0, (now - self._reach).date())
        for start in range(0, len(uids), AT_ONCE):
            for found in _portions(box.mails(uids[start : start + AT_ONCE])):
                read[folder] = [validity, found[-1].uid]
                raws = [Raw(f"{folder}, mail {each.uid}", _body(each, folder, validity, sent=sent)) for each in found]
                yield Page(raws, json.dumps(read), {"files": self._kept(found)})
        read[folder] = [validity, max(uids, default=last if known == validity else 0)]

    def _kept(self, mails: list[FoundMail]) -> dict[str, str]:
        """Ids of small attachments by their digest, the first five megabytes of a mail."""
        return dict(each for mail in mails for each in self._kept_of(mail)) if self._files else {}

    def _kept_of(self, mail: FoundMail) -> Iterator[tuple[str, str]]:
        try:
            files = read_mail(mail.content).files
        except UnreadableMail:
            return
        room = SMALL_OF_A_MAIL
        for file in files:
            room -= len(file.content)
            if self._files and len(file.content) <= SMALL and room >= 0:
                yield file.digest, self._files.put([file.content], file.name or "attachment", SMALL).id


def connector(policy: PolicyOf) -> MailboxConnector:
    return MailboxConnector(load(MailboxSettings), policy)


def _body(mail: FoundMail, folder: str, validity: int, *, sent: bool) -> str:
    content = base64.b64encode(mail.content).decode()
    key = f"{folder}/{validity}/{mail.uid}"
    return json.dumps({"key": key, "sent": sent, "arrived_at": mail.arrived_at.isoformat(), "content": content})


def _portions(mails: Iterator[FoundMail]) -> Iterator[list[FoundMail]]:
    """As many as may be held at once, at least one."""
    held: list[FoundMail] = []
    for mail in mails:
        held.append(mail)
        if sum(len(each.content) for each in held) >= HELD:
            yield held
            held = []
    if held:
        yield held
