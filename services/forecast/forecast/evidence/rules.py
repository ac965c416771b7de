"""Levels of proof (F2.1). Words never raise a level; files do.

L1 customer asked for the contract template · L2 POC done with report · L3 multi-department review passed ·
L4 finance approved the payment plan · L5 legal document signed. The level of a deal is the highest that stands;
a challenged piece stands until it is withdrawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chassis.errors import FailedPrecondition, InvalidInput, NotFound, Violation
from chassis.kernel.money import Money
from forecast.policy import SIGNED_LEVEL

CLOCK_TOLERANCE = timedelta(minutes=5)
LEVELS = {
    1: ("the customer asked for the contract template", "客户索要合同模板"),
    2: ("POC done, with report", "POC 完成并有报告"),
    3: ("multi-department review passed", "多部门评审通过"),
    4: ("finance approved the payment plan", "财务批准付款计划"),
    5: ("legal document signed", "法律文件已签署"),
}


class EvidenceState(StrEnum):
    STANDING = "standing"
    CHALLENGED = "challenged"
    WITHDRAWN = "withdrawn"


class EvidenceNotFound(NotFound):
    en = "There is no such evidence."
    zh = "没有找到该证据。"


class EvidenceInvalid(InvalidInput):
    en = "The evidence is not complete."
    zh = "证据不完整。"


class EvidenceWithdrawnAlready(FailedPrecondition):
    en = "This evidence was withdrawn."
    zh = "该证据已撤回。"


class SignedDealStays(FailedPrecondition):
    """A won deal rests on its signature: it is reversed by a cancelled order, not by taking the proof away."""

    en = "The deal is won on this contract; its proof can't be withdrawn."
    zh = "该商机已凭此合同赢单，不能撤回证据。"


@dataclass(frozen=True)
class Piece:
    """One piece of evidence, as far as the level goes."""

    level: int
    state: EvidenceState


@dataclass(frozen=True)
class EvidenceAdded:
    opportunity_id: str
    evidence_id: str
    level: int
    owner_id: str
    unit: str
    customer_id: str
    customer_code: str
    customer_name: str
    contract_number: str
    signed_at: datetime | None
    amount: Money


@dataclass(frozen=True)
class EvidenceWithdrawn:
    opportunity_id: str
    evidence_id: str
    level: int
    reason: str


def level_of(pieces: Iterable[Piece]) -> int:
    """The highest level that stands; 0 without any."""
    return max((each.level for each in pieces if each.state is not EvidenceState.WITHDRAWN), default=0)


def check_signature(
    level: int, contract_number: str, signed_at: datetime | None, amount: Money | None, now: datetime
) -> None:
    """L5 names the contract and when it was signed; the other levels don't. Raises EvidenceInvalid."""
    found: list[Violation] = []
    if level == SIGNED_LEVEL:
        if not contract_number.strip():
            found.append(Violation("contract_number", "name the contract that was signed", "请填写已签合同编号"))
        if signed_at is None:
            found.append(Violation("signed_at", "say when it was signed", "请填写签署时间"))
        elif signed_at > now + CLOCK_TOLERANCE:
            found.append(Violation("signed_at", "lies in the future", "不能晚于当前时间"))
    elif contract_number or signed_at:
        found.append(Violation("level", "only level 5 is a signed contract", "只有 L5 对应已签署合同"))
    if amount is not None and amount.fen <= 0:
        found.append(Violation("contract_amount", "must be above zero", "必须大于零"))
    if found:
        raise EvidenceInvalid.of(*found)
