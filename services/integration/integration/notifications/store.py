"""SQL of the inbox and of what goes outside."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, text, union, update
from sqlalchemy.dialects.postgresql import insert

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction, UnitOfWork
from integration.duties.rules import WORKING
from integration.tables import delivery, duty_grant, employee, notification

# One writer at a time hands out numbers, so that a reader who has seen n has seen everything below n. The lock is held
# before the rows are sorted, and they are sorted before the first one gets its number.
_NUMBERS = 51_000_001
# A statement of one shape for any number of rows: one with a parameter per value takes longer to write than to run.
_ADD = text(f"""
    WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock({_NUMBERS}))
    INSERT INTO notification
        (recipient_id, kind, severity, title, title_zh, body, body_zh, link, popup, dedupe_key, created_at)
    SELECT recipient_id, kind, severity, title, title_zh, body, body_zh, link, popup, dedupe_key, :now
    FROM turn, ROWS FROM (jsonb_to_recordset(CAST(:rows AS jsonb)) AS (
        recipient_id text, kind text, severity text, title text, title_zh text, body text, body_zh text, link text,
        popup boolean, dedupe_key text
    )) WITH ORDINALITY ORDER BY ordinality
    ON CONFLICT (recipient_id, dedupe_key) DO NOTHING RETURNING id, recipient_id, dedupe_key
""")  # noqa: S608 - a fixed number


def holders(tx: Transaction, duties: Sequence[str], positions: Sequence[str]) -> list[str]:
    """Employees at work whose position or a grant gives them one of the duties, by id."""
    at_work = employee.c.status.in_(sorted(WORKING))
    by_position = select(employee.c.employee_id).where(at_work, employee.c.position.in_(positions))
    in_force = duty_grant.c.revoked_at.is_(None) & (duty_grant.c.until.is_(None) | (duty_grant.c.until > tx.now))
    by_grant = (
        select(employee.c.employee_id)
        .join(duty_grant, duty_grant.c.employee_id == employee.c.employee_id)
        .where(at_work, in_force, duty_grant.c.duty.in_(duties))
    )
    return sorted(tx.execute(union(by_position, by_grant)).scalars())


def add(tx: Transaction, rows: Sequence[dict[str, Any]]) -> dict[tuple[str, str], int]:
    """Numbers of those that were not told before, by recipient and dedupe key. They grow in the order of the rows."""
    if not rows:
        return {}
    added = tx.execute(_ADD, {"rows": json.dumps(rows, ensure_ascii=False), "now": tx.now})
    return {(row.recipient_id, row.dedupe_key): row.id for row in added}


def inbox(
    tx: Transaction, page: Page, *, recipient_id: str, unread_only: bool, after_id: int | None, kinds: Sequence[str]
) -> Sequence[Row[Any]]:
    """Newest first; with `after_id` what came after it, oldest first."""
    query = select(notification).where(notification.c.recipient_id == recipient_id).limit(page.limit)
    if unread_only:
        query = query.where(notification.c.read_at.is_(None))
    if kinds:
        query = query.where(notification.c.kind.in_(kinds))
    if after_id is not None:
        after = max(after_id, int(page.after.get("id", 0)))
        return tx.execute(query.where(notification.c.id > after).order_by(notification.c.id)).all()
    if page.after:
        query = query.where(notification.c.id < page.after["id"])
    return tx.execute(query.order_by(notification.c.id.desc())).all()


def unread(tx: Transaction, recipient_id: str) -> int:
    mine = notification.c.recipient_id == recipient_id
    count = select(func.count()).select_from(notification).where(mine, notification.c.read_at.is_(None))
    return int(tx.execute(count).scalar_one())


def mark_read(tx: Transaction, recipient_id: str, ids: Sequence[int]) -> None:
    """All of the recipient's when no id is named; ids of others are nobody's."""
    mine = (notification.c.recipient_id == recipient_id) & notification.c.read_at.is_(None)
    read = update(notification).where(mine)
    if ids:
        read = read.where(notification.c.id.in_(ids))
    tx.execute(read.values(read_at=tx.now))


# -- outside -------------------------------------------------------------------------------------------------------


def queue(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        once = ["channel", "recipient_id", "dedupe_key"]
        tx.execute(insert(delivery).on_conflict_do_nothing(index_elements=once), rows)


def any_due(uow: UnitOfWork, channel: str, recipient_id: str = "") -> bool:
    """Asked twice a second: one round trip, without begin and rollback around it. "" means any recipient."""
    waiting = (*_is_due(uow.clock.now()), *_goes_to(channel, recipient_id))
    due = select(select(delivery.c.id).where(*waiting).exists())
    with uow.database.engine.connect() as connection:
        return bool(connection.execution_options(isolation_level="AUTOCOMMIT").scalar(due))


def take_due(
    tx: Transaction, limit: int, hold_seconds: float, channel: str, recipient_id: str = ""
) -> Sequence[Row[Any]]:
    """Deliveries to try now, each by one sender: another one takes it up only after `hold_seconds`."""
    due = (
        select(delivery.c.id)
        .where(*_is_due(tx.now), *_goes_to(channel, recipient_id))
        .order_by(delivery.c.next_try_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = (
        update(delivery)
        .where(delivery.c.id.in_(due))
        .values(attempts=delivery.c.attempts + 1, next_try_at=_in(hold_seconds))
        .returning(delivery)
    )
    return tx.execute(taken).all()


def addresses(tx: Transaction, employee_ids: Sequence[str]) -> dict[str, str]:
    named = employee.c.employee_id == func.any(list(employee_ids))
    return {
        row.employee_id: row.email for row in tx.execute(select(employee.c.employee_id, employee.c.email).where(named))
    }


def sent(tx: Transaction, delivery_ids: Sequence[str]) -> None:
    these = delivery.c.id.in_(delivery_ids)
    tx.execute(update(delivery).where(these).values(state="sent", sent_at=tx.now, error=""))


def again(tx: Transaction, delivery_id: str, error: str, seconds: float) -> None:
    tx.execute(update(delivery).where(delivery.c.id == delivery_id).values(error=error, next_try_at=_in(seconds)))


def failed(tx: Transaction, delivery_id: str, error: str) -> None:
    tx.execute(update(delivery).where(delivery.c.id == delivery_id).values(state="failed", error=error))


def deliveries(tx: Transaction, page: Page, recipient_id: str) -> Sequence[Row[Any]]:
    """Newest first."""
    query = select(delivery).order_by(delivery.c.id.desc()).limit(page.limit)
    if recipient_id:
        query = query.where(delivery.c.recipient_id == recipient_id)
    if page.after:
        query = query.where(delivery.c.id < page.after["id"])
    return tx.execute(query).all()


def _is_due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """By business time for quiet hours, by real time for pauses."""
    waited = delivery.c.next_try_at <= func.clock_timestamp()
    return delivery.c.state == "queued", waited, delivery.c.not_before <= now


def _goes_to(channel: str, recipient_id: str) -> tuple[ColumnElement[bool], ...]:
    by_channel = delivery.c.channel == channel
    return (by_channel, delivery.c.recipient_id == recipient_id) if recipient_id else (by_channel,)


def _in(seconds: float) -> Any:
    return func.clock_timestamp() + text("make_interval(secs => :pause)").bindparams(pause=seconds)
