"""SQL of follow-ups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Row, select, text

from activity.follow_ups.rules import FollowUp, FollowUpNotFound
from activity.parties.store import about_customer, about_lead
from activity.tables import follow_up
from chassis import rows
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction

_INSERT = text(rows.insertion(follow_up, [each.name for each in fields(FollowUp)]))


def insert_follow_up(tx: Transaction, record: FollowUp) -> None:
    tx.execute(_INSERT, {"rows": rows.document([asdict(record)])})


def load_follow_up(tx: Transaction, follow_up_id: str) -> Row[Any]:
    """What the caller may not see is not there. Raises FollowUpNotFound."""
    visible = tx.identity.visible(follow_up.c.author_id, follow_up.c.unit)
    row = tx.execute(select(follow_up).where(follow_up.c.follow_up_id == follow_up_id, visible)).first()
    if row is None:
        raise FollowUpNotFound()
    return row


def list_follow_ups(
    tx: Transaction, page: Page, *, lead_id: str, customer_id: str, author_id: str
) -> Sequence[Row[Any]]:
    """Newest first: ids grow with time."""
    query = select(follow_up).where(
        tx.identity.visible(follow_up.c.author_id, follow_up.c.unit),
        about_lead(follow_up, lead_id),
        about_customer(tx, follow_up, customer_id),
    )
    if author_id:
        query = query.where(follow_up.c.author_id == author_id)
    if page.after:
        query = query.where(follow_up.c.follow_up_id < page.after["id"])
    return tx.execute(query.order_by(follow_up.c.follow_up_id.desc()).limit(page.limit)).all()
