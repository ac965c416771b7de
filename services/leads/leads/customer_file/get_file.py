"""The customer file on one screen: three layers, and how complete the base is (LD9.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads.customer_file import contact_store, credential_store
from leads.customer_file.completeness_rules import Completeness
from leads.customer_file.contact_rules import Contact
from leads.customer_file.count_completeness import completeness_of
from leads.customer_file.credential_rules import Credential
from leads.customer_file.policy import CompletenessPolicy
from leads.customer_file.purchase_figures import PurchaseFigures, purchase_figures
from leads.customers import branch_store
from leads.customers import store as customers
from leads.customers.rules import Customer
from leads.interactions import store as interactions
from leads.service_track import store as service

_NEWEST = Page(size=20)
_MOST_BRANCHES = 100


@dataclass(frozen=True)
class CustomerFile:
    """`fields`: those changed since it came in, with version, who and when; of the long lists the newest rows."""

    customer: Customer
    completeness: Completeness
    fields: Mapping[str, Row[Any]]
    parent: str
    branches: Sequence[Customer]
    contacts: Sequence[Contact]
    credentials: Sequence[Credential]
    purchases: PurchaseFigures
    service: Row[Any]
    interactions: Sequence[Row[Any]]
    steps: Sequence[Row[Any]]


def get_file(tx: Transaction, customer_id: str, policy: CompletenessPolicy) -> CustomerFile:
    """Raises CustomerNotFound, also for a customer that is not the caller's to see."""
    customer = customers.load(tx, customer_id)
    customer_id = customer.customer_id
    parent = customer.parent_customer_id
    return CustomerFile(
        customer,
        completeness_of(tx, [customer_id], policy)[customer_id],
        customers.fields_since(tx, customer_id),
        customers.names(tx, [parent])[parent] if parent else "",
        branch_store.branches(tx, customer_id, _MOST_BRANCHES),
        contact_store.there(tx, customer_id),
        credential_store.there(tx, customer_id),
        purchase_figures(tx, customer_id),
        service.figures(tx, customer_id),
        interactions.listed(tx, customer_id, _NEWEST)[: _NEWEST.size],
        service.listed(tx, customer_id, None, _NEWEST)[: _NEWEST.size],
    )
