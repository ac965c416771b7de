"""Who takes over each bundle: as planned while that still holds, else by the rules, verified by the probe (LD4.1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import Transaction
from leads.assignment.assigner import Assigner
from leads.assignment.input_rules import Reps
from leads.assignment.policy import AssignmentPolicy
from leads.assignment.probe_rules import Checked, Verdict, may_assign_by_hand
from leads.assignment.rules import Place
from leads.handover import store
from leads.handover.policy import HandoverPolicy
from leads.handover.split_rules import Bundle, Choice, Split, weight
from leads.lead.rules import Grade, Position, counts_as

# Each round asks about those who were chosen in place of somebody the directory refused.
ROUNDS = 20


@dataclass(frozen=True)
class Package:
    """The pending part of a handover. `given`: weight of customers that each taker has of it already."""

    row: Row[Any]
    heads: Sequence[Row[Any]]
    bundles: Mapping[str, Bundle]
    followers: Mapping[str, Sequence[Row[Any]]]
    given: Mapping[str, float]
    weight: float


@dataclass(frozen=True)
class Taker:
    """`version`: of the account that was verified; another version under the lock is another account."""

    choice: Choice
    version: int
    by_hand: bool
    verdict: str


@dataclass(frozen=True)
class Chosen:
    """By head's item id. `held`: those without a taker, with unverified or no_capacity."""

    takers: dict[str, Taker] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)


def read_package(assigner: Assigner, row: Row[Any]) -> Package:
    """Of one handover, outside a transaction."""
    _, policy = assigner.policy()
    with assigner.uow.read(assigner.identity) as tx:
        heads = store.heads(tx, row.handover_id)
        followers: dict[str, list[Row[Any]]] = defaultdict(list)
        for each in store.followers(tx, [head.item_id for head in heads]):
            followers[each.goes_with].append(each)
        given = _given(tx, row.handover_id, policy)
    bundles = {head.item_id: bundle_of(head, followers[head.item_id]) for head in heads}
    total = sum(given.values()) + sum(weight(each, policy) for each in bundles.values())
    return Package(row, heads, bundles, followers, given, total)


def with_given(assigner: Assigner, package: Package) -> Package:
    """What has moved meanwhile counts for who gets the next: the share is one of the whole package."""
    _, policy = assigner.policy()
    with assigner.uow.read(assigner.identity) as tx:
        return replace(package, given=_given(tx, package.row.handover_id, policy))


def plan(assigner: Assigner, package: Package, policy: HandoverPolicy) -> dict[str, Choice | None]:
    """By the rules alone: nobody is asked about an account before anything moves."""
    _, assignment = assigner.policy()
    reps = assigner.board.view(assigner.uow.clock.now(), assignment).reps
    split = _split(package, reps, assignment, policy, frozenset())
    return {head.item_id: split.give(package.bundles[head.item_id]) for head in package.heads}


def choose_takers(assigner: Assigner, package: Package, heads: Sequence[Row[Any]], policy: HandoverPolicy) -> Chosen:
    """For some of the heads. Never call it inside a transaction."""
    _, assignment = assigner.policy()
    now = assigner.uow.clock.now()
    reps = assigner.board.view(now, assignment).reps
    known: dict[str, Checked] = {}
    for _ in range(ROUNDS):
        chosen = _choose(package, heads, reps, assignment, policy, known)
        asked = {each.choice.employee_id: each.version for each in chosen.takers.values()}
        unknown = {each: version for each, version in asked.items() if each not in known}
        if not unknown:
            return chosen
        known |= assigner.probe.check(unknown, now, assignment)
        if all(each.silent for each in known.values()):
            # The directory is away: whom else to ask about?
            break
    chosen = _choose(package, heads, reps, assignment, policy, known)
    sure = {head: each for head, each in chosen.takers.items() if each.choice.employee_id in known}
    return Chosen(
        sure, {each.item_id: chosen.held.get(each.item_id, "unverified") for each in heads if each.item_id not in sure}
    )


def _given(tx: Transaction, handover_id: str, policy: AssignmentPolicy) -> dict[str, float]:
    given: dict[str, float] = defaultdict(float)
    for taker_id, grade, number in store.given_so_far(tx, handover_id):
        given[taker_id] += number * policy.grade_weights[_grade(grade)]
    return given


def bundle_of(head: Row[Any], followers: Sequence[Row[Any]]) -> Bundle:
    leads = followers if head.kind == "customer" else [head]
    grade = _grade(head.grade)
    position = None if head.latitude is None or head.longitude is None else Position(head.latitude, head.longitude)
    place = Place(position, head.province, head.city)
    opens = tuple(_grade(each.grade) for each in leads)
    return Bundle(head.item_id, grade, head.industry, place, opens, grade if head.kind == "customer" else None)


def _choose(
    package: Package,
    heads: Sequence[Row[Any]],
    reps: Reps,
    assignment: AssignmentPolicy,
    policy: HandoverPolicy,
    known: Mapping[str, Checked],
) -> Chosen:
    refused = frozenset(each for each, one in known.items() if one.verdict is not Verdict.VERIFIED)
    split = _split(package, reps, assignment, policy, refused)
    chosen = Chosen()
    for head in heads:
        bundle = package.bundles[head.item_id]
        by_hand = head.planned_by not in ("", "rules") and _may_by_hand(reps, head.planned_to, known)
        choice = _planned(split, head, bundle, by_hand, refused) or split.give(bundle)
        if choice is None:
            chosen.held[head.item_id] = "unverified" if refused else "no_capacity"
            continue
        at = reps.find(choice.employee_id)
        checked = known.get(choice.employee_id)
        by_hand = by_hand and choice.employee_id == head.planned_to
        verdict = checked.verdict.value if checked else ""
        chosen.takers[head.item_id] = Taker(choice, int(reps.version[at or 0]), by_hand, verdict)
    return chosen


def _planned(split: Split, head: Row[Any], bundle: Bundle, by_hand: bool, refused: frozenset[str]) -> Choice | None:
    if not head.planned_to or (not by_hand and head.planned_to in refused):
        return None
    return split.give_to(head.planned_to, bundle, by_hand=by_hand)


def _may_by_hand(reps: Reps, employee_id: str, known: Mapping[str, Checked]) -> bool:
    """To a rep last known active, never to one known otherwise (LD4.2)."""
    at, checked = reps.find(employee_id), known.get(employee_id)
    if at is None or reps.status[at] != "active":
        return False
    return checked is None or may_assign_by_hand(checked.verdict, "active")


def _split(
    package: Package, reps: Reps, assignment: AssignmentPolicy, policy: HandoverPolicy, dropped: frozenset[str]
) -> Split:
    return Split(
        reps,
        (package.row.employee_id, package.row.unit),
        package.weight,
        assignment,
        cap=policy.load_cap,
        same_team_first=policy.same_team_first,
        given=package.given,
        dropped=dropped,
    )


def _grade(value: str) -> Grade:
    return counts_as(Grade(value) if value else None)
