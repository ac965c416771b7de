"""Orders of all sources, one deal per contract number, else per ERP order (I2.1).

A deal is always calculated anew from what its sources last said, so it comes out the same whatever arrived first.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chassis.kernel.calendar import local_date
from incentives.ledger.rules import YEARS
from incentives.roster.rules import Customer, Employee

ERP, OPPORTUNITY = "erp", "opportunity"
CNY = "CNY"
SIGNED_IN_FUTURE = "signed_in_future"
# Source and the id that the order has there.
SourceId = tuple[str, str]


@dataclass(frozen=True)
class OrderLine:
    product_code: str
    product_name: str
    quantity: str
    amount_fen: int


@dataclass(frozen=True)
class OrderSource:
    """What one source says. `version` grows with each change; `cancelled_at` None while the order stands."""

    source: str
    source_id: str
    version: int
    contract_number: str
    customer_code: str
    customer_id: str
    customer_name: str
    salesperson_id: str
    amount_fen: int
    currency: str
    signed_at: datetime | None
    cancelled_at: datetime | None
    technical_service: bool
    lines: tuple[OrderLine, ...]
    evidence: tuple[str, ...]

    @property
    def id(self) -> SourceId:
        return self.source, self.source_id

    @property
    def deal_key(self) -> str:
        return self.contract_number or self.source_id


@dataclass(frozen=True)
class Withdrawal:
    """The signed document of an opportunity does not count any more."""

    opportunity_id: str
    evidence: str
    version: int
    at: datetime
    event: str

    @property
    def id(self) -> SourceId:
        return OPPORTUNITY, self.opportunity_id


def heard(held: OrderSource | None, told: OrderSource | Withdrawal) -> OrderSource | None:
    """What the source says from now on. None when that is nothing new: once per version, and never an older one."""
    if isinstance(told, Withdrawal):
        return withdrawn(held, told)
    return told if held is None or held.version < told.version else None


def withdrawn(held: OrderSource | None, said: Withdrawal) -> OrderSource | None:
    """The order that rested on it, given up at that time (I2.4). None when none rests on this document now."""
    if held is None or held.version >= said.version or said.evidence not in held.evidence:
        return None
    return replace(held, version=said.version, cancelled_at=said.at, evidence=(*held.evidence, said.event))


@dataclass(frozen=True)
class DealFacts:
    """What the sources of a deal come to."""

    deal_key: str
    contract_number: str
    order_id: str
    customer_code: str
    customer_id: str
    customer_name: str
    salesperson_id: str
    amount_fen: int
    currency: str
    signed_at: datetime | None
    cancelled_at: datetime | None
    technical_service: bool
    lines: tuple[OrderLine, ...]
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Reason:
    """Why a deal waits, or which rule can't be run on it."""

    code: str
    en: str
    zh: str


def mapped_contract(number: str) -> str:
    """The contract number as all systems mean it: full-width signs, spaces and small letters are typing."""
    return "".join(unicodedata.normalize("NFKC", number).split()).upper()


def combine(sources: Sequence[OrderSource]) -> DealFacts | None:
    """The ERP is believed before an opportunity. Several orders of one contract are one deal: their sum, signed with
    the first; cancelled when all are. None when no source is left."""
    if not sources:
        return None
    trusted = [each for each in sources if each.source == ERP] or list(sources)
    standing = [each for each in trusted if each.cancelled_at is None]
    counted = sorted(standing or trusted, key=_signing)
    first = counted[0]
    return DealFacts(
        first.deal_key,
        first.contract_number,
        first.source_id if first.source == ERP else "",
        first.customer_code,
        next((each.customer_id for each in sources if each.customer_id), ""),
        first.customer_name,
        first.salesperson_id,
        sum(each.amount_fen for each in counted),
        first.currency,
        first.signed_at,
        None if standing else max(each.cancelled_at for each in trusted if each.cancelled_at is not None),
        any(each.technical_service for each in counted),
        tuple(line for each in counted for line in each.lines),
        tuple(dict.fromkeys(evidence for each in sorted(sources, key=_signing) for evidence in each.evidence)),
    )


def _signing(source: OrderSource) -> tuple[bool, float, str, str]:
    """Those without a time last."""
    signed = source.signed_at
    return signed is None, signed.timestamp() if signed else 0.0, source.source, source.source_id


def waits(
    deal: DealFacts, customer: Customer | None, rep: Employee | None, now: datetime, largest_fen: int
) -> list[Reason]:
    """Why the deal can't be judged yet. Kept and looked at again when that may have changed (I8.1)."""
    found: list[Reason] = []
    if deal.amount_fen <= 0:
        found.append(Reason("amount_not_positive", "The amount is not above zero.", "订单金额不大于零。"))
    elif deal.amount_fen > largest_fen:
        found.append(Reason("amount_too_large", "The amount is too large to be believed.", "订单金额过大，待核实。"))
    if deal.currency != CNY:
        found.append(Reason("currency", f"The currency is {deal.currency}.", f"币种为 {deal.currency}。"))
    if deal.signed_at is None:
        found.append(Reason("not_signed", "There is no signing time.", "缺少签约时间。"))
    elif deal.signed_at.year not in YEARS:
        found.append(Reason("signing_time", "The signing time is not to be believed.", "签约时间不可信。"))
    elif deal.signed_at > now:
        found.append(Reason(SIGNED_IN_FUTURE, "It is signed in the future.", "签约时间在未来。"))
    if rep is None:
        who = deal.salesperson_id or "–"
        found.append(Reason("unknown_salesperson", f"Nobody is known as {who}.", f"没有工号为 {who} 的员工。"))
    elif rep.hired_on is None:
        who = rep.employee_id
        found.append(Reason("unknown_hire_date", f"{who} has no hire date.", f"员工 {who} 没有入职日期。"))
    if customer is None:
        who = deal.customer_code or deal.customer_name or "–"
        found.append(Reason("unknown_customer", f"The customer {who} is not known.", f"没有客户 {who} 的档案。"))
    return found


def context(deal: DealFacts, customer: Customer, rep: Employee) -> Mapping[str, Any]:
    """The order context without history. Raises ValueError for a deal that waits."""
    if deal.signed_at is None or rep.hired_on is None:
        raise ValueError("a deal that waits has no context")
    return {
        "deal": {
            "amountFen": deal.amount_fen,
            "signedAt": deal.signed_at.isoformat(),
            "technicalService": deal.technical_service,
            "contractNumber": deal.contract_number,
            "lines": [_line(each) for each in deal.lines],
        },
        "customer": {
            "class": customer.customer_class,
            "grade": customer.grade,
            "industry": customer.industry,
            "code": customer.customer_code,
            "version": customer.version,
        },
        "rep": {
            "id": rep.employee_id,
            "tenureDays": (local_date(deal.signed_at) - rep.hired_on).days,
            "position": rep.position,
        },
    }


def _line(line: OrderLine) -> Mapping[str, Any]:
    return {
        "productCode": line.product_code,
        "productName": line.product_name,
        "quantity": line.quantity,
        "amountFen": line.amount_fen,
    }
