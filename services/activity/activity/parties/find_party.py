"""Find whom a record is about, by what the caller knows."""

from __future__ import annotations

from activity.parties import store
from activity.parties.rules import Party, PartyNotFound, choose_lead
from chassis.unit_of_work import Transaction


def named_party(tx: Transaction, lead_id: str, customer_id: str) -> Party:
    """The lead or customer that the caller names and may see. Raises PartyNotFound."""
    lead = store.find_lead(tx, lead_id) if lead_id else None
    customer = store.find_customer(tx, customer_id) if customer_id else None
    for wanted, found in ((lead_id, lead), (customer_id, customer)):
        if wanted and (found is None or not _visible(tx, found.owner_id, found.unit)):
            raise PartyNotFound()
    linked = lead.customer_id if lead is not None else ""
    return Party(lead_id, customer_id or linked)


def _visible(tx: Transaction, owner_id: str, unit: str) -> bool:
    return tx.identity.kind == "partner" or tx.identity.may_see(owner_id, unit)


def party_by_phone(tx: Transaction, phone: str, rep_id: str) -> Party:
    """Of the leads that the caller may see: a number must not tell whose lead it is.

    Waits for a lead with this number that is just being assigned, and lets the next one wait for this record.
    """
    store.lock_contact(tx, phone)
    found = store.leads_by_phone(tx, phone)
    return choose_lead([lead for lead in found if _visible(tx, lead.owner_id, lead.unit)], rep_id)


def party_by_chat_id(tx: Transaction, external_id: str, rep_id: str) -> Party:
    """Of all leads: what the chat system tells comes from no caller. Waits as `party_by_phone`."""
    store.lock_contact(tx, external_id)
    return choose_lead(store.leads_by_chat_id(tx, external_id), rep_id)
