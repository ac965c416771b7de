"""Somebody signed up at a point of sale: a lead, or a touch on the one that is open (LD1.1, LD1.3)."""

from __future__ import annotations

from chassis.unit_of_work import Transaction
from leads.capture.capture_lead import capture_lead
from leads.capture.policy import CapturePolicy
from leads.dynamics import store as dynamics
from leads.dynamics.rules import Dynamic, Kind
from leads.grading.policy import GradingPolicy
from leads.lead import store as leads
from leads.signups import store
from leads.signups.rules import SignUp, arrival_of, words


def take_sign_up(tx: Transaction, sign_up: SignUp, capture: CapturePolicy, grading: GradingPolicy) -> str:
    """The lead. Consent withdrawn and given again is no second sign-up."""
    known = store.lead_of(tx, sign_up.pos_customer_id)
    if known is not None:
        return known
    lead_id = capture_lead(tx, arrival_of(sign_up), capture, grading).lead_id
    store.save(tx, sign_up.pos_customer_id, lead_id)
    customer_id = leads.load_taken(tx, lead_id).customer_id
    if customer_id is not None:
        en, zh = words(sign_up)
        line = Dynamic(customer_id, Kind.SIGN_UP, sign_up.pos_customer_id, 1, sign_up.signed_up_at, en, zh)
        dynamics.add(tx, [line])
    return lead_id
