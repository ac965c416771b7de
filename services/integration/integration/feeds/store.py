"""SQL of feeds: lease, runs, quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Date, Row, Select, Text, cast, func, insert, literal, select, text, union_all, update
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.kernel.calendar import instant
from chassis.kernel.ids import new_id
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.feeds.dismissal_store import not_given_up
from integration.feeds.errors import LeaseLost, UnknownFeed
from integration.feeds.rules import Proof, Rejection, Tally
from integration.tables import feed, feed_run, quarantine

# A worker that died frees its feed after this much real time; one that works renews it with every page.
LEASE = text("clock_timestamp() + interval '60 seconds'")


def announce(tx: Transaction, names: Sequence[str]) -> None:
    """Every connector has its row, so that a feed that never ran is visible too."""
    if names:
        tx.execute(upsert(feed).on_conflict_do_nothing(), [{"feed": name} for name in names])


def take_lease(tx: Transaction, name: str, lease: str, next_run_at: datetime) -> str | None:
    """The checkpoint when the feed is ours now, None while somebody else runs it."""
    free = feed.c.lease.is_(None) | (feed.c.lease_until < func.clock_timestamp())
    taken = (
        update(feed)
        .where(feed.c.feed == name, free)
        .values(lease=lease, lease_until=LEASE, next_run_at=next_run_at, last_run_at=tx.now, first_run_at=_first(tx))
        .returning(feed.c.checkpoint)
    )
    checkpoint: str | None = tx.execute(taken).scalar()
    return checkpoint


def _first(tx: Transaction) -> Any:
    return func.coalesce(feed.c.first_run_at, tx.now)


def note_a_run_by_hand(tx: Transaction, name: str) -> None:
    change(tx, name, first_run_at=_first(tx), last_run_at=tx.now, last_success_at=tx.now)


def keep_lease(tx: Transaction, name: str, lease: str) -> None:
    """Locks the feed's row. Raises LeaseLost when another worker has it: what this one read is then dropped."""
    mine = update(feed).where(feed.c.feed == name, feed.c.lease == lease).values(lease_until=LEASE)
    if not tx.execute(mine).rowcount:
        raise LeaseLost


def move_checkpoint(tx: Transaction, name: str, checkpoint: str) -> None:
    tx.execute(update(feed).where(feed.c.feed == name).values(checkpoint=checkpoint))


def locked(tx: Transaction, name: str) -> Row[Any]:
    """Raises UnknownFeed."""
    row = tx.execute(select(feed).where(feed.c.feed == name).with_for_update()).one_or_none()
    if row is None:
        raise UnknownFeed(feed=name)
    return row


def change(tx: Transaction, name: str, **values: Any) -> None:
    tx.execute(update(feed).where(feed.c.feed == name).values(**values))


def keep_proof(tx: Transaction, name: str, proof: Proof | None) -> None:
    if proof is not None:
        holes = [{"en": each.en, "zh": each.zh} for each in proof.holes]
        change(tx, name, complete_until=proof.complete_until, holes=holes)
    if proof is not None and proof.checkpoint is not None:
        move_checkpoint(tx, name, proof.checkpoint)


def load(tx: Transaction, name: str) -> Row[Any]:
    """Raises UnknownFeed."""
    row = tx.execute(select(feed).where(feed.c.feed == name)).one_or_none()
    if row is None:
        raise UnknownFeed(feed=name)
    return row


def every(tx: Transaction) -> Sequence[Row[Any]]:
    return tx.execute(select(feed).order_by(feed.c.feed)).all()


# -- runs ----------------------------------------------------------------------------------------------------------


def start_run(
    tx: Transaction, run_id: str, name: str, checkpoint: str, request_key: str | None, file_id: str | None = None
) -> None:
    tx.execute(
        insert(feed_run).values(
            id=run_id,
            feed=name,
            started_at=tx.now,
            outcome="running",
            checkpoint_before=checkpoint,
            request_key=request_key,
            file_id=file_id,
        )
    )


def end_run(tx: Transaction, run_id: str, counts: Tally, **values: Any) -> None:
    tx.execute(
        update(feed_run)
        .where(feed_run.c.id == run_id)
        .values(
            finished_at=tx.clock.now(),
            records_in=counts.records,
            records_new=counts.new,
            duplicates=counts.duplicates,
            corrected=counts.corrected,
            rejected=counts.rejected,
            **values,
        )
    )


def new_by_day(tx: Transaction, name: str, first: date, end: date) -> dict[date, int]:
    """New records by Shanghai day, up to but not including `end`."""
    day = cast(func.timezone("Asia/Shanghai", feed_run.c.started_at), Date)
    counted = (
        select(day.label("day"), func.sum(feed_run.c.records_new).label("new"))
        .where(feed_run.c.feed == name, feed_run.c.started_at >= instant(first, time()))
        .where(feed_run.c.started_at < instant(end, time()))
        .group_by(day)
    )
    return {row.day: int(row.new) for row in tx.execute(counted)}


def queued_files(tx: Transaction) -> Sequence[Row[Any]]:
    """Runs of large files that no worker has kept yet, oldest first."""
    waiting = select(feed_run).where(feed_run.c.file_id.is_not(None), feed_run.c.outcome == "running")
    return tx.execute(waiting.order_by(feed_run.c.id)).all()


def run(tx: Transaction, run_id: str) -> Row[Any]:
    return tx.execute(select(feed_run).where(feed_run.c.id == run_id)).one()


def run_of_request(tx: Transaction, request_key: str) -> str | None:
    found: str | None = tx.execute(select(feed_run.c.id).where(feed_run.c.request_key == request_key)).scalar()
    return found


def runs(tx: Transaction, name: str, page: Page) -> Sequence[Row[Any]]:
    """Newest first."""
    query = select(feed_run).where(feed_run.c.feed == name).order_by(feed_run.c.id.desc()).limit(page.limit)
    if page.after:
        query = query.where(feed_run.c.id < page.after["id"])
    return tx.execute(query).all()


# -- quarantine ----------------------------------------------------------------------------------------------------


def put_aside(tx: Transaction, name: str, run_id: str, rejections: Sequence[Rejection], origin: str = "pull") -> None:
    """A record that waits already under the same key is not kept twice, one that people gave up does not come back."""
    supersede(tx, name, [each.key for each in rejections if each.key])
    rows = [
        {
            "id": new_id(),
            "feed": name,
            "run_id": run_id,
            "place": each.raw.place,
            "record_key": each.key,
            "field": each.field,
            "reason": each.en,
            "reason_zh": each.zh,
            "raw": each.raw.body,
            "origin": origin,
            "alone": each.alone,
            "at": tx.now,
        }
        for each in not_given_up(tx, name, rejections)
    ]
    if rows:
        tx.execute(insert(quarantine), rows)


def supersede(tx: Transaction, name: str, keys: Sequence[str]) -> None:
    """The records came again under these keys: what waited under them is history."""
    if keys:
        waiting = quarantine.c.state == "waiting"
        named = quarantine.c.record_key == func.any(list(keys))
        old = update(quarantine).where(quarantine.c.feed == name, waiting, named)
        tx.execute(old.values(state="superseded", settled_at=tx.now))


def waiting_in_quarantine(tx: Transaction, name: str) -> int:
    """Records the feed brought; files handed in by people don't count against the feed."""
    waiting = select(func.count()).where(
        quarantine.c.feed == name, quarantine.c.state == "waiting", quarantine.c.origin == "pull"
    )
    return int(tx.execute(waiting).scalar_one())


def quarantined_by_feed(tx: Transaction) -> dict[tuple[str, str], int]:
    """By feed and state: what waits, and what people gave up.

    Each state by its own index: asked for together, all that was ever settled would be looked through.
    """
    counts = [_counted_by_feed(state) for state in ("waiting", "dismissed")]
    return {(row.feed, row.state): int(row.records) for row in tx.execute(union_all(*counts))}


def _counted_by_feed(state: str) -> Select[tuple[str, str, int]]:
    named = literal(state, Text, literal_execute=True)
    columns = quarantine.c.feed, named.label("state"), func.count().label("records")
    return select(*columns).where(quarantine.c.state == named).group_by(quarantine.c.feed)


def to_replay(tx: Transaction, name: str, limit: int) -> Sequence[Row[Any]]:
    """Those that were not tried for longest, locked, in the order of their keys, as whoever locks several records."""
    own = quarantine.c.feed == name, quarantine.c.state == "waiting", quarantine.c.alone
    turn = select(quarantine.c.id).where(*own).order_by(quarantine.c.tried_at.nulls_first(), quarantine.c.id)
    query = select(quarantine).where(quarantine.c.id.in_(turn.limit(limit)))
    return tx.execute(query.order_by(quarantine.c.record_key, quarantine.c.id).with_for_update()).all()


def to_hand_in(tx: Transaction, name: str) -> int:
    """Waiting records that no replay can read."""
    own = quarantine.c.feed == name, quarantine.c.state == "waiting", ~quarantine.c.alone
    return int(tx.execute(select(func.count()).where(*own)).scalar_one())


def settle(tx: Transaction, quarantine_ids: Sequence[str]) -> None:
    done = update(quarantine).where(quarantine.c.id.in_(quarantine_ids))
    tx.execute(done.values(state="replayed", settled_at=tx.now))


def explain_again(tx: Transaction, quarantine_id: str, rejection: Rejection) -> None:
    again = update(quarantine).where(quarantine.c.id == quarantine_id)
    told = {"reason": rejection.en, "reason_zh": rejection.zh, "field": rejection.field, "alone": rejection.alone}
    tx.execute(again.values(**told, tried_at=tx.now))


def quarantined(tx: Transaction, page: Page, *, feed: str, state: str) -> Sequence[Row[Any]]:
    """Newest first; of all feeds and states, unless one is named."""
    query = select(quarantine).order_by(quarantine.c.id.desc()).limit(page.limit)
    if feed:
        query = query.where(quarantine.c.feed == feed)
    if state:
        query = query.where(quarantine.c.state == state)
    if page.after:
        query = query.where(quarantine.c.id < page.after["id"])
    return tx.execute(query).all()
