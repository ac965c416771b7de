"""Deals as their sources make them, counted or waiting with the reasons."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.deadlines import Start
from chassis.unit_of_work import Transaction
from incentives.deals import store
from incentives.deals.rules import SIGNED_IN_FUTURE, DealFacts, Reason, combine, context, waits
from incentives.roster.merge_rules import Merges
from incentives.roster.rules import Customer, Employee, bearer_at, by_number, leaders, version_at
from incentives.roster.store import bearers_of, customer_versions, merges_of, with_leaders
from incentives.rule_library.policy import BonusPolicy

SETTLE = "deal.settle"


@dataclass(frozen=True)
class _People:
    """Whom the deals name, in all versions."""

    employees: Mapping[str, Sequence[Employee]]
    customers: Mapping[str, Sequence[Customer]]
    # By number in the ERP, those of them who ever bore it.
    bearers: Mapping[str, Mapping[str, Sequence[Customer]]]
    merges: Merges

    def customer_at(self, facts: DealFacts, at: datetime) -> Customer | None:
        """Whoever bore the order's number then, as it went on with others; else the record alone."""
        code = facts.customer_code
        record = bearer_at(self.bearers.get(code, {}), code, at) or facts.customer_id
        whole = self.customers.get(self.merges.whole_at(record, at)) or self.customers.get(record, ())
        return version_at(whole, at)


def derive_deals(
    tx: Transaction, keys: Collection[str], held: Mapping[str, Row[Any]], policy: BonusPolicy
) -> Mapping[str, Row[Any]]:
    """How they are now. `held`: those of them that were there."""
    sources = store.sources_of(tx, keys)
    found = [facts for key in sorted(keys) if (facts := combine(sources.get(key, ()))) is not None]
    people = _load_people(tx, found)
    values = [_values(tx, facts, people, held.get(facts.deal_key), policy) for facts in found]
    values += [
        row._asdict() | {"state": store.EMPTY, "reasons": []} for key, row in held.items() if key not in sources
    ]  # fmt: skip
    tx.deadlines.start_all(
        [
            Start(SETTLE, each["deal_key"], each["signed_at"])
            for each in values if SIGNED_IN_FUTURE in {why["code"] for why in each["reasons"]}
        ]
    )  # fmt: skip
    return store.save_deals(tx, values)


def _load_people(tx: Transaction, found: Sequence[DealFacts]) -> _People:
    ids = bearers_of(tx, {each.customer_code for each in found}) | {each.customer_id for each in found}
    merges = merges_of(tx, ids)
    customers = customer_versions(tx, ids | merges.customers)
    return _People(with_leaders(tx, {each.salesperson_id for each in found}), customers, by_number(customers), merges)


def _values(
    tx: Transaction, facts: DealFacts, people: _People, held: Row[Any] | None, policy: BonusPolicy
) -> dict[str, Any]:
    at = facts.signed_at or tx.now
    customer = people.customer_at(facts, at)
    rep = version_at(people.employees.get(facts.salesperson_id, ()), at)
    reasons = waits(facts, customer, rep, tx.now, policy.largest_order_fen)
    led_by = leaders(people.employees, rep, at)
    return {
        **_kept(facts),
        "customer_id": customer.customer_id if customer else "",
        "manager_id": led_by.manager_id,
        "director_id": led_by.director_id,
        "unknown_people": led_by.unknown,
        **_standing(facts, customer, rep, reasons),
        "since": held.since if held else tx.now,
    }


def _standing(
    facts: DealFacts, customer: Customer | None, rep: Employee | None, reasons: Sequence[Reason]
) -> dict[str, Any]:
    ready = not reasons and customer is not None and rep is not None
    return {
        "state": store.COUNTED if ready else store.WAITING,
        "context": context(facts, customer, rep) if ready and customer and rep else {},
        "reasons": [asdict(each) for each in reasons],
    }


def _kept(facts: DealFacts) -> dict[str, Any]:
    kept = asdict(facts)
    for name in ("currency", "technical_service", "lines"):
        del kept[name]
    return kept
