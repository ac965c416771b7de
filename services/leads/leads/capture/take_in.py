"""Take arrivals in, one or many in the same way: new leads, touches on known ones, customers recognised (LD1.3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

from chassis.audit import plain
from chassis.kernel.ids import new_id
from chassis.unit_of_work import Caller, Transaction
from leads.capture import rules, store
from leads.capture.policy import CapturePolicy
from leads.capture.rules import Clean, Known, Outcome
from leads.customers import firm_store as customers
from leads.customers.rules import Customer, Firm, same_firm
from leads.grading.policy import GradingPolicy
from leads.grading.rules import grade_at_capture
from leads.lead import store as leads
from leads.lead.events import LeadCaptured
from leads.lead.rules import Lead, State


@dataclass(frozen=True)
class Source:
    """Who sent it, and to which unit it belongs until it has an owner; the import it came with.

    `caller`: for whom it is written among others' leads; None: the transaction's own.
    """

    actor: str
    unit: str = ""
    import_id: str | None = None
    caller: Caller | None = None


@dataclass(frozen=True)
class Taken:
    """`lead`: the new one; None when the touch went to a known lead."""

    lead_id: str
    outcome: Outcome
    lead: Lead | None = None


Sent = tuple[Clean, Source]


def take_in(
    tx: Transaction, arrivals: Sequence[Clean], source: Source, policy: CapturePolicy, grading: GradingPolicy
) -> list[Taken]:
    return take_in_all(tx, [(each, source) for each in arrivals], policy, grading)


def take_in_all(tx: Transaction, sent: Sequence[Sent], policy: CapturePolicy, grading: GradingPolicy) -> list[Taken]:
    """In the given order, so that a duplicate within the batch is appended to the first."""
    arrivals = [each for each, _ in sent]
    store.lock_keys(tx, arrivals)
    book = _Book(store.known_leads(tx, arrivals), customers.candidates(tx, [_firm(each) for each in arrivals]))
    taken = [_one(tx, each, source, book, policy, grading) for each, source in sent]
    touches = [_touch(tx, each, one, source) for (each, source), one in zip(sent, taken, strict=True)]
    lines = []
    for (each, source), one in zip(sent, taken, strict=True):
        with tx.on_behalf(source.caller) if source.caller else nullcontext():
            lines.append(_line(tx, each, one))
            tx.record(_event(tx, each, one, book))
    store.add(tx, book.new.values(), touches, lines)
    store.count_touch(tx, book.appended)
    return [replace(one, lead=book.new.get(one.lead_id)) for one in taken]


class _Book:
    """Known leads by key, growing as the batch goes on."""

    def __init__(self, known: Iterable[Known], found: Sequence[Customer]) -> None:
        self.new: dict[str, Lead] = {}
        self.appended: list[str] = []
        self._customers: dict[tuple[str, str], list[Customer]] = defaultdict(list)
        for customer in found:
            for pair in (("phone", customer.phone), ("uscc", customer.uscc)):
                if pair[1]:
                    self._customers[pair].append(customer)
        self._by_key: dict[tuple[str, str], list[Known]] = defaultdict(list)
        for each in known:
            self.add(each)

    def add(self, known: Known) -> None:
        for pair in (("phone", known.phone), ("uscc", known.uscc), ("wecom", known.wecom_external_id)):
            if pair[1]:
                self._by_key[pair].append(known)

    def customer_of(self, arrival: Clean) -> Customer | None:
        """By code or phone."""
        firm = _firm(arrival)
        shared = [each for pair in (("phone", firm.phone), ("uscc", firm.uscc)) for each in self._customers[pair]]
        return same_firm(firm, {each.customer_id: each for each in shared}.values())

    def sharing(self, arrival: Clean) -> list[Known]:
        return list({each.lead_id: each for key in arrival.keys for each in self._by_key[key]}.values())


def _one(
    tx: Transaction, arrival: Clean, source: Source, book: _Book, policy: CapturePolicy, grading: GradingPolicy
) -> Taken:
    match = rules.match(arrival, book.sharing(arrival), tx.now, policy.duplicate_window)
    if match.append_to is not None:
        if match.append_to in book.new:
            first = book.new[match.append_to]
            book.new[match.append_to] = replace(first, touches=first.touches + 1)
        else:
            book.appended.append(match.append_to)
        return Taken(match.append_to, Outcome.APPENDED)
    lead = _lead(tx, arrival, source, book, match.hint, grading)
    book.new[lead.lead_id] = lead
    book.add(
        Known(
            lead.lead_id,
            lead.name_key,
            arrival.parent_key,
            lead.phone,
            lead.uscc,
            lead.wecom_external_id,
            lead.last_touch_at,
        )
    )
    return Taken(lead.lead_id, Outcome.CREATED)


def _lead(
    tx: Transaction, arrival: Clean, source: Source, book: _Book, hint: str | None, grading: GradingPolicy
) -> Lead:
    sent = arrival.arrival
    customer = book.customer_of(arrival)
    return Lead(
        lead_id=new_id(),
        state=State.NEW,
        grade=grade_at_capture(sent.grade, sent.qualification, grading),
        company_name=arrival.company_name,
        name_key=arrival.name_key,
        contact_name=sent.contact_name.strip(),
        phone=arrival.phone,
        uscc=arrival.uscc,
        wecom_external_id=arrival.wecom_external_id,
        channel=sent.channel,
        industry=sent.industry.strip(),
        province=arrival.province,
        city=arrival.city,
        position=arrival.position,
        original_position=sent.position,
        original_datum=sent.datum if sent.position else "",
        qualification=sent.qualification,
        need=sent.need,
        unit=source.unit,
        customer_id=customer.customer_id if customer else None,
        captured_at=tx.now,
        last_touch_at=tx.now,
        waiting_since=tx.now,
        hint_lead_id=hint,
        import_id=source.import_id,
    )


def _firm(arrival: Clean) -> Firm:
    return Firm(arrival.name_key, arrival.parent_key, arrival.uscc, arrival.phone, arrival.city)


def _touch(tx: Transaction, arrival: Clean, taken: Taken, source: Source) -> dict[str, Any]:
    return {
        "touch_id": new_id(),
        "lead_id": taken.lead_id,
        "at": tx.now,
        "channel": arrival.arrival.channel,
        "contact_name": arrival.arrival.contact_name,
        "need": arrival.arrival.need,
        "raw": plain({name: getattr(arrival.arrival, name) for name in _SENT}),
        "actor": source.actor,
        "import_id": source.import_id,
    }


_SENT = ("company_name", "contact_name", "phone", "uscc", "wecom_external_id", "industry", "province", "city", "datum")


def _line(tx: Transaction, arrival: Clean, taken: Taken) -> dict[str, Any]:
    channel = arrival.arrival.channel
    if taken.outcome is Outcome.CREATED:
        return leads.entry(
            tx, taken.lead_id, "captured", f"Captured, channel {channel}.", f"线索录入，渠道 {channel}。"
        )
    return leads.entry(tx, taken.lead_id, "touched", f"New touch, channel {channel}.", f"新增触点，渠道 {channel}。")


def _event(tx: Transaction, arrival: Clean, taken: Taken, book: _Book) -> LeadCaptured:
    lead = book.new.get(taken.lead_id)
    return LeadCaptured(
        lead_id=taken.lead_id,
        company_name=arrival.company_name,
        channel=arrival.arrival.channel,
        grade=lead.grade.value if lead and lead.grade else "",
        city=arrival.city,
        customer_id=(lead.customer_id or "") if lead else "",
        outcome=taken.outcome.value,
        captured_at=tx.now,
    )
