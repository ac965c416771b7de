"""Reads a mail: who wrote to whom, in which thread, what, and with which attachments. Hostile ones are bounded."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from integration.conversations.mail_text import header_text, text_of

MOST_PARTS = 200
MOST_ATTACHMENTS = 50
MOST_PEOPLE = 200
LONGEST_ID = 250
DEEPEST = 60
LONGEST_HEAD = 256 * 1024
MOST_BOUNDARIES = 10_000
# Comments of an address may be nested, and the parser follows.
MOST_COMMENTS = 50
_BLANK = re.compile(rb"\r?\n\r?\n")
_NESTS = re.compile(rb"multipart/|message/", re.IGNORECASE)


class UnreadableMail(ValueError):
    """No sender, nested beyond reason, or with headers the parser fails at."""


@dataclass(frozen=True)
class MailFile:
    name: str
    media_type: str
    content: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Mail:
    """Addresses in lower case. `before`: ids of the thread, oldest first. `written_at`: as the sender says, or None."""

    message_id: str
    before: tuple[str, ...]
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    written_at: datetime | None
    files: tuple[MailFile, ...]


def read_mail(content: bytes) -> Mail:
    """Raises UnreadableMail."""
    if not _is_reasonable(content):
        raise UnreadableMail("structure")
    try:
        return _read(content)
    except UnreadableMail:
        raise
    except (ValueError, TypeError, LookupError):
        raise UnreadableMail("structure") from None


def _read(content: bytes) -> Mail:
    """The parser decodes parameters of headers when they are asked for, and raises bare errors then."""
    message = message_from_bytes(content)
    parts = list(_parts(message))
    senders = _people(message, "From")
    if not senders:
        raise UnreadableMail("From")
    return Mail(
        message_id=_id(message, content),
        before=tuple(dict.fromkeys([*_ids(message, "References"), *_ids(message, "In-Reply-To")])),
        sender=senders[0],
        recipients=tuple(dict.fromkeys([*_people(message, "To"), *_people(message, "Cc")])),
        subject=_header(message, "Subject")[:500],
        text=_text(parts),
        written_at=_written_at(message),
        files=tuple(_files(parts)),
    )


def _is_reasonable(content: bytes) -> bool:
    """The parser calls itself once a level, and takes seconds for a million headers or boundaries."""
    shallow = len(_NESTS.findall(content)) <= DEEPEST
    has_body = len(content) <= LONGEST_HEAD or _BLANK.search(content, 0, LONGEST_HEAD) is not None
    return shallow and has_body and content.count(b"\n--") <= MOST_BOUNDARIES


def _parts(message: Message) -> Iterator[Message]:
    """Leaves only, and no more than is reasonable."""
    for number, part in enumerate(message.walk()):
        if number >= MOST_PARTS:
            return
        if not part.is_multipart():
            yield part


def _text(parts: list[Message]) -> str:
    """The plain text when there is one, else the HTML; forwarded ones below each other."""
    bodies = [part for part in parts if part.get_content_maintype() == "text" and not _is_file(part)]
    plain = [part for part in bodies if part.get_content_type() == "text/plain"]
    found = (text_of(part) for part in plain or bodies)
    return "\n".join(each for each in found if each)


def _is_file(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or bool(part.get_filename())


def _files(parts: list[Message]) -> Iterator[MailFile]:
    found = [part for part in parts if _is_file(part) or part.get_content_maintype() not in ("text", "multipart")]
    for part in found[:MOST_ATTACHMENTS]:
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and content:
            yield MailFile(header_text(part.get_filename())[:200], part.get_content_type()[:100], content)


def _headers(message: Message, name: str) -> list[str]:
    """As the bytes were: the parser's own look-up replaces what is not ASCII."""
    return [header_text(value) for each, value in message.raw_items() if each.lower() == name.lower()]


def _header(message: Message, name: str) -> str:
    return next(iter(_headers(message, name)), "")


def _people(message: Message, name: str) -> list[str]:
    told = [each for each in _headers(message, name) if each.count("(") <= MOST_COMMENTS]
    found = (address.strip().lower() for _, address in getaddresses(told))
    return [each for each in found if 3 <= len(each) <= 200 and each.count("@") == 1][:MOST_PEOPLE]


def _ids(message: Message, name: str) -> list[str]:
    told = _header(message, name).replace(",", " ").split()
    return [each.strip("<>") for each in told if 2 < len(each) <= LONGEST_ID][:100]


def _id(message: Message, content: bytes) -> str:
    """A mail without an id of its own is known by what it says."""
    return next(iter(_ids(message, "Message-ID")), "") or hashlib.sha256(content).hexdigest()


def _written_at(message: Message) -> datetime | None:
    try:
        at = parsedate_to_datetime(_header(message, "Date"))
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
