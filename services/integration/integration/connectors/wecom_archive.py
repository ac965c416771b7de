"""The WeCom session archive (会话内容存档), pulled by sequence number.

WeCom gives messages out by a native library alone. Beside it runs a small HTTPS adapter, which passes the library's
JSON through as it is: `chatdata?seq=&limit=` (GetChatData) and `mediadata?sdkfileid=` (GetMediaData). Messages
are opened here (conversations/archive_cipher.py says how they must be sealed). WeCom's callbacks give the same
words under ids of their own: a chat is read by one of the two.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from chassis.config import Settings, load
from chassis.files import FileIsEmpty, FileStore, FileTooLarge
from chassis.unit_of_work import Transaction
from integration.conversations.archive_cipher import ArchiveKeys
from integration.conversations.rules import Attachment
from integration.conversations.take_archive import Opened, read, take_archive
from integration.feeds.connector import Page, PolicyOf
from integration.feeds.errors import SourceFailed
from integration.feeds.numbered import numbered_pages
from integration.feeds.policy import FeedRule
from integration.feeds.rules import Outcome, Proof, Raw, decoded, shape_of
from integration.feeds.sequence_rules import proof_of
from integration.feeds.source import Access, Source

PAGE = 500
# WeCom keeps messages for five days.
KEPT = timedelta(days=5)
# Larger files stay where they are; the message names them.
SMALL = 1 << 20


class WecomArchiveSettings(Settings):
    wecom_archive_url: str = ""
    wecom_archive_key: SecretStr = SecretStr("")
    wecom_archive_key_ends: date | None = None
    # Folder with the private keys, one file <version>.pem each.
    wecom_archive_keys: str = ""


class WecomArchive:
    feed = "wecom_archive"
    rule = FeedRule(cadence_seconds=60, max_lag_seconds=900)

    def __init__(self, settings: WecomArchiveSettings) -> None:
        key, ends = settings.wecom_archive_key, settings.wecom_archive_key_ends
        self.access = Access("wecom_archive", settings.wecom_archive_url, key, ends)
        self._keys = ArchiveKeys(settings.wecom_archive_keys)
        self._files = FileStore(settings.files_url) if settings.files_url else None

    def pages(self, source: Source, checkpoint: str, now: datetime) -> Iterator[Page]:
        for records, progress in numbered_pages(lambda after: _pull(source, after), checkpoint, now, KEPT):
            raws = [Raw(f"message {each['seq']}", json.dumps(each, ensure_ascii=False)) for each in records]
            facts = {"progress": progress, "files": self._fetched(source, raws)}
            yield Page(raws, progress.checkpoint, facts)

    def take(self, tx: Transaction, page: Page, run_id: str) -> Outcome:
        return take_archive(tx, page.records, self._keys, page.facts.get("files", {}))

    def finish(self, tx: Transaction, facts: Mapping[str, Any]) -> Proof | None:
        return proof_of(facts["progress"]) if "progress" in facts else None

    def shape(self, page: Page) -> set[str]:
        return shape_of(decoded(each) for each in page.records)

    def _fetched(self, source: Source, raws: list[Raw]) -> dict[str, str]:
        """Small pictures and files into our file store: their ids by media id."""
        store = self._files
        if store is None:
            return {}
        found = (read(raw, self._keys) for raw in raws)
        wanted = [one for each in found if isinstance(each, Opened) for one in each.content.attachments]
        kept = {one.media_id: _fetch(source, store, one) for one in wanted if 0 < one.size <= SMALL}
        return {media_id: file_id for media_id, file_id in kept.items() if file_id}


def connector(policy: PolicyOf) -> WecomArchive:
    return WecomArchive(load(WecomArchiveSettings))


def _pull(source: Source, seq: int) -> list[dict[str, Any]]:
    """Messages after this number. Raises SourceFailed."""
    body = source.json("chatdata", seq=seq, limit=PAGE)
    if isinstance(body, dict) and body.get("errcode") not in (0, None):
        raise SourceFailed("http_4xx", f"errcode {body['errcode']}")
    listed = body.get("chatdata") if isinstance(body, dict) else None
    if not isinstance(listed, list):
        raise SourceFailed("schema", "no list “chatdata” in the answer")
    if not all(isinstance(each, dict) and isinstance(each.get("seq"), int) for each in listed):
        raise SourceFailed("schema", "a message without “seq”")
    return listed


def _fetch(source: Source, store: FileStore, attachment: Attachment) -> str:
    """ "" for what the source no longer has, or is larger than it said.

    A source that is away ends the run, which then goes on from here.
    """
    try:
        content = source.get("mediadata", sdkfileid=attachment.media_id).content
        return store.put([content], attachment.name or attachment.kind, SMALL * 2).id
    except (FileIsEmpty, FileTooLarge):
        return ""
    except SourceFailed as failure:
        if failure.passes:
            raise
        return ""
