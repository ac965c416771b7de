"""SQL of messages and archives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from activity.conversations.rules import ArchiveNotFound, Attachment, Message
from activity.parties.store import about_customer, about_lead
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
    """Of the chat, from `since` to the command, without what an earlier archive had before it; in the order sent.

    A message that came in late was before no archive yet, so the next one takes it. One that was taken back is no
    longer said, whichever of the two came first.
    """
    taken_back = message.alias("taken_back")
    earlier = message.alias("earlier")
    had_it = (
        select(archive.c.archive_id)
        .join(earlier, earlier.c.message_id == archive.c.command_id)
        .where(
            archive.c.chat_id == command.chat_id,
            earlier.c.sent_at >= message.c.sent_at,
            earlier.c.position > message.c.position,
        )
    )
    rows = tx.execute(
        select(message)
        .where(
            message.c.chat_id == command.chat_id,
            message.c.sent_at.between(since, command.sent_at),
            message.c.position < position,
            ~had_it.exists(),
            ~select(taken_back.c.message_id).where(taken_back.c.recalls == message.c.message_id).exists(),
        )
        .order_by(message.c.sent_at, message.c.position)
    )
    return [_message(row) for row in rows]


def customer_of_chat(tx: Transaction, chat_id: str) -> str:
    """External id of the customer who is in this chat, as the latest message that names one tells; "" if none does."""
    named = select(message.c.customer_external_id).where(
        message.c.chat_id == chat_id, message.c.customer_external_id != ""
    )
    latest = named.order_by(message.c.sent_at.desc(), message.c.position.desc()).limit(1)
    return tx.execute(latest).scalar_one_or_none() or ""


def insert_archive(tx: Transaction, values: Mapping[str, Any]) -> None:
    tx.execute(insert(archive).values(**values))


def archive_by_id(tx: Transaction, archive_id: str) -> Row[Any]:
    """For the service's own work; people go through `load_archive`."""
    return tx.execute(select(archive).where(archive.c.archive_id == archive_id)).one()


def load_archive(tx: Transaction, archive_id: str) -> Row[Any]:
    """What the caller may not see is not there. Raises ArchiveNotFound."""
    visible = tx.identity.visible(archive.c.rep_id, archive.c.unit)
    row = tx.execute(select(archive).where(archive.c.archive_id == archive_id, visible)).first()
    if row is None:
        raise ArchiveNotFound()
    return row


def messages_of(tx: Transaction, message_ids: Sequence[str]) -> list[Message]:
    wanted = select(message).where(message.c.message_id == func.any(list(message_ids)))
    return [_message(row) for row in tx.execute(wanted.order_by(message.c.sent_at, message.c.position))]


def list_archives(tx: Transaction, page: Page, *, lead_id: str, customer_id: str, rep_id: str) -> Sequence[Row[Any]]:
    """Newest first: ids grow with time."""
    query = select(archive).where(
        tx.identity.visible(archive.c.rep_id, archive.c.unit),
        about_lead(archive, lead_id),
        about_customer(tx, archive, customer_id),
    )
    if rep_id:
        query = query.where(archive.c.rep_id == rep_id)
    if page.after:
        query = query.where(archive.c.archive_id < page.after["id"])
    return tx.execute(query.order_by(archive.c.archive_id.desc()).limit(page.limit)).all()


def place_archives(tx: Transaction, external_id: str, lead_id: str) -> list[str]:
    """Ids of the archives of this customer's chats that belonged to nobody yet, in the order they came."""
    nobody = (archive.c.customer_external_id == external_id, archive.c.lead_id == "", archive.c.customer_id == "")
    placed = update(archive).where(*nobody).values(lead_id=lead_id).returning(archive.c.archive_id)
    return sorted(str(each) for each in tx.execute(placed).scalars())


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
        row.source,
        row.kind,
        row.recalls,
        row.customer_id,
        tuple(Attachment(**each) for each in row.attachments),
    )
