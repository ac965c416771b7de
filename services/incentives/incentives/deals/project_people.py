"""Keep employees and customers; deals that waited for them are looked at again."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.unit_of_work import Transaction
from incentives.deals import history_store
from incentives.deals.settle_deals import look_again
from incentives.roster.merge_rules import Merge
from incentives.roster.rules import Customer, Employee
from incentives.roster.store import add_customers, add_employees, add_merges, merges_of


def project_employees(tx: Transaction, versions: Sequence[Employee]) -> None:
    add_employees(tx, versions)
    since = min(each.changed_at for each in versions)
    ids = {each.employee_id for each in versions}
    look_again(tx, lambda: history_store.keys_for_employee(tx, ids, since))


def project_merges(tx: Transaction, told: Sequence[Merge]) -> None:
    """What was signed since counts among the orders of all that are one; what was signed before stays as it was."""
    add_merges(tx, told)
    since = min(each.at for each in told)
    named = {each.merged_id for each in told}
    ids = named | merges_of(tx, named).customers
    look_again(tx, lambda: history_store.keys_for_customer(tx, ids, (), since))


def project_customers(tx: Transaction, versions: Sequence[Customer]) -> None:
    add_customers(tx, versions)
    since = min(each.changed_at for each in versions)
    ids = {each.customer_id for each in versions}
    codes = {each.customer_code for each in versions if each.customer_code}
    look_again(tx, lambda: history_store.keys_for_customer(tx, ids, codes, since))
