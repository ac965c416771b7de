"""What is locked for a batch of a handover, and what becomes of each part of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from chassis.audit import Entry
from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from leads.assignment.assigner import Assigner
from leads.assignment.decision_store import Decision
from leads.assignment.rules import weighted_of
from leads.assignment.settle_leads import Give, settle_leads
from leads.customers import store as customers
from leads.customers.events import CustomerUpdated
from leads.customers.rules import Customer
from leads.handover import store
from leads.handover.choose_takers import Chosen, Taker
from leads.handover.policy import HandoverPolicy
from leads.handover.rules import PENDING, ItemState
from leads.handover.split_rules import is_below
from leads.lead.rules import OWNED, Grade, Lead, counts_as

_HELD = {
    "unverified": ("No candidate's account could be verified.", "没有任何候选人的账号状态可以确认。"),
    "no_capacity": (
        "Nobody may take it: no room, or not for this grade or industry.",
        "无人可接手：无余量，或不接收该等级或行业。",
    ),
}
_DROPPED = ("It was not {name}'s any more.", "移交时已不归属{name}。")


@dataclass
class Batch:
    """`items`: as they are under the lock."""

    tx: Transaction
    assigner: Assigner
    policy: HandoverPolicy
    row: Row[Any]
    leads: Mapping[str, Lead]
    reps: Mapping[str, Row[Any]]
    customers: Mapping[str, Customer]
    items: Mapping[str, Row[Any]]
    handovers: Mapping[str, Row[Any]]
    elsewhere: Sequence[Row[Any]]
    gives: list[Give] = field(default_factory=list)
    taken: list[tuple[Customer, Row[Any]]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    more: Counter[tuple[str, Grade]] = field(default_factory=Counter)
    moved_subjects: set[tuple[str, str]] = field(default_factory=set)

    def settle(self, head: Row[Any], followers: Sequence[Row[Any]], chosen: Chosen) -> None:
        """The customer with its leads, or the lead alone. Another replica may have been faster; what a manager decided
        meanwhile is for the next pass.
        """
        if not self._is_pending(head) or self._is_decided_anew(head):
            return
        if not self._is_givers(head):
            self._drop(head)
            # Leads that are still the giver's are bundles of their own from now on.
            self.changes += [_line(each, each.state, each.reason, each.reason_zh) for each in followers]
            return
        going = [each for each in followers if self._going(each)]
        taker = chosen.takers.get(head.item_id)
        if taker is None:
            self._hold([head, *going], chosen.held[head.item_id])
        elif (rep := self._ready(taker, head, going)) is not None:
            for item in (head, *going):
                self._give(item, rep, taker, head)

    def save(self) -> int:
        """How many items moved."""
        settle_leads(self.tx, self.gives, self.assigner.clocks())
        owners = [(customer, {"owner_id": rep.employee_id, "unit": rep.unit}) for customer, rep in self.taken]
        changed = customers.save_all(self.tx, owners)
        for one, facts in zip(changed, customers.facts_of(self.tx, changed), strict=True):
            self.tx.record(CustomerUpdated(facts, one.customer_id))
            self.tx.record(one.owner_changed(self.row.employee_id, self.row.handover_id))
        store.save_items(self.tx, self.changes)
        self.tx.audit_all(self._audited())
        return len(self.moved_subjects)

    def _going(self, item: Row[Any]) -> bool:
        if not self._is_pending(item):
            return False
        if self._is_givers(item):
            return True
        self._drop(item)
        return False

    def _is_pending(self, item: Row[Any]) -> bool:
        return self.items[item.item_id].state in PENDING

    def _is_decided_anew(self, item: Row[Any]) -> bool:
        now = self.items[item.item_id]
        return (now.planned_to, now.planned_by) != (item.planned_to, item.planned_by)

    def _is_givers(self, item: Row[Any]) -> bool:
        giver = self.row.employee_id
        if item.kind == "customer":
            firm = self.customers.get(item.subject_id)
            return firm is not None and firm.owner_id == giver
        lead = self.leads[item.subject_id]
        return lead.owner_id == giver and lead.state in OWNED

    def _ready(self, taker: Taker, head: Row[Any], going: Sequence[Row[Any]]) -> Row[Any] | None:
        """The taker's locked row while it is the account that was verified, with room; else the next pass chooses.

        A refresh of all accounts tells another status without another version.
        """
        rep = self.reps.get(taker.choice.employee_id)
        if rep is None or rep.version != taker.version or rep.status != "active":
            return None
        if taker.by_hand:
            return rep
        opens = [counts_as(self.leads[each.subject_id].grade) for each in (head, *going) if each.kind == "lead"]
        counts = {grade: self.more[rep.employee_id, grade] + opens.count(grade) for grade in Grade}
        _, policy = self.assigner.policy()
        weighted = weighted_of(
            rep.open_a + counts[Grade.A], rep.open_b + counts[Grade.B], rep.open_c + counts[Grade.C], policy
        )
        baseline = rep.baseline or policy.baseline_of(rep.position)
        fits = not opens or is_below(self.policy.load_cap, weighted, baseline)
        return rep if fits and rep.paused_at is None else None

    def _give(self, item: Row[Any], rep: Row[Any], taker: Taker, head: Row[Any]) -> None:
        self.moved_subjects.add((item.kind, item.subject_id))
        self.changes.append(
            _line(item, ItemState.MOVED, "", "", item.goes_with)
            | {
                "taker_id": rep.employee_id,
                "taker_unit": rep.unit,
                "moved_at": self.tx.now,
                "parts": taker.choice.parts,
            }
        )
        if item.kind == "customer":
            self.taken.append((self.customers[item.subject_id], rep))
            return
        lead = self.leads[item.subject_id]
        self.more[rep.employee_id, counts_as(lead.grade)] += 1
        self.gives.append(Give(lead, rep, self._decision(lead, taker, head), "handover", self.row.name))

    def _decision(self, lead: Lead, taker: Taker, head: Row[Any]) -> Decision:
        body = {
            "handover_id": self.row.handover_id,
            "reason": self.row.name,
            "by": head.planned_by if taker.by_hand else "rules",
            "parts": taker.choice.parts,
            "verdict": taker.verdict,
        }
        version, _ = self.assigner.policy()
        return Decision(
            decision_id=new_id(),
            lead_id=lead.lead_id,
            at=self.tx.now,
            grade=counts_as(lead.grade),
            policy_version=version,
            outcome="handover",
            winner_id=taker.choice.employee_id,
            body=body,
        )

    def _hold(self, items: Sequence[Row[Any]], why: str) -> None:
        """Told once, not at every further try that ends alike."""
        en, zh = _HELD[why]
        for item in items:
            if self.items[item.item_id].state != ItemState.HELD or item.reason != en:
                self.changes.append(_line(item, ItemState.HELD, en, zh, item.goes_with))

    def _drop(self, item: Row[Any]) -> None:
        en, zh = (each.format(name=self.row.name) for each in _DROPPED)
        self.changes.append(_line(item, ItemState.DROPPED, en, zh, item.goes_with))

    def _audited(self) -> list[Entry]:
        return [
            Entry(
                action="handover.move",
                entity="customer",
                entity_id=customer.customer_id,
                before={"owner_id": customer.owner_id, "unit": customer.unit},
                after={"owner_id": rep.employee_id, "unit": rep.unit, "handover_id": self.row.handover_id},
            )
            for customer, rep in self.taken
        ]


def _line(item: Row[Any], state: str, reason: str, reason_zh: str, goes_with: str | None = None) -> dict[str, Any]:
    return {
        "item_id": item.item_id,
        "state": str(state),
        "reason": reason,
        "reason_zh": reason_zh,
        "goes_with": goes_with,
        "taker_id": "",
        "taker_unit": "",
        "moved_at": None,
        "parts": item.parts,
    }
