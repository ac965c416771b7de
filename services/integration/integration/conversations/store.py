"""SQL of messages: which were told on already."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert

from chassis.unit_of_work import Transaction
from integration.tables import conversation_message


def is_new_message(tx: Transaction, source: str, message_id: str, chat_id: str) -> bool:
    """A twin that arrives at the same moment waits for the first one's transaction."""
    row = insert(conversation_message).values(source=source, message_id=message_id, chat_id=chat_id, received_at=tx.now)
    fresh = row.on_conflict_do_nothing().returning(conversation_message.c.message_id)
    return tx.execute(fresh).first() is not None
