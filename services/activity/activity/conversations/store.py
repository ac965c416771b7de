"""SQL of messages and archives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from activity.conversations.rules import Message
from activity.tables import archive, message
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction


def insert_message(tx: Transaction, said: Message) -> int | None:
    """Its position in the order of arrival; None when it is there already."""
    new = insert(message).values(**asdict(said)).on_conflict_do_nothing(index_elements=["message_id"])
    found: int | None = tx.execute(new.returning(message.c.position)).scalar_one_or_none()
    return found


def serialise_chat(tx: Transaction, chat_id: str) -> None:
    """Archives of one chat are cut one at a time."""
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("chat:" + chat_id, 0))))


def messages_before(tx: Transaction, command: Message, position: int, since: datetime) -> list[Message]:
    """Of the chat, after its last archive and `since`, in the order sent."""
    cut = (
        select(func.max(message.c.position))
        .join(archive, archive.c.command_id == message.c.message_id)
        .where(archive.c.chat_id == command.chat_id)
        .scalar_subquery()
    )
    rows = tx.execute(
        select(message)
        .where(
            message.c.chat_id == command.chat_id,
            message.c.position < position,
            message.c.position > func.coalesce(cut, 0),
            message.c.sent_at >= since,
        )
        .order_by(message.c.sent_at, message.c.position)
    )
    return [_message(row) for row in rows]


def insert_archive(tx: Transaction, values: Mapping[str, Any]) -> None:
    tx.execute(insert(archive).values(**values))


def archive_by_id(tx: Transaction, archive_id: str) -> Row[Any]:
    """For the service's own work; people go through `load_archive`."""
    return tx.execute(select(archive).where(archive.c.archive_id == archive_id)).one()


def load_archive(tx: Transaction, archive_id: str) -> Row[Any] | None:
    """What the caller may not see is not there."""
    visible = tx.identity.visible(archive.c.rep_id, archive.c.unit)
    return tx.execute(select(archive).where(archive.c.archive_id == archive_id, visible)).first()


def messages_of(tx: Transaction, message_ids: Sequence[str]) -> list[Message]:
    wanted = select(message).where(message.c.message_id == func.any(list(message_ids)))
    return [_message(row) for row in tx.execute(wanted.order_by(message.c.sent_at, message.c.position))]


def list_archives(tx: Transaction, page: Page, *, lead_id: str, customer_id: str, rep_id: str) -> Sequence[Row[Any]]:
    """Newest first: ids grow with time."""
    query = select(archive).where(tx.identity.visible(archive.c.rep_id, archive.c.unit))
    wanted = {"lead_id": lead_id, "customer_id": customer_id, "rep_id": rep_id}
    query = query.where(*(archive.c[name] == value for name, value in wanted.items() if value))
    if page.after:
        query = query.where(archive.c.archive_id < page.after["id"])
    return tx.execute(query.order_by(archive.c.archive_id.desc()).limit(page.limit)).all()


def place_archives(tx: Transaction, external_id: str, lead_id: str, customer_id: str) -> Sequence[Row[Any]]:
    """Archives of this customer's chats that belonged to nobody yet."""
    nobody = (archive.c.customer_external_id == external_id, archive.c.lead_id == "", archive.c.customer_id == "")
    placed = update(archive).where(*nobody).values(lead_id=lead_id, customer_id=customer_id).returning(archive)
    return tx.execute(placed).all()


def link_follow_up(tx: Transaction, archive_id: str, follow_up_id: str) -> None:
    tx.execute(update(archive).where(archive.c.archive_id == archive_id).values(follow_up_id=follow_up_id))


def _message(row: Row[Any]) -> Message:
    return Message(
        row.message_id,
        row.chat_id,
        row.sender,
        row.employee_id,
        row.from_customer,
        row.customer_external_id,
        row.text,
        row.sent_at,
    )
