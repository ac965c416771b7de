"""Contract messages from and to what the features speak."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import Row

from chassis.errors import InvalidInput, Violation
from chassis.events import Incoming
from chassis.kernel.money import Money
from closeloop.common.v1.money_pb2 import Money as MoneyMessage
from closeloop.forecast.v1.events_pb2 import EvidenceAdded, EvidenceWithdrawn
from closeloop.incentives.v1 import rule_service_pb2 as rule_pb
from closeloop.incentives.v1 import slip_service_pb2 as slip_pb
from closeloop.integration.v1.events_pb2 import EmployeeChanged, OrderFacts
from closeloop.leads.v1.events_pb2 import CustomerFacts, CustomerMerged, CustomerUnmerged
from incentives.deals.rules import CNY, ERP, OPPORTUNITY, OrderLine, OrderSource, Withdrawal, mapped_contract
from incentives.ledger.rules import Balance
from incentives.roster.merge_rules import Merge
from incentives.roster.rules import Customer, Employee
from incentives.rule_library.context_rules import whole_numbers
from incentives.rule_library.draft_rule import RuleDraft
from incentives.rule_library.rules import GoldenExample, RuleFinding
from incentives.rule_library.terms_rules import Caps, Combine, Group, RoleShare, Terms, read_terms
from incentives.slips.rules import State

# -- in ------------------------------------------------------------------------------------------------------------


def instant_in(message: Timestamp) -> datetime:
    return message.ToDatetime(tzinfo=UTC)


def _time(message: Any, name: str) -> datetime | None:
    return instant_in(getattr(message, name)) if message.HasField(name) else None


def _day(text: str) -> date | None:
    """None for what is no day: the deal waits and says so."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def employee_in(event: Incoming) -> Employee:
    said: EmployeeChanged = event.message
    at = _time(said, "as_of") or event.time
    hired = _day(said.hired_on)
    return Employee(
        said.employee_id, said.version, at, said.name, said.unit, said.manager_id, said.position, hired
    )  # fmt: skip


def customer_in(event: Incoming) -> Customer:
    said: CustomerFacts = event.message.customer
    return Customer(
        said.customer_id, said.version, event.time, said.customer_code, said.name, said.customer_class, said.grade,
        said.industry,
    )  # fmt: skip


def merge_in(said: CustomerMerged | CustomerUnmerged) -> Merge:
    into, at = (said.kept_id, said.merged_at) if isinstance(said, CustomerMerged) else (None, said.unmerged_at)
    return Merge(said.merged_id, said.version, into, instant_in(at))


def order_in(event: Incoming) -> OrderSource:
    said: OrderFacts = event.message.order
    cancelled = (_time(said, "cancelled_at") or event.time) if said.state == "cancelled" else None
    return OrderSource(
        source=ERP,
        source_id=said.order_id,
        version=said.version,
        contract_number=mapped_contract(said.contract_number),
        customer_code=said.customer_code,
        customer_id="",
        customer_name=said.customer_name,
        salesperson_id=said.salesperson_id,
        amount_fen=said.amount.fen,
        currency=said.amount.currency or CNY,
        signed_at=_time(said, "signed_at"),
        cancelled_at=cancelled,
        technical_service=said.technical_service,
        lines=tuple(OrderLine(x.product_code, x.product_name, x.quantity, x.amount.fen) for x in said.lines),
        evidence=(f"order:{said.order_id}", f"event:{event.id}"),
    )


def signed_evidence_in(event: Incoming) -> OrderSource:
    """Level 5: the signed document of an opportunity."""
    said: EvidenceAdded = event.message
    return OrderSource(
        source=OPPORTUNITY,
        source_id=said.opportunity_id,
        version=_later(event),
        contract_number=mapped_contract(said.contract_number),
        customer_code=said.customer_code,
        customer_id=said.customer_id,
        customer_name=said.customer_name,
        salesperson_id=said.owner_id,
        amount_fen=said.amount.fen,
        currency=said.amount.currency or CNY,
        signed_at=_time(said, "signed_at"),
        cancelled_at=None,
        technical_service=False,
        lines=(),
        evidence=(_evidence(said.evidence_id), f"event:{event.id}"),
    )


def withdrawal_in(event: Incoming) -> Withdrawal:
    said: EvidenceWithdrawn = event.message
    return Withdrawal(said.opportunity_id, _evidence(said.evidence_id), _later(event), event.time, f"event:{event.id}")


def _evidence(evidence_id: str) -> str:
    return f"evidence:{evidence_id}"


def _later(event: Incoming) -> int:
    """What is told later is the newer version."""
    return int(event.time.timestamp() * 1_000_000)


def model_in(model: Struct) -> Mapping[str, Any]:
    found: Mapping[str, Any] = whole_numbers(MessageToDict(model))
    return found


def example_in(said: rule_pb.GoldenExample) -> GoldenExample:
    return GoldenExample(said.name, model_in(said.context), said.expected_fen)


def draft_in(said: rule_pb.DraftRuleRequest) -> RuleDraft:
    examples = [example_in(each) for each in said.examples]
    return RuleDraft(
        said.rule_id, said.name, said.name_zh, said.words, said.words_zh, model_in(said.model), examples,
        terms_in(said.terms),
    )  # fmt: skip


_POLICIES = {
    rule_pb.COMBINE_POLICY_STACK: Combine.STACK.value,
    rule_pb.COMBINE_POLICY_HIGHEST: Combine.HIGHEST.value,
    rule_pb.COMBINE_POLICY_FIRST: Combine.FIRST.value,
}


def terms_in(said: rule_pb.RuleTerms) -> Terms:
    """Raises InvalidInput for another currency; all else is found by the checks of the terms."""
    group = Group(said.group.name.strip(), _POLICIES.get(said.group.policy, ""), said.group.priority)
    return Terms(
        tuple(RoleShare(each.role, each.basis_points) for each in said.split),
        said.split_by_deal,
        Caps(*(_cap(said.caps, name) for name in ("per_order", "per_person_month", "per_month"))),
        group if said.HasField("group") else None,
    )


def _cap(said: rule_pb.RuleCaps, name: str) -> int | None:
    if not said.HasField(name):  # type: ignore[arg-type]
        return None
    amount: MoneyMessage = getattr(said, name)
    if amount.currency not in ("", CNY):
        raise InvalidInput.of(Violation(f"terms.caps.{name}", "is in CNY", "须为人民币"))
    return amount.fen


def states_in(states: Any) -> list[str]:
    """An appeal has states of its own inside; outside they are all disputed."""
    return [inner for each in states for inner in _INNER.get(each, ())]


# -- out -----------------------------------------------------------------------------------------------------------

_SHOWN: Mapping[State, slip_pb.SlipState.ValueType] = {
    State.PENDING: slip_pb.SLIP_STATE_PENDING,
    State.CONFIRMED: slip_pb.SLIP_STATE_CONFIRMED,
    State.PAYABLE: slip_pb.SLIP_STATE_PAYABLE,
    State.IN_BATCH: slip_pb.SLIP_STATE_IN_BATCH,
    State.PAID: slip_pb.SLIP_STATE_PAID,
    State.CANCELLED: slip_pb.SLIP_STATE_CANCELLED,
    State.HELD: slip_pb.SLIP_STATE_HELD,
    State.SETTLED: slip_pb.SLIP_STATE_SETTLED,
}


def _shown(state: State) -> slip_pb.SlipState.ValueType:
    return _SHOWN.get(state, slip_pb.SLIP_STATE_DISPUTED)


_INNER: Mapping[int, tuple[str, ...]] = {
    shown: tuple(
        state.value for state in State if _shown(state) == shown
    )
    for shown in slip_pb.SlipState.values()
}  # fmt: skip


def money(fen: int) -> MoneyMessage:
    amount = Money(fen)
    return MoneyMessage(fen=amount.fen, currency=amount.currency)


def _set(message: Timestamp, at: datetime | None) -> None:
    if at is not None:
        message.FromDatetime(at)


def finding(each: RuleFinding) -> rule_pb.RuleFinding:
    return rule_pb.RuleFinding(
        severity=each.severity, place=each.place, code=each.code, message=each.message, message_zh=each.message_zh
    )


def rule(row: Row[Any], *, superseded: bool) -> rule_pb.RuleVersion:
    published = rule_pb.RULE_STATE_SUPERSEDED if superseded else rule_pb.RULE_STATE_PUBLISHED
    message = rule_pb.RuleVersion(
        rule_id=row.rule_id,
        version=row.version,
        state=rule_pb.RULE_STATE_DRAFT if row.state == "draft" else published,
        name=row.name,
        name_zh=row.name_zh,
        words=row.words,
        words_zh=row.words_zh,
        author=row.author,
        publisher=row.publisher or "",
        findings=[finding(RuleFinding(**each)) for each in row.findings],
    )
    message.model.update(row.model)
    if row.terms:
        message.terms.CopyFrom(_terms(read_terms(row.terms)))
    for each in row.examples:
        kept = message.examples.add(name=each["name"], expected_fen=each["expected_fen"])
        kept.context.update(each["context"])
    if row.effective_from is not None:
        _set(message.effective_from, row.effective_from)
    if row.effective_to is not None:
        _set(message.effective_to, row.effective_to)
    return message


def _terms(terms: Terms) -> rule_pb.RuleTerms:
    message = rule_pb.RuleTerms(
        split=[rule_pb.RoleShare(role=each.role, basis_points=each.basis_points) for each in terms.split],
        split_by_deal=terms.split_by_deal,
    )
    for name in ("per_order", "per_person_month", "per_month"):
        fen = getattr(terms.caps, name)
        if fen is not None:
            getattr(message.caps, name).CopyFrom(money(fen))
    if terms.group is not None:
        policy = {inner: outer for outer, inner in _POLICIES.items()}.get(terms.group.policy)
        message.group.name, message.group.priority = terms.group.name, terms.group.priority
        message.group.policy = policy or rule_pb.COMBINE_POLICY_UNSPECIFIED
    return message


def amount_line(each: Mapping[str, Any]) -> slip_pb.AmountLine:
    return slip_pb.AmountLine(code=each["code"], text=each["text"], text_zh=each["text_zh"])


def slip(row: Row[Any]) -> slip_pb.Slip:
    message = slip_pb.Slip(
        slip_id=row.slip_id,
        state=_shown(State(row.state)),
        deal_key=row.deal_key,
        contract_number=row.contract_number,
        erp_order_id=row.order_id,
        rule_id=row.rule_id,
        rule_version=row.rule_version,
        rule_words=row.words,
        rule_words_zh=row.words_zh,
        beneficiary_id=row.beneficiary_id,
        beneficiary_name=row.beneficiary_name,
        unit=row.unit,
        amount=money(row.amount_fen),
        formula=row.formula,
        formula_zh=row.formula_zh,
        customer_name=row.customer_name,
        order_amount=money(row.order_fen),
        evidence=row.evidence,
        etag=str(row.version),
        original_slip_id=row.original_slip_id or "",
        lines=[amount_line(each) for each in row.lines],
    )
    for name in ("signed_at", "created_at", "confirmed_at"):
        if getattr(row, name) is not None:
            _set(getattr(message, name), getattr(row, name))
    return message


def balance(each: Balance) -> slip_pb.GetBalanceResponse:
    return slip_pb.GetBalanceResponse(
        earned=money(each.earned_fen),
        paid=money(each.paid_fen),
        balance=money(each.balance_fen),
        held=money(each.held_fen),
    )


def entry(row: Row[Any]) -> slip_pb.LedgerEntry:
    message = slip_pb.LedgerEntry(
        entry_id=row.entry_id,
        kind=row.kind,
        amount=money(row.amount_fen),
        slip_id=row.slip_id or "",
        deal_key=row.deal_key,
        text=row.text,
        text_zh=row.text_zh,
    )
    _set(message.effective_at, row.effective_at)
    _set(message.booked_at, row.booked_at)
    return message


def waiting(row: Row[Any]) -> slip_pb.WaitingDeal:
    message = slip_pb.WaitingDeal(
        deal_key=row.deal_key,
        contract_number=row.contract_number,
        erp_order_id=row.order_id,
        customer_name=row.customer_name,
        salesperson_id=row.salesperson_id,
        amount=money(row.amount_fen),
        reasons=[
            slip_pb.WaitingReason(code=each["code"], message=each["en"], message_zh=each["zh"]) for each in row.reasons
        ],
    )
    if row.signed_at is not None:
        _set(message.signed_at, row.signed_at)
    _set(message.since, row.since)
    return message
