"""An archive becomes a follow-up of its lead, at once or when the lead becomes known."""

from __future__ import annotations

from activity.conversations import store
from activity.conversations.rules import ConversationArchived, channel_of, direction_of, outcome_of
from activity.follow_ups.record_follow_up import keep
from activity.follow_ups.rules import FollowUp, Source
from activity.parties.store import lock_contact
from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction

TEMPLATE = "conversation"


def tell_archive(tx: Transaction, archive_id: str) -> None:
    """Record the follow-up and both events. Called once per archive, when its lead or customer is known."""
    row = store.archive_by_id(tx, archive_id)
    said = store.messages_of(tx, row.message_ids)
    follow_up = FollowUp(
        follow_up_id=new_id(),
        template=TEMPLATE,
        lead_id=row.lead_id,
        customer_id=row.customer_id,
        author_id=row.rep_id,
        unit=row.unit,
        channel=channel_of(said),
        direction=direction_of(said),
        outcome=outcome_of(said),
        occurred_at=row.last_message_at,
        recorded_at=tx.now,
        source=Source.CONVERSATION,
        fields={},
        reference=row.archive_id,
        summary=row.summary,
        tags=tuple(row.tags),
        policy_version=row.policy_version,
    )
    keep(tx, follow_up)
    store.link_follow_up(tx, archive_id, follow_up.follow_up_id)
    tx.record(
        ConversationArchived(
            archive_id=row.archive_id,
            chat_id=row.chat_id,
            lead_id=row.lead_id,
            customer_id=row.customer_id,
            rep_id=row.rep_id,
            unit=row.unit,
            follow_up_id=follow_up.follow_up_id,
            tags=tuple(row.tags),
            customer_replied=row.customer_replied,
            rep_wrote=row.rep_wrote,
            archived_at=row.archived_at,
            last_customer_message_at=row.last_customer_message_at,
        )
    )


def place_archives(tx: Transaction, *, external_id: str, lead_id: str) -> None:
    """Archives of a customer nobody knew find their lead, now that it is assigned."""
    if not external_id:
        return
    lock_contact(tx, external_id)
    for archive_id in store.place_archives(tx, external_id, lead_id):
        tell_archive(tx, archive_id)
