"""A statement somebody uploaded, as the bank feed reads it."""

from __future__ import annotations

from chassis.files import FileStore, FileTooLarge
from integration.feeds.rules import Raw
from integration.receipts.camt053 import NotAStatement, text_of

BANK = "bank"
LARGEST = 32 * 1024 * 1024


def statement_file(files: FileStore, file_id: str) -> Raw:
    """Raises NoSuchFile or FileTooLarge. What is no text is kept as far as it can be shown."""
    with files.open(file_id) as content:
        held = content.read(LARGEST + 1)
    if len(held) > LARGEST:
        raise FileTooLarge(limit=LARGEST)
    return Raw(f"file {file_id[:12]}", readable(held))


def readable(content: bytes) -> str:
    """Reading it as XML then says what is wrong with it."""
    try:
        return text_of(content).replace("\x00", "\\x00")
    except NotAStatement:
        return content.decode(errors="backslashreplace").replace("\x00", "\\x00")
