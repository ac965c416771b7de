"""Tell a message on, once per source and message id (N1.3): callbacks, session archive and mail end here."""

from __future__ import annotations

from chassis.unit_of_work import Transaction
from integration.conversations import store
from integration.conversations.rules import ConversationMessage


def tell_message(tx: Transaction, message: ConversationMessage) -> bool:
    """Whether it was new."""
    fresh = store.is_new_message(tx, message.source, message.message_id, message.chat_id)
    if fresh:
        tx.record(message)
    return fresh
