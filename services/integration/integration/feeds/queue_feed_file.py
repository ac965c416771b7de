"""A file for a feed is handed in: a job keeps it through the feed's own path (N1.1)."""

from __future__ import annotations

from collections.abc import Mapping

from chassis.files import FileStore, FileTooLarge
from chassis.unit_of_work import Transaction
from integration.feeds.connector import Connector, TakesFiles
from integration.feeds.errors import FeedTakesNoFiles, UnknownFeed
from integration.feeds.import_large_file import queue_file
from integration.feeds.source import LARGEST_FILE


def check_file(files: FileStore, file_id: str) -> None:
    """Before the transaction: the file store is a neighbour. Raises NoSuchFile or FileTooLarge."""
    if files.describe(file_id).size > LARGEST_FILE:
        raise FileTooLarge(limit=LARGEST_FILE)


def queue_feed_file(tx: Transaction, connectors: Mapping[str, Connector], feed: str, file_id: str) -> str:
    """The run's id. Raises UnknownFeed or FeedTakesNoFiles."""
    connector = connectors.get(feed)
    if connector is None:
        raise UnknownFeed(feed=feed)
    if not isinstance(connector, TakesFiles):
        raise FeedTakesNoFiles(feed=feed)
    tx.audit(action="feed.hand_in", entity="feed", entity_id=feed, after={"file": file_id})
    return queue_file(tx, connector, file_id)
