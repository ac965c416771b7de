"""A plan is a tree company → region → team → rep, per month (T2.1).

A node's parent follows from its place: a rep's is the unit the rep works in, a unit's is the unit above it. Children
add up to the parent, or the gap is shown; nothing is forced, because closing the gap is what people negotiate about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from chassis.errors import AlreadyExists, InvalidInput, NotFound, Violation
from chassis.kernel.money import Money

MONTHS_PER_YEAR = 12
CURRENCY = "CNY"


class Level(StrEnum):
    COMPANY = "company"
    REGION = "region"
    TEAM = "team"
    REP = "rep"


# How many names a unit's path has on each level.
DEPTH = {Level.COMPANY: 1, Level.REGION: 2, Level.TEAM: 3}
ORDER = list(Level)

# T2.3: why a target moves. People choose one; free words go into the note.
REASON_CODES = {
    "rebate_period_unclear": "返点周期不明确",
    "sell_out_data_missing": "缺少终端动销数据",
    "territory_change": "区域调整",
    "market_change": "市场变化",
    "correction": "更正",
}
LEVEL_WORDS = {
    Level.COMPANY: ("HQ", "总部"),
    Level.REGION: ("regions", "大区"),
    Level.TEAM: ("teams", "团队"),
    Level.REP: ("reps", "销售"),
}


class PlanNotFound(NotFound):
    en = "There is no such plan."
    zh = "没有找到该计划。"


class TargetNotFound(NotFound):
    en = "There is no such target."
    zh = "没有找到该目标。"


class PlanOverlaps(AlreadyExists):
    """Two plans of one category for one month would give two targets for the same money."""

    en = "The plan “{name}” already covers {month}."
    zh = "计划“{name}”已经包含 {month}。"


class CurrencyNotPlanned(InvalidInput):
    """Figures of one month add up, so they are all in one currency."""

    en = f"Targets are in {CURRENCY}."
    zh = f"目标须以 {CURRENCY} 计。"


class UnknownReason(InvalidInput):
    en = "The reason is not one of the list."
    zh = "原因不在列表中。"


@dataclass(frozen=True)
class PlanNode:
    """One target. `subject` is a unit path, or the employee id on level rep; `unit` the path it belongs to."""

    node_id: str
    level: Level
    subject: str
    name: str
    unit: str
    month: str
    target: Money
    version: int = 1


@dataclass(frozen=True)
class TreeNode:
    """A target beside the sum of its children; both are None on leaves."""

    node: PlanNode
    parent_id: str
    children: Money | None
    gap: Money | None


@dataclass(frozen=True)
class NodeRow:
    """One row of an import."""

    level: Level
    subject: str
    month: str
    target: Money


@dataclass(frozen=True)
class RowError:
    """`row` counts from 1."""

    row: int
    field: str
    en: str
    zh: str


@dataclass(frozen=True)
class Roster:
    """What an import is checked against: units that somebody works in, employee id → unit path."""

    units: Set[str]
    reps: Mapping[str, str]


@dataclass(frozen=True)
class CheckedRows:
    """The rows that go in, each with its unit, and what is wrong with the others."""

    rows: list[tuple[NodeRow, str]] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)


@dataclass(frozen=True)
class PlanChanged:
    plan_id: str
    node_id: str
    subject: str
    month: str
    actor: str
    before: Money | None
    after: Money
    reason_code: str


def months_of(first: str, count: int) -> list[str]:
    """`count` months from `first`, "YYYY-MM"."""
    start = date.fromisoformat(f"{first}-01")
    zero = start.year * MONTHS_PER_YEAR + start.month - 1
    return [f"{at // MONTHS_PER_YEAR:04d}-{at % MONTHS_PER_YEAR + 1:02d}" for at in range(zero, zero + count)]


def months_between(first: str, last: str) -> list[str]:
    """From `first` to `last`, both included."""
    (year, month), (last_year, last_month) = (map(int, each.split("-")) for each in (first, last))
    return months_of(first, (last_year - year) * MONTHS_PER_YEAR + last_month - month + 1)


def parent_subject(node: PlanNode) -> str:
    """The subject of the node above; empty for the company."""
    if node.level is Level.REP:
        return node.unit
    return node.subject.rstrip("/").rpartition("/")[0] + "/" if node.level is not Level.COMPANY else ""


def tree(nodes: Iterable[PlanNode]) -> list[TreeNode]:
    """The nodes of one month, parents before children, each beside the sum of its children (T2.1)."""
    ordered = sorted(nodes, key=lambda node: (ORDER.index(node.level), node.unit, node.subject))
    by_subject = {node.subject: node for node in ordered}
    parents = {node.node_id: by_subject.get(parent_subject(node)) for node in ordered}
    sums: dict[str, Money] = {}
    for node in ordered:
        parent = parents[node.node_id]
        if parent is not None:
            sums[parent.node_id] = sums.get(parent.node_id, Money(0, node.target.currency)) + node.target
    return [_with_children(node, parents[node.node_id], sums.get(node.node_id)) for node in ordered]


def _with_children(node: PlanNode, parent: PlanNode | None, children: Money | None) -> TreeNode:
    gap = node.target - children if children is not None else None
    return TreeNode(node, parent.node_id if parent else "", children, gap)


def gap_summary(nodes: Sequence[PlanNode]) -> tuple[str, str]:
    """The sums per level in words: "HQ 5.00 m, regions 4.20 m, teams 3.60 m" and "总部 500.00 万元，大区 …"."""
    totals = {
        level: Money.total(node.target for node in nodes if node.level is level)
        for level in Level
        if any(node.level is level for node in nodes)
    }
    en = ", ".join(f"{LEVEL_WORDS[level][0]} {_in(total, 6)} m" for level, total in totals.items())
    zh = "，".join(f"{LEVEL_WORDS[level][1]} {_in(total, 4)} 万元" for level, total in totals.items())
    return en, zh


def _in(amount: Money, zeros: int) -> str:
    return f"{amount.yuan.scaleb(-zeros).quantize(Decimal('0.01')):,}"


def check_rows(rows: Sequence[NodeRow], months: Iterable[str], roster: Roster) -> CheckedRows:
    """Sort rows into those that go in and those that don't, with the reason for each."""
    checked, seen, known = CheckedRows(), set[tuple[str, str]](), set(months)
    roster = Roster(with_units_above(roster.units), roster.reps)
    for number, row in enumerate(rows, start=1):
        unit = roster.reps.get(row.subject) if row.level is Level.REP else row.subject
        error = _refusal(number, row, unit, known, roster, seen)
        if error is not None or unit is None:
            checked.errors.extend([error] if error else [])
            continue
        seen.add((row.subject, row.month))
        checked.rows.append((row, unit))
    return checked


def with_units_above(paths: Iterable[str]) -> set[str]:
    """A unit in which nobody works directly is there when somebody works below it."""
    names = [path.strip("/").split("/") for path in paths]
    return {"/" + "/".join(each[:depth]) + "/" for each in names for depth in range(1, len(each) + 1)}


def _refusal(
    number: int, row: NodeRow, unit: str | None, months: set[str], roster: Roster, seen: set[tuple[str, str]]
) -> RowError | None:
    if row.target.currency != CURRENCY:
        return RowError(number, "target", CurrencyNotPlanned.en, CurrencyNotPlanned.zh)
    if row.month not in months:
        return RowError(number, "month", f"{row.month} is outside the plan.", f"{row.month} 不在计划期间内。")
    if unit is None:
        return RowError(number, "subject", f"Nobody is known as {row.subject}.", f"没有工号为 {row.subject} 的员工。")
    if row.level is not Level.REP and unit not in roster.units:
        return RowError(number, "subject", f"There is no unit {unit}.", f"没有组织单元 {unit}。")
    if row.level is not Level.REP and unit.strip("/").count("/") + 1 != DEPTH[row.level]:
        return RowError(
            number, "level", f"{unit} is not a {row.level}.", f"{unit} 不是{LEVEL_WORDS[row.level][1]}级单元。"
        )
    if (row.subject, row.month) in seen:
        return RowError(number, "subject", "This subject and month came before.", "同一对象同一月份已出现过。")
    return None


def check_currency(target: Money) -> None:
    """Raises CurrencyNotPlanned."""
    if target.currency != CURRENCY:
        raise CurrencyNotPlanned.of(Violation("target.currency", CurrencyNotPlanned.en, CurrencyNotPlanned.zh))


def check_reason(code: str) -> None:
    """Raises UnknownReason, naming the codes there are."""
    if code not in REASON_CODES:
        known = "、".join(f"{name}（{zh}）" for name, zh in REASON_CODES.items())
        raise UnknownReason.of(Violation("reason_code", f"must be one of {', '.join(REASON_CODES)}", f"须为：{known}"))
