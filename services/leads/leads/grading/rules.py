"""Lead grades (LD2.1): A needs a first touch due within 48 h, a confirmed budget and a clear decision chain."""

from __future__ import annotations

from collections.abc import Iterator

from chassis.errors import FailedPrecondition, Missing
from leads.grading.policy import GradeCriteria, GradingPolicy
from leads.lead.rules import Grade, Qualification

_WORDS = {
    "first_touch_due_hours": ("first touch due (hours)", "首次触达时限（小时）"),
    "budget": ("budget", "预算"),
    "budget_confirmed": ("budget confirmed", "预算已确认"),
    "decision_chain": ("decision chain", "决策链"),
}


class GradeCriteriaNotMet(FailedPrecondition):
    """The lead stays as it is; `missing` names each field."""

    en = "Grade {grade} is not possible yet: {missing}."
    zh = "暂不能评为 {grade} 级：{missing}。"


def missing_for(grade: Grade, known: Qualification, policy: GradingPolicy) -> list[Missing]:
    """What stands between the lead and the grade; empty when it may be set."""
    criteria = policy.criteria.get(grade, GradeCriteria())
    return [*_unknown(criteria, known), *_unmet(criteria, known)]


def require(grade: Grade, known: Qualification, policy: GradingPolicy) -> None:
    """Raises GradeCriteriaNotMet."""
    missing = missing_for(grade, known, policy)
    if missing:
        raise GradeCriteriaNotMet(grade=grade.value, missing=missing)


def grade_at_capture(asked: Grade | None, known: Qualification, policy: GradingPolicy) -> Grade | None:
    """The grade a lead comes in with: the asked one, else the best whose criteria are met; None is ungraded.

    Capture never refuses (LD1.1): an asked grade without its fields leaves the lead ungraded, and it counts as C.
    """
    if asked is not None:
        return None if missing_for(asked, known, policy) else asked
    return next((grade for grade in (Grade.A, Grade.B) if not missing_for(grade, known, policy)), None)


def _unknown(criteria: GradeCriteria, known: Qualification) -> Iterator[Missing]:
    for field in criteria.required:
        value = getattr(known, field)
        if value is None or value == ():
            en, zh = _WORDS[field]
            yield Missing(f"qualification.{field}", f"{en} is not known", f"缺少{zh}")


def _unmet(criteria: GradeCriteria, known: Qualification) -> Iterator[Missing]:
    hours, limit = known.first_touch_due_hours, criteria.first_touch_within_hours
    if hours is not None and limit is not None and hours > limit:
        yield Missing(
            "qualification.first_touch_due_hours",
            f"first touch is due in {hours} h, at most {limit} h",
            f"首次触达时限为 {hours} 小时，须在 {limit} 小时以内",
        )
    if criteria.budget_must_be_confirmed and known.budget_confirmed is False:
        yield Missing("qualification.budget_confirmed", "the budget is not confirmed", "预算尚未确认")
