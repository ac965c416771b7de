"""What a follow-up has to say (A1.1, A1.2).

Four elements always: input (what changed for the customer), action, output (the customer's explicit feedback) and
blocker, which may be "none" but never empty. The need is named, so that an auditor can see that content matched need,
and the attitude of each decision role met is told every time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from activity.follow_ups.policy import Template
from chassis.errors import InvalidInput, NotFound, Violation

# Clocks of two machines differ by this much; more is a mistake.
CLOCK_TOLERANCE = timedelta(seconds=5)
ELEMENTS = {
    "input": ("what changed for the customer", "客户有何变化"),
    "action": ("what was done", "采取了什么行动"),
    "output": ("the customer's explicit feedback", "客户的明确反馈"),
    "blocker": ("what blocks, or “none”", "阻碍点，没有请填“无”"),
    "need": ("the need addressed", "针对的客户需求"),
}


class Channel(StrEnum):
    CALL = "call"
    WECHAT = "wechat"
    VISIT = "visit"
    MEETING = "meeting"
    EMAIL = "email"
    # Written down without a contact.
    FORM = "form"


class Direction(StrEnum):
    OUTBOUND = "outbound"
    INBOUND = "inbound"


class Outcome(StrEnum):
    CONNECTED = "connected"
    NO_ANSWER = "no_answer"
    DELIVERED = "delivered"


class Source(StrEnum):
    MANUAL = "manual"
    CONVERSATION = "conversation"


class FollowUpNotFound(NotFound):
    en = "There is no such follow-up."
    zh = "没有找到该跟进记录。"


class FollowUpIncomplete(InvalidInput):
    en = "The follow-up is not complete."
    zh = "跟进记录不完整。"


@dataclass(frozen=True)
class RoleAttitude:
    """`attitude`: opposed, reserved, neutral, supportive, driving."""

    title: str
    attitude: str


@dataclass(frozen=True)
class FollowUp:
    follow_up_id: str
    template: str
    lead_id: str
    customer_id: str
    author_id: str
    unit: str
    channel: Channel
    direction: Direction
    outcome: Outcome
    occurred_at: datetime
    recorded_at: datetime
    source: Source
    fields: Mapping[str, str]
    input: str = ""
    action: str = ""
    output: str = ""
    blocker: str = ""
    need: str = ""
    attitudes: tuple[RoleAttitude, ...] = ()
    reference: str = ""
    summary: str = ""
    tags: tuple[str, ...] = ()
    recording_seconds: int = 0
    policy_version: int = 0
    next_step: str = ""
    # When it was promised for.
    next_step_due_at: datetime | None = None


@dataclass(frozen=True)
class FollowUpRecorded:
    follow_up_id: str
    lead_id: str
    customer_id: str
    author_id: str
    unit: str
    template: str
    channel: Channel
    direction: Direction
    outcome: Outcome
    source: Source
    need: str
    occurred_at: datetime
    next_step: str
    next_step_due_at: datetime | None


def recorded(follow_up: FollowUp) -> FollowUpRecorded:
    return FollowUpRecorded(**{name: getattr(follow_up, name) for name in FollowUpRecorded.__dataclass_fields__})


def find_template(templates: Sequence[Template], name: str) -> Template:
    """Raises FollowUpIncomplete, naming the templates there are."""
    for each in templates:
        if each.name == name:
            return each
    known = ", ".join(each.name for each in templates)
    raise FollowUpIncomplete.of(Violation("template", f"must be one of {known}", f"须为以下之一：{known}"))


def check_complete(follow_up: FollowUp, template: Template) -> None:
    """All that is missing or wrong at once. Raises FollowUpIncomplete."""
    found = [*_subject(follow_up), *_fields(follow_up, template), *_elements(follow_up)]
    found += _attitudes(follow_up, template)
    found += check_time(follow_up.occurred_at, follow_up.recorded_at, "occurred_at")
    found += _next_step(follow_up)
    if found:
        raise FollowUpIncomplete.of(*found)


def check_time(occurred_at: datetime, now: datetime, field: str) -> list[Violation]:
    """What has not happened yet can't be recorded."""
    if occurred_at > now + CLOCK_TOLERANCE:
        return [Violation(field, "lies in the future", "不能晚于当前时间")]
    return []


def _next_step(follow_up: FollowUp) -> list[Violation]:
    """A promise says what, and lies ahead of the contact in which it was made."""
    due = follow_up.next_step_due_at
    if due is None:
        return []
    if not follow_up.next_step.strip():
        return [Violation("next_step", "say what was promised", "请说明承诺的事项")]
    if due <= follow_up.occurred_at:
        return [Violation("next_step_due_at", "lies before the contact", "须晚于本次跟进时间")]
    return []


def _subject(follow_up: FollowUp) -> list[Violation]:
    if follow_up.lead_id or follow_up.customer_id:
        return []
    return [Violation("lead_id", "name the lead or the customer", "请指明线索或客户")]


def _fields(follow_up: FollowUp, template: Template) -> list[Violation]:
    known = {each.name: each for each in template.fields}
    found = [
        Violation(f"fields[{name}]", f"is not a field of “{template.label}”", f"不是“{template.label_zh}”的字段")
        for name in sorted(set(follow_up.fields) - set(known))
    ]
    found += [
        Violation(f"fields[{each.name}]", f"{each.label} is required", f"请填写{each.label_zh}")
        for each in template.fields
        if each.required and not follow_up.fields.get(each.name, "").strip()
    ]
    return found


def _elements(follow_up: FollowUp) -> list[Violation]:
    return [
        Violation(name, f"say {en}", f"请说明{zh}")
        for name, (en, zh) in ELEMENTS.items()
        if not str(getattr(follow_up, name)).strip()
    ]


def _attitudes(follow_up: FollowUp, template: Template) -> list[Violation]:
    """Who was reached took a stand; and each decision role the template asks for was met, so its attitude is told."""
    told = {each.title.strip() for each in follow_up.attitudes}
    met = [follow_up.fields.get(each.name, "").strip() for each in template.fields if each.role]
    if not told and not any(met) and follow_up.outcome is Outcome.CONNECTED:
        return [Violation("attitudes", "tell whom you reached, with the attitude", "请填写所接触的人及其态度")]
    return [
        Violation("attitudes", f"tell the attitude of “{title}”", f"请填写“{title}”的态度")
        for title in met
        if title and title not in told
    ]
