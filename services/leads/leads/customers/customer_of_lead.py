"""A converted lead is a customer: the known one is linked, else one is created (LD1.7)."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from leads.customers import firm_store, store
from leads.customers.events import CustomerCreated
from leads.customers.link_branches import link_branches
from leads.customers.rules import Customer, Firm, same_firm
from leads.lead.rules import Lead
from leads.normalise.name_rules import parent_key


def customer_of_lead(tx: Transaction, lead: Lead) -> Customer:
    """The lead is locked. Two leads of one firm that convert at once make one customer."""
    firm = Firm(lead.name_key, parent_key(lead.company_name), lead.uscc, lead.phone, lead.city)
    firm_store.lock_firms(tx, [each for each in (firm.name_key, firm.uscc, firm.phone) if each])
    candidates = firm_store.candidates(tx, [firm])
    known = _linked(tx, candidates, lead) or same_firm(firm, candidates, by_name=True)
    return firm_store.itself(tx, known) if known else _create(tx, lead)


def _linked(tx: Transaction, candidates: Sequence[Customer], lead: Lead) -> Customer | None:
    linked = store.whole_of(tx, lead.customer_id) if lead.customer_id else None
    return next((each for each in candidates if each.customer_id == linked), None)


def _create(tx: Transaction, lead: Lead) -> Customer:
    customer = Customer(
        customer_id=new_id(),
        name=lead.company_name,
        name_key=lead.name_key,
        created_at=tx.now,
        uscc=lead.uscc,
        phone=lead.phone,
        grade=lead.grade,
        industry=lead.industry,
        province=lead.province,
        city=lead.city,
        owner_id=lead.owner_id,
        unit=lead.unit,
        since=tx.now,
    )
    store.add(tx, [customer])
    tx.record(CustomerCreated(customer.facts, customer.customer_id))
    link_branches(tx, [customer.name])
    return customer
