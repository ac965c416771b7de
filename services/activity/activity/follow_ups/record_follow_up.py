"""A person writes down what happened with a customer."""

from __future__ import annotations

from dataclasses import replace

from activity.follow_ups import store
from activity.follow_ups.policy import TemplatesPolicy
from activity.follow_ups.rules import FollowUp, check_complete, find_template, recorded
from activity.parties.find_party import named_party
from activity.roster.act_for import act_for
from chassis.unit_of_work import Transaction


def record_follow_up(tx: Transaction, draft: FollowUp, policy: TemplatesPolicy, *, version: int) -> FollowUp:
    """Raises FollowUpIncomplete with everything that is missing, PartyNotFound for a foreign lead or customer."""
    check_complete(draft, find_template(policy.templates, draft.template))
    party, author = named_party(tx, draft.lead_id, draft.customer_id), act_for(tx)
    record = replace(
        draft,
        lead_id=party.lead_id,
        customer_id=party.customer_id,
        author_id=author.employee_id,
        unit=author.unit,
        policy_version=version,
    )
    keep(tx, record)
    return record


def keep(tx: Transaction, record: FollowUp) -> None:
    """Also for follow-ups that a conversation wrote."""
    store.insert_follow_up(tx, record)
    tx.record(recorded(record))
    tx.audit(action="follow_up.record", entity="follow_up", entity_id=record.follow_up_id, after=record)
