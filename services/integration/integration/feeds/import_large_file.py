"""A large file by hand: queued by the caller, kept page by page by a job (N1.1).

Guarantee: memory and transactions are bounded whatever the size; a worker that dies leaves the file to the next one,
which begins it anew and keeps nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import SEEK_END, BytesIO
from typing import Any, BinaryIO

from sqlalchemy import Row

from chassis.consumer.trouble import is_collision, is_database_away
from chassis.files import FileStore, FileTooLarge, NoSuchFile
from chassis.identity import of_service
from chassis.kernel.ids import new_id
from chassis.telemetry import logger
from chassis.unit_of_work import Transaction, UnitOfWork
from integration.feeds import store
from integration.feeds.connector import Connector, RuleOf, TakesFiles
from integration.feeds.errors import SourceFailed
from integration.feeds.import_file import end_import, keep_page
from integration.feeds.rules import Tally
from integration.feeds.source import LARGEST_FILE

log = logger()
SMALL = 4 * 1024 * 1024
ME = of_service("integration")


def small_file(files: FileStore, file_id: str) -> BinaryIO | None:
    """The content when it may be kept while the caller waits, else None. Raises NoSuchFile or FileTooLarge."""
    with files.open(file_id) as content:
        held = content.read(SMALL + 1)
        if len(held) > SMALL and content.seek(0, SEEK_END) > LARGEST_FILE:
            raise FileTooLarge(limit=LARGEST_FILE)
    return BytesIO(held) if len(held) <= SMALL else None


def queue_file(tx: Transaction, connector: Connector, file_id: str) -> str:
    """The run's id; its outcome is running until a job has kept the file."""
    store.announce(tx, [connector.feed])
    run_id = new_id()
    store.start_run(tx, run_id, connector.feed, store.load(tx, connector.feed).checkpoint, None, file_id=file_id)
    return run_id


def import_queued(uow: UnitOfWork, connectors: Mapping[str, Connector], rule_of: RuleOf, files: FileStore) -> int:
    """All that wait, oldest first; how many. A file that can't be kept fails alone: those behind it have their turn."""
    with uow.read(ME) as tx:
        waiting = store.queued_files(tx)
    for row in waiting:
        connector = connectors[row.feed]
        if isinstance(connector, TakesFiles):
            _import_or_give_up(uow, connector, rule_of, files, row)
    return len(waiting)


def _import_or_give_up(
    uow: UnitOfWork, connector: TakesFiles, rule_of: RuleOf, files: FileStore, row: Row[Any]
) -> None:
    """What passes with the database is tried again by the next job; the rest would come back each time."""
    try:
        _import(uow, connector, rule_of, files, row.id, row.file_id)
    except NoSuchFile:
        _give_up(uow, row.id, "the file is no longer there")
    except SourceFailed as failure:
        _give_up(uow, row.id, str(failure), failure.error_class)
    except Exception as failure:
        if is_database_away(failure) or is_collision(failure):
            raise
        log.exception("feed.file_given_up", feed=row.feed, run=row.id)
        _give_up(uow, row.id, f"the file can't be kept: {type(failure).__name__}")


def _import(
    uow: UnitOfWork, connector: TakesFiles, rule_of: RuleOf, files: FileStore, run_id: str, file_id: str
) -> None:
    place, tally = f"file {file_id[:12]}", Tally()
    with files.open(file_id) as content:
        for page in connector.pages_of(content, place, file_id, uow.clock.now()):
            with uow.begin(ME, source=f"feed {connector.feed}") as tx:
                store.locked(tx, connector.feed)
                kept = keep_page(tx, connector, page, run_id)
                tx.commit()
            tally.add(kept)
    with uow.begin(ME, source=f"feed {connector.feed}") as tx:
        store.locked(tx, connector.feed)
        end_import(tx, connector, rule_of, run_id, tally, place)
        tx.commit()


def _give_up(uow: UnitOfWork, run_id: str, why: str, error_class: str = "internal") -> None:
    with uow.begin(ME) as tx:
        store.end_run(tx, run_id, Tally(), outcome="failed", error_class=error_class, error=why)
        tx.commit()
