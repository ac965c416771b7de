"""What is wrong with the terms of a rule, by field, and against the other rules of its group (I2.2, I8.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Protocol

from incentives.rule_library.rules import RuleFinding, Severity
from incentives.rule_library.terms_rules import WHOLE, Caps, Combine, Group, RoleShare, ShareRole, Terms, percent


class Holding(Protocol):
    """A published version of another rule."""

    @property
    def rule_id(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def effective_from(self) -> datetime: ...
    @property
    def effective_to(self) -> datetime | None: ...
    @property
    def terms(self) -> Terms: ...


def check_terms(terms: Terms) -> list[RuleFinding]:
    """What is wrong with the terms alone; `place` is the field."""
    return [*_check_split(terms.split), *_check_caps(terms.caps), *_check_group(terms.group)]


def _check_split(split: Sequence[RoleShare]) -> Iterator[RuleFinding]:
    seen = Counter(each.role for each in split)
    known = ", ".join(ShareRole)
    for at, each in enumerate(split):
        place = f"terms.split[{at}]"
        if each.role not in set(ShareRole):
            en, zh = f"“{each.role}” is no role; known are {known}.", f"没有角色“{each.role}”，可用：{known}。"
            yield _error(f"{place}.role", "unknown_role", en, zh)
        elif seen[each.role] > 1:
            yield _error(f"{place}.role", "terms_invalid", f"{each.role} is there twice.", f"{each.role} 重复。")
        if not 0 < each.basis_points <= WHOLE:
            en, zh = "A share is above 0 and at most 100 %.", "比例须大于 0 且不超过 100%。"
            yield _error(f"{place}.basis_points", "terms_invalid", en, zh)
    whole = sum(each.basis_points for each in split)
    if split and whole != WHOLE:
        said = f"{percent(whole)} %"
        yield _error(
            "terms.split", "split_not_whole", f"The shares come to {said}, not 100 %.", f"比例合计 {said}，应为 100%。"
        )


def _check_caps(caps: Caps) -> Iterator[RuleFinding]:
    for name, fen in asdict(caps).items():
        if fen is not None and fen <= 0:
            yield _error(f"terms.caps.{name}", "terms_invalid", "A cap is above zero.", "上限须大于零。")


def _check_group(group: Group | None) -> Iterator[RuleFinding]:
    if group is None:
        return
    if not group.name.strip():
        yield _error("terms.group.name", "terms_invalid", "A group has a name.", "分组缺少名称。")
    if group.policy not in set(Combine):
        known = ", ".join(Combine)
        en, zh = f"Say how its rules go together: {known}.", f"请说明组内规则如何组合：{known}。"
        yield _error("terms.group.policy", "terms_invalid", en, zh)
    if group.priority < 0:
        yield _error("terms.group.priority", "terms_invalid", "A priority is at least 0.", "优先级不得为负。")


def check_neighbours(
    rule_id: str, terms: Terms, starts: datetime, ends: datetime | None, published: Iterable[Holding]
) -> list[RuleFinding]:
    """What contradicts rules of the same group that hold at some time in the same period."""
    group = terms.group
    if group is None:
        return []
    others = [each for each in published if each.rule_id != rule_id]
    found = []
    for each in sorted(others, key=lambda other: (other.rule_id, other.version)):
        theirs = each.terms.group
        if theirs is None or theirs.name != group.name or not _meet(each, others, starts, ends):
            continue
        if theirs.policy != group.policy:
            en = f"{each.rule_id} says “{theirs.policy}” in the group {group.name}; choose that or another group name."
            zh = f"分组 {group.name} 中 {each.rule_id} 的组合方式为“{theirs.policy}”，请保持一致或换用新的分组名。"
            found.append(_error("terms.group.policy", "group_contradiction", en, zh))
        elif group.policy == Combine.FIRST and theirs.priority == group.priority:
            en = f"{each.rule_id} has the priority {group.priority} too; the rule's id decides."
            zh = f"{each.rule_id} 的优先级也是 {group.priority}，将按规则编号决定。"
            place = "terms.group.priority"
            found.append(RuleFinding(Severity.WARNING, place, "group_priority_shared", en, zh))
    return list(dict.fromkeys(found))


def _meet(rule: Holding, known: Iterable[Holding], starts: datetime, ends: datetime | None) -> bool:
    """Whether the version holds at some time from `starts` until `ends`; a later start of its own ends it."""
    mine = rule.effective_from, rule.version
    stops = [x.effective_from for x in known if x.rule_id == rule.rule_id and (x.effective_from, x.version) > mine]
    stops += [rule.effective_to] if rule.effective_to is not None else []
    over = min(stops, default=None)
    if over is not None and (over <= starts or over <= rule.effective_from):
        return False
    return ends is None or rule.effective_from < ends


def _error(place: str, code: str, en: str, zh: str) -> RuleFinding:
    return RuleFinding(Severity.ERROR, place, code, en, zh)
