"""Giver and taker check off, each for their own side, with a remark (LD10.1). Timed apart from the move."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from chassis.errors import Missing
from chassis.identity import Identity
from chassis.unit_of_work import Transaction
from leads.customer_file.completeness_rules import WORDS, Completeness
from leads.customer_file.count_completeness import completeness_of
from leads.customer_file.policy import CompletenessPolicy
from leads.handover import list_store, store
from leads.handover.close_handover import close_when_settled
from leads.handover.rules import (
    GONE,
    FileIncomplete,
    HandoverIsOver,
    HandoverState,
    ItemNotFound,
    ItemState,
    NotMovedYet,
    NotYourSide,
    Side,
)
from leads.roster import store as roster

_OPEN = (HandoverState.MOVING.value, HandoverState.MOVED.value)


@dataclass(frozen=True)
class CheckedOff:
    """`left`: items whose file is below the bar, with what it lacks; they are not checked off."""

    checked: int
    left: Sequence[tuple[Row[Any], Completeness]]
    closed: bool


def check_off(
    tx: Transaction,
    handover_id: str,
    side: Side,
    item_ids: Collection[str],
    remark: str,
    accept_gaps: bool,
    policy: CompletenessPolicy,
) -> CheckedOff:
    """No ids: all of the caller's side that have moved. What is checked off already stays as it is.

    Raises HandoverNotFound, HandoverIsOver, NotYourSide, ItemNotFound, NotMovedYet; FileIncomplete when nothing else
    was left to check off.
    """
    list_store.load(tx, handover_id)
    row = store.lock(tx, handover_id)
    if row.state not in _OPEN:
        raise HandoverIsOver(state=row.state)
    named = _named(tx, row, item_ids)
    people = roster.people(tx, {row.employee_id, *(each.taker_id for each in named)})
    mine = [each for each in named if _is_mine(tx.identity, row, side, each, people)]
    if not mine:
        raise NotYourSide(side=side.value, side_zh={"giver": "移交人", "taker": "接收人"}[side.value])
    wanted = [each for each in mine if _is_open(each, side)]
    files = _files(tx, wanted, side, policy)
    left = [] if accept_gaps else [(each, files[each.item_id]) for each in wanted if each.item_id in files]
    kept = {each.item_id for each, _ in left}
    done = [each for each in wanted if each.item_id not in kept]
    if left and not done:
        raise FileIncomplete(missing=[Missing(name, *WORDS[name]) for name in _lacking(left)])
    store.save_items(tx, [_line(tx, each, side, remark, files.get(each.item_id)) for each in done])
    tx.audit(
        action=f"handover.check_off.{side.value}",
        entity="handover",
        entity_id=handover_id,
        after={"items": [each.item_id for each in done], "gaps": sorted(set(files) - kept)},
        why=remark,
    )
    return CheckedOff(len(done), left, close_when_settled(tx, row))


def _named(tx: Transaction, row: Row[Any], item_ids: Collection[str]) -> Sequence[Row[Any]]:
    if not item_ids:
        return [each for each in store.items(tx, row.handover_id, None) if each.state == ItemState.MOVED.value]
    found = store.items(tx, row.handover_id, item_ids)
    for each in set(item_ids) - {item.item_id for item in found}:
        raise ItemNotFound(item_id=each)
    for item in found:
        if item.state != ItemState.MOVED.value:
            raise NotMovedYet(name=item.name)
    return found


def _is_mine(caller: Identity, row: Row[Any], side: Side, item: Row[Any], people: Mapping[str, roster.Person]) -> bool:
    """A manager speaks for who can't: the account of the giver or taker is gone."""
    owner, unit = (row.employee_id, row.unit) if side is Side.GIVER else (item.taker_id, item.taker_unit)
    if caller.subject == owner:
        return True
    may = caller.has_any("manager", "director", "hq") and caller.may_see(owner, unit)
    return may and (owner not in people or people[owner].status in (*GONE, "frozen", ""))


def _is_open(item: Row[Any], side: Side) -> bool:
    return (item.giver_at if side is Side.GIVER else item.taker_at) is None


def _files(
    tx: Transaction, items: Sequence[Row[Any]], side: Side, policy: CompletenessPolicy
) -> Mapping[str, Completeness]:
    """Files below the bar, by item: it is the taker who has to work with them."""
    if side is Side.GIVER:
        return {}
    customers = {each.subject_id: each.item_id for each in items if each.kind == "customer"}
    found = completeness_of(tx, list(customers), policy)
    return {customers[each]: one for each, one in found.items() if one.percent < policy.bar}


def _lacking(left: Sequence[tuple[Row[Any], Completeness]]) -> list[str]:
    found = {name for _, one in left for name in one.missing}
    return [name for name in WORDS if name in found]


def _line(tx: Transaction, item: Row[Any], side: Side, remark: str, gaps: Completeness | None) -> dict[str, Any]:
    checked = {f"{side.value}_at": tx.now, f"{side.value}_by": tx.identity.subject, f"{side.value}_remark": remark}
    if side is Side.GIVER:
        return {"item_id": item.item_id, **checked}
    accepted = {
        "completeness": gaps.percent if gaps else None,
        "gaps": list(gaps.missing) if gaps else None,
        "gaps_accepted": gaps is not None,
    }
    return {"item_id": item.item_id, **checked, **accepted}
