"""Folders of a mailbox, and how IMAP names and writes what lies in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from simulators.faults import Mode

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class StoredMail:
    uid: int
    at: datetime
    content: bytes

    @property
    def head(self) -> bytes:
        return self.content.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


@dataclass
class Folder:
    """A UID is never given twice while `validity` stays."""

    validity: int = 1
    mails: list[StoredMail] = field(default_factory=list)
    next_uid: int = 1

    def add(self, at: datetime, content: bytes) -> StoredMail:
        mail = StoredMail(self.next_uid, at, re.sub(rb"\r?\n", b"\r\n", content))
        self.next_uid += 1
        self.mails.append(mail)
        return mail

    def renew(self) -> None:
        """As after a restore: the same mails under other numbers."""
        self.validity += 1
        self.mails = [StoredMail(number, each.at, each.content) for number, each in enumerate(self.mails, start=1)]
        self.next_uid = len(self.mails) + 1


def items(items: str, mail: StoredMail, fault: Mode) -> Iterator[bytes]:
    if "RFC822.SIZE" in items:
        yield f" RFC822.SIZE {0 if fault is Mode.LIE else len(mail.content)}".encode()
    if "INTERNALDATE" in items:
        at = mail.at
        stamp = f"{at.day:2d}-{MONTHS[at.month - 1]}-{at.year} {at:%H:%M:%S} {at:%z}"
        yield f' INTERNALDATE "{stamp}"'.encode()
    if "BODY" in items:
        head = "HEADER" in items
        content = mail.head if head else mail.content
        content = b"" if fault is Mode.LIE else content[: len(content) // 2] if fault is Mode.CUT else content
        yield f" BODY[{'HEADER' if head else ''}] {{{len(content)}}}\r\n".encode() + content


def uids(numbers: str, mails: list[StoredMail]) -> set[int]:
    """`2`, `2,5`, `2:9`, `2:*`; the star is the last one, even below the first number."""
    last = max((each.uid for each in mails), default=0)
    found: set[int] = set()
    for part in numbers.split(","):
        first, _, end = part.partition(":")
        one, two = (last if each == "*" else int(each) for each in (first, end or first))
        found |= {each.uid for each in mails if min(one, two) <= each.uid <= max(one, two)}
    return found


def day_of(text: str) -> datetime:
    day, month, year = text.split("-")
    return datetime(int(year), [each.upper() for each in MONTHS].index(month) + 1, int(day))  # noqa: DTZ001 - a day
