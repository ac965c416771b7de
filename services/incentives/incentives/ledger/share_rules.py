"""Who gets which part of what the rules give on one order (I2.2).

A rule's bonus is first cut by its cap per order, then the winner of its group is found, then it is shared. All of that
follows from the order alone; the caps of a month and the budgets come after it (limit_rules).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from chassis.kernel.money import Money
from incentives.rule_library.terms_rules import Combine, Group, RoleShare, ShareRole, Terms, percent

CANONICAL = {role.value: at for at, role in enumerate(ShareRole)}


@dataclass(frozen=True)
class Line:
    """One step from what a rule gives to what a slip says."""

    code: str
    text: str
    text_zh: str


@dataclass(frozen=True)
class Result:
    """What a rule's model gives; `fen` None when it could not be run."""

    rule_id: str
    terms: Terms
    fen: int | None


@dataclass(frozen=True)
class Outcome:
    """What is left for the rule's people, and why. None: not to be decided now, since a rule could not be run."""

    fen: int | None
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class People:
    """Who takes part in a deal. `recorded`: the split told with the deal, in basis points by employee."""

    owner_id: str
    manager_id: str = ""
    director_id: str = ""
    recorded: Mapping[str, int] = field(default_factory=dict)


def yuan(fen: int) -> str:
    return f"{Money(fen).yuan:,.2f}"


def outcomes(results: Sequence[Result]) -> dict[str, Outcome]:
    """By rule, after caps per order and groups."""
    found = {each.rule_id: _capped(each) for each in results}
    groups: dict[str, list[Result]] = {}
    for each in results:
        if each.terms.group is not None:
            groups.setdefault(each.terms.group.name, []).append(each)
    for name in sorted(groups):
        found |= _combined(groups[name], found)
    return found


def _capped(result: Result) -> Outcome:
    cap, fen = result.terms.caps.per_order, result.fen
    if fen is None or cap is None or fen <= cap:
        return Outcome(fen)
    return Outcome(cap, (capped("order_cap", cap, fen, result.rule_id, "per order", "单笔订单"),))


def capped(code: str, left: int, of: int, rule_id: str, per: str, per_zh: str) -> Line:
    return Line(
        code,
        f"capped: {yuan(left)} of {yuan(of)}, cap of rule {rule_id} {per}",
        f"封顶：{yuan(of)} 元中计 {yuan(left)} 元，规则 {rule_id} 的{per_zh}上限",
    )


def _combined(members: Sequence[Result], found: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """The outcomes of one group's rules on this order."""
    ranked = sorted(members, key=lambda each: _rank(each, found))
    policy = _group(ranked[0]).policy
    if policy == Combine.STACK or len(ranked) < 2:
        return {}
    giving = [each for each in ranked if found[each.rule_id].fen != 0]
    if not giving:
        return {}
    winner, rest = giving[0], giving[1:]
    unknown = giving if policy == Combine.HIGHEST else [winner]
    if any(found[each.rule_id].fen is None for each in unknown):
        return {each.rule_id: Outcome(None) for each in giving}
    changed = {each.rule_id: _lost(each, winner, found) for each in rest}
    if rest:
        changed[winner.rule_id] = _won(winner, rest, found)
    return changed


def _group(result: Result) -> Group:
    if result.terms.group is None:
        raise ValueError("not in a group")
    return result.terms.group


def _rank(result: Result, found: Mapping[str, Outcome]) -> tuple[int, int, str]:
    """The first wins: the highest amount when that is the group's way, then priority, then the rule's id."""
    group, fen = _group(result), found[result.rule_id].fen
    return -(fen or 0) if group.policy == Combine.HIGHEST else 0, group.priority, result.rule_id


_WAYS = {Combine.HIGHEST: ("the highest wins", "取最高者"), Combine.FIRST: ("the first wins", "按优先级取先者")}


def _way(result: Result) -> tuple[str, str, str]:
    group = _group(result)
    return group.name, *_WAYS[Combine(group.policy)]


def _lost(result: Result, winner: Result, found: Mapping[str, Outcome]) -> Outcome:
    (name, way, way_zh), held, best = _way(result), found[result.rule_id], found[winner.rule_id].fen or 0
    if held.fen is None:
        # It could not be run, and does not have to be: the rule before it wins whatever it gives.
        return Outcome(0)
    line = Line(
        "group_lost",
        f"group {name}, {way}: {winner.rule_id} gives {yuan(best)}; {yuan(held.fen)} of this rule do not count",
        f"分组 {name}，{way_zh}：规则 {winner.rule_id} 给出 {yuan(best)} 元，本规则的 {yuan(held.fen)} 元不计",
    )
    return Outcome(0, (*held.lines, line))


def _won(winner: Result, rest: Sequence[Result], found: Mapping[str, Outcome]) -> Outcome:
    (name, way, way_zh), held = _way(winner), found[winner.rule_id]
    beaten = [(each.rule_id, yuan(found[each.rule_id].fen or 0)) for each in rest]
    line = Line(
        "group_won",
        f"group {name}, {way}: over {', '.join(f'{rule} ({fen})' for rule, fen in beaten)}",
        f"分组 {name}，{way_zh}：优先于 {'、'.join(f'{rule}（{fen} 元）' for rule, fen in beaten)}",
    )
    return Outcome(held.fen, (*held.lines, line))


@dataclass(frozen=True)
class Part:
    """One person's part, and the lines that say so."""

    employee_id: str
    fen: int
    lines: tuple[Line, ...]


def shared(fen: int, terms: Terms, people: People) -> list[Part]:
    """Parts that sum to `fen` exactly: cut down to the fen, the fen left over to the largest remainders, of equals to
    the role first named in `ShareRole`, then the lower employee id. A negative total mirrors the positive one."""
    weights = _weights(terms, people)
    if len(weights) == 1:
        return [Part(employee_id, fen, ()) for employee_id in weights]
    parts = Money(fen).split([Decimal(weight) for weight, _ in weights.values()])
    whole = sum(weight for weight, _ in weights.values())
    return [
        Part(who, part.fen, (_split_line(fen, part.fen, roles, weight * 10_000, whole),))
        for (who, (weight, roles)), part in zip(weights.items(), parts, strict=True)
    ]


_ROLES_ZH = {"owner": "销售本人", "co_seller": "协同销售", "manager": "主管", "director": "总监"}


def _split_line(whole_fen: int, fen: int, roles: Sequence[str], weight: int, whole: int) -> Line:
    share = percent(round(weight / whole))
    names, names_zh = " + ".join(roles), " + ".join(_ROLES_ZH[role] for role in roles)
    return Line(
        "split",
        f"split: {names} {share} % of {yuan(whole_fen)} = {yuan(fen)}",
        f"分成：{names_zh} {share}%，{yuan(whole_fen)} 元中计 {yuan(fen)} 元",
    )


def _weights(terms: Terms, people: People) -> dict[str, tuple[int, tuple[str, ...]]]:
    """Whole-number weights and roles by person, in canonical order."""
    others = {who: points for who, points in sorted(people.recorded.items()) if who != people.owner_id}
    if terms.split_by_deal and people.recorded:
        listed = [(people.owner_id, people.recorded.get(people.owner_id, 0), "owner")]
        listed += [(who, points, "co_seller") for who, points in others.items()]
    else:
        listed = _by_role(terms.split or (RoleShare(ShareRole.OWNER, 1),), people, others)
    found: dict[str, tuple[int, tuple[str, ...]]] = {}
    for who, weight, role in listed:
        held, roles = found.get(who, (0, ()))
        if weight:
            found[who] = held + weight, tuple(dict.fromkeys((*roles, role)))
    return found


def _by_role(split: Sequence[RoleShare], people: People, others: Mapping[str, int]) -> list[tuple[str, int, str]]:
    """A role that nobody has falls to the owner; several co-sellers share theirs as recorded."""
    scale = sum(others.values()) or 1
    held = {ShareRole.MANAGER: people.manager_id, ShareRole.DIRECTOR: people.director_id}
    found = []
    for each in sorted(split, key=lambda share: CANONICAL[share.role]):
        if each.role == ShareRole.CO_SELLER and others:
            found += [(who, each.basis_points * points, each.role) for who, points in others.items()]
        elif each.role != ShareRole.OWNER and held.get(ShareRole(each.role)):
            found.append((held[ShareRole(each.role)], each.basis_points * scale, each.role))
        else:
            found.append((people.owner_id, each.basis_points * scale, "owner"))
    return found
