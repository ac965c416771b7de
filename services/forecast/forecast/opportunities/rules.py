"""The life of an opportunity (F1.1): one step at a time, and one table that says which."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from chassis.errors import IllegalCommand, InvalidInput, NotFound, Violation
from chassis.kernel.money import Money


class Stage(StrEnum):
    CONTACT = "contact"
    NEED_CONFIRMED = "need_confirmed"
    DEMO = "demo"
    NEGOTIATION = "negotiation"
    WON = "won"
    COLLECTED = "collected"
    LOST = "lost"


# Stage → the stages it can go to. `lose` leads to LOST, `advance` to the other.
STEPS: dict[Stage, tuple[Stage, ...]] = {
    Stage.CONTACT: (Stage.NEED_CONFIRMED, Stage.LOST),
    Stage.NEED_CONFIRMED: (Stage.DEMO, Stage.LOST),
    Stage.DEMO: (Stage.NEGOTIATION, Stage.LOST),
    Stage.NEGOTIATION: (Stage.WON, Stage.LOST),
    Stage.WON: (Stage.COLLECTED,),
    Stage.COLLECTED: (),
    Stage.LOST: (),
}
OPEN = (Stage.CONTACT, Stage.NEED_CONFIRMED, Stage.DEMO, Stage.NEGOTIATION)
WORDS_ZH = {
    Stage.CONTACT: "接触",
    Stage.NEED_CONFIRMED: "需求确认",
    Stage.DEMO: "演示",
    Stage.NEGOTIATION: "谈判",
    Stage.WON: "赢单",
    Stage.COLLECTED: "回款",
    Stage.LOST: "丢单",
}


class OpportunityNotFound(NotFound):
    en = "There is no such opportunity."
    zh = "没有找到该商机。"


class DayInvalid(InvalidInput):
    en = "The day is not valid."
    zh = "日期无效。"


@dataclass(frozen=True)
class OpportunityCreated:
    opportunity_id: str
    lead_id: str
    customer_id: str
    owner_id: str
    unit: str
    amount: Money
    expected_close: str


@dataclass(frozen=True)
class OpportunityStageChanged:
    opportunity_id: str
    owner_id: str
    unit: str
    before: Stage
    after: Stage


@dataclass(frozen=True)
class OpportunityWon:
    opportunity_id: str
    lead_id: str
    customer_id: str
    customer_code: str
    customer_name: str
    owner_id: str
    unit: str
    contract_number: str
    amount: Money
    signed_at: datetime | None
    won_at: datetime


@dataclass(frozen=True)
class OpportunityLost:
    opportunity_id: str
    lead_id: str
    owner_id: str
    unit: str
    reason: str
    lost_at: datetime


def next_stage(stage: Stage) -> Stage | None:
    """The step up, where there is one."""
    return next((each for each in STEPS[stage] if each is not Stage.LOST), None)


def is_step(before: Stage, after: Stage) -> bool:
    return after in STEPS[before]


def check_step(before: Stage, after: Stage) -> None:
    """Raises IllegalCommand, naming the steps there are."""
    if not is_step(before, after):
        allowed = [f"{'lose' if each is Stage.LOST else 'advance to'} {each}" for each in STEPS[before]]
        raise IllegalCommand(command=f"advance to {after}", state=before, allowed=allowed)


def check_open(stage: Stage, command: str) -> None:
    """Claims and quotes belong to open deals. Raises IllegalCommand."""
    if stage not in OPEN:
        raise IllegalCommand(command=command, state=stage, allowed=[f"advance to {each}" for each in STEPS[stage]])


def read_day(value: str, field: str) -> date:
    """Raises DayInvalid."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise DayInvalid.of(Violation(field, f"{value} is not a day", f"{value} 不是有效日期")) from None
