"""A bank's file as pages of a run, whatever its size: small files whole in one page, large ones in several (N1.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import SEEK_END, BytesIO
from typing import BinaryIO

from chassis.kernel.calendar import local_date
from integration.feeds.connector import Page
from integration.feeds.rules import Raw, Rejection
from integration.receipts.documents import Part, open_document
from integration.receipts.encodings import encoding_of
from integration.receipts.policy import StatementsPolicy
from integration.receipts.reading import NotAStatement

# A file of this size is kept whole or not at all, in one transaction.
AT_ONCE = 4 * 1024 * 1024
# What is shown of a larger file that can't be read.
EXCERPT = 1024 * 1024


@dataclass(frozen=True)
class BankFile:
    """Where a file came from, and what the bank announced of it (empty: nothing)."""

    place: str
    sha256: str = ""
    announced: str = ""
    number: int | None = None


@dataclass(frozen=True)
class Facts:
    """What a page of a bank feed brings. `refusal`: why the file as a whole can't be taken."""

    file: BankFile
    parts: tuple[Part, ...] = ()
    refusal: Rejection | None = None
    shape: frozenset[str] = frozenset()
    whole: bool = True


def pages_of(
    content: BinaryIO, file: BankFile, policy: StatementsPolicy, now: datetime, checkpoint: str
) -> Iterator[Page]:
    """Nothing of a file that is not whole; its one page then says why."""
    latest = local_date(now) + timedelta(days=policy.days_ahead)
    try:
        if file.announced and file.announced.lower() != file.sha256:
            raise NotAStatement("the checksum differs from the one the bank announced", "校验和与银行公布的不一致")
        document = open_document(content, file.place, policy, latest)
    except NotAStatement as failure:
        raw = Raw(file.place, shown(content))
        refusal = Rejection(raw, failure.en, failure.zh, failure.field, file.place, is_shown_whole(content))
        yield _page(checkpoint, Facts(file, refusal=refusal))
        return
    shape = document.survey.shape
    if content.seek(0, 2) <= AT_ONCE:
        yield _page(checkpoint, Facts(file, tuple(document.parts()), shape=shape))
        return
    for part in document.parts():
        yield _page(checkpoint, Facts(file, (part,), shape=shape, whole=False))
    yield _page(checkpoint, Facts(file, shape=shape))


def pages_of_text(raw: Raw, policy: StatementsPolicy, now: datetime) -> Iterator[Page]:
    """A document from the quarantine."""
    return pages_of(BytesIO(raw.body.encode()), BankFile(raw.place), policy, now, "")


def facts_of(page: Page) -> Facts | None:
    found = page.facts.get("bank")
    return found if isinstance(found, Facts) else None


def shown(content: BinaryIO) -> str:
    """As text that PostgreSQL holds."""
    content.seek(0)
    held = content.read(AT_ONCE + 1)
    if len(held) > AT_ONCE:
        held = held[:EXCERPT]
    return _text(held).replace("\x00", "\\x00")


def is_shown_whole(content: BinaryIO) -> bool:
    """Else `shown` is its beginning, which must not be taken for the file."""
    return content.seek(0, SEEK_END) <= AT_ONCE


def _text(held: bytes) -> str:
    try:
        return held.decode(encoding_of(BytesIO(held)))
    except (NotAStatement, UnicodeError):
        return held.decode(errors="backslashreplace")


def _page(checkpoint: str, facts: Facts) -> Page:
    return Page((), checkpoint, {"bank": facts})
