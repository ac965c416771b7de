"""Which grade a customer stands at: a person's word, else the computed one, else the one it came with (LD2.2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from chassis.kernel.calendar import local_date
from leads.customer_grades.rules import Kind, Verdict
from leads.lead.rules import Grade

LABELS = {
    "revenue": ("Revenue", "成交额"),
    "potential": ("Potential", "潜力"),
    "payment": ("Payment", "回款"),
    "relationship": ("Relationship", "客情"),
}


@dataclass(frozen=True)
class Override:
    """A person's own word, until then."""

    grade: Grade
    reason: str
    by: str
    at: datetime
    until: datetime


@dataclass(frozen=True)
class Standing:
    """Kept apart from each other. `verdict` is None until the first computation."""

    customer_id: str
    declared: Grade | None = None
    verdict: Verdict | None = None
    override: Override | None = None
    policy_version: int = 0
    computed_at: datetime | None = None

    @property
    def computed(self) -> Grade | None:
        return self.verdict.grade if self.verdict else None

    @property
    def grade(self) -> Grade | None:
        """The one that counts."""
        if self.override is not None:
            return self.override.grade
        return self.computed or self.declared


def seen(standing: Standing | None, customer_id: str, grade: Grade | None) -> Standing:
    """`grade` is what the customer's own row says. Where we did not write that, somebody else declared it."""
    if standing is None:
        return Standing(customer_id, declared=grade)
    return standing if standing.grade is grade else replace(standing, declared=grade)


def judged(standing: Standing, verdict: Verdict, version: int, at: datetime) -> Standing:
    return replace(standing, verdict=verdict, policy_version=version, computed_at=at)


def words(before: Standing, after: Standing, kind: Kind) -> tuple[str, str]:
    """Why the grade, or the computed one beneath a person's word, is another."""
    if kind is Kind.OVERRIDDEN and after.override is not None:
        by = after.override
        until = local_date(by.until).isoformat()
        return (
            f"{by.by} says {by.grade} until {until}: {by.reason}",
            f"{by.by} 人工定级 {by.grade}，至 {until}：{by.reason}",
        )
    if kind in (Kind.WITHDRAWN, Kind.EXPIRED):
        gone = ("taken back", "已撤回") if kind is Kind.WITHDRAWN else ("has ended", "已到期")
        said = before.override.grade.value if before.override else ""
        return f"The own grade {said} {gone[0]}.", f"人工定级 {said} {gone[1]}。"
    if kind is Kind.DECLARED:
        given = after.declared.value if after.declared else "–"
        counts = after.grade.value if after.grade else "–"
        return f"Given as {given}; {counts} counts.", f"外部给定等级 {given}，生效等级 {counts}。"
    return moved(before.verdict, after.verdict)


def moved(before: Verdict | None, after: Verdict | None) -> tuple[str, str]:
    """What made the score another, the strongest first."""
    if after is None or after.score is None:
        return "Too little is known.", "已知信息不足。"
    score = f"{after.score:.2f}"
    if before is None or before.score is None:
        return f"Score {score}: first computed.", f"评分 {score}：首次计算。"
    old = {each.name: (each.value or 0) * each.weight for each in before.parts}
    deltas = [(each, (each.value or 0) * each.weight - old.get(each.name, 0.0)) for each in after.parts]
    told = sorted((each for each in deltas if abs(each[1]) >= 0.005), key=lambda each: -abs(each[1]))
    en = ", ".join(f"{each.name} {delta:+.2f}" for each, delta in told) or "the limits changed"
    zh = "，".join(f"{LABELS[each.name][1]} {delta:+.2f}" for each, delta in told) or "等级界限调整"
    return f"Score {before.score:.2f} → {score}: {en}.", f"评分 {before.score:.2f} → {score}：{zh}。"
