"""SQL of messages: which were told on already."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from chassis.unit_of_work import Transaction
from integration.tables import conversation_message


def is_new_message(tx: Transaction, source: str, message_id: str, chat_id: str) -> bool:
    """A twin that arrives at the same moment waits for the first one's transaction."""
    row = insert(conversation_message).values(source=source, message_id=message_id, chat_id=chat_id, received_at=tx.now)
    fresh = row.on_conflict_do_nothing().returning(conversation_message.c.message_id)
    return tx.execute(fresh).first() is not None


def chats_of(tx: Transaction, source: str, message_ids: Sequence[str]) -> dict[str, str]:
    """Chats of messages that were told on, by message id."""
    told = conversation_message.c.message_id == func.any(list(message_ids))
    columns = (conversation_message.c.message_id, conversation_message.c.chat_id)
    found = tx.execute(select(*columns).where(conversation_message.c.source == source, told))
    return {row.message_id: row.chat_id for row in found}
