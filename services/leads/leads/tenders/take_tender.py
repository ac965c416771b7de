"""A tender is new or changed: a lead when it fits, a line for the lead it has and for the customer it is of (LD1.1)."""

from __future__ import annotations

from chassis.unit_of_work import Transaction
from leads.capture.capture_lead import capture_lead
from leads.capture.policy import CapturePolicy
from leads.customers import firm_store as customers
from leads.customers.rules import Customer, Firm, same_firm
from leads.dynamics import store as dynamics
from leads.dynamics.rules import Dynamic, Kind
from leads.grading.policy import GradingPolicy
from leads.lead import store as leads
from leads.normalise.name_rules import name_key, parent_key, place_name
from leads.tenders import store
from leads.tenders.policy import TenderPolicy
from leads.tenders.rules import Tender, Verdict, arrival_of, judge, place_of, words


def take_tender(
    tx: Transaction, tender: Tender, policy: TenderPolicy, capture: CapturePolicy, grading: GradingPolicy
) -> str | None:
    """The tender's lead. A version seen already changes nothing; a tender makes one lead, whatever happens to it."""
    seen, lead_id = store.known(tx, tender.tender_id)
    if tender.version <= seen:
        return lead_id
    customer, verdict, (en, zh) = _customer(tx, tender), judge(tender, policy, tx.now), words(tender)
    if lead_id is None and verdict is Verdict.FITS:
        arrival = arrival_of(tender, customer.uscc if customer else "")
        lead_id = capture_lead(tx, arrival, capture, grading).lead_id
    if lead_id is not None:
        leads.notes(tx, [leads.entry(tx, lead_id, "tender", en, zh, reference=tender.tender_id)])
    if customer is not None:
        line = Dynamic(customer.customer_id, Kind.TENDER, tender.tender_id, tender.version, tx.now, en, zh, tender.url)
        dynamics.add(tx, [line])
    store.save(tx, tender.tender_id, tender.version, lead_id, verdict.value)
    return lead_id


def _customer(tx: Transaction, tender: Tender) -> Customer | None:
    """The buyer, when it is a customer of ours: notices tell no code, so the name must do."""
    if not tender.buyer:
        return None
    city = place_name(place_of(tender.region)[1])
    firm = Firm(name_key(tender.buyer), parent_key(tender.buyer), "", "", city)
    return same_firm(firm, customers.candidates(tx, [firm]), by_name=True)
