"""Bring awards, the months they are cut in and the budgets that hold them to what the deals say now (I2.2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chassis.unit_of_work import Transaction
from incentives.awards import store
from incentives.awards.hold_back import hold_back
from incentives.awards.rules import (
    Explained,
    Item,
    Key,
    cap_lines,
    earliest,
    items_of,
    month_of,
    to_replace,
)
from incentives.budgets.rules import budget_of
from incentives.budgets.store import approved
from incentives.ledger.limit_rules import Claim, Used, cut
from incentives.ledger.rules import Post
from incentives.rule_library.rules import Rule
from incentives.rule_library.terms_rules import NO_TERMS


@dataclass(frozen=True)
class Judged:
    """What the rules give on some deals, before months and budgets are looked at."""

    shares: Mapping[Post, int]
    explained: Mapping[Key, Explained]
    signed: Mapping[str, datetime]
    unknown: Collection[Key]


def settle_awards(tx: Transaction, deal_keys: Collection[str], judged: Judged, rules: Sequence[Rule]) -> set[str]:
    """The deals on which an amount changed: some of `deal_keys`, and others of the same months and budgets."""
    before = store.load_items(tx, deal_keys)
    after = items_of(judged.shares, judged.explained, judged.signed)
    changed = to_replace(before, after, judged.unknown)
    _replace(tx, changed, after, judged)
    touched = [
        item for key in changed for item in (before.get(key), after.get(key)) if item is not None and item.shares
    ]
    moved = [*touched, *_cut_months(tx, touched, rules)]
    moved += _hold_back(tx, moved)
    return {item.deal_key for item in moved}


def _replace(tx: Transaction, changed: Sequence[Key], after: Mapping[Key, Item], judged: Judged) -> None:
    gone = [key for key in changed if key not in after]
    if gone:
        store.remove(tx, gone)
    store.explain(tx, {key: each for key, each in judged.explained.items() if key not in judged.unknown})
    fresh = [after[key] for key in changed if key in after]
    for item in fresh:
        item.granted = {person: dict(steps) for person, steps in item.shares.items()}
    store.rewrite(tx, fresh)


def _cut_months(tx: Transaction, touched: Iterable[Item], rules: Sequence[Rule]) -> list[Item]:
    """Awards that the caps of a month leave another amount than before."""
    capped = {rule.rule_id for rule in rules if rule.terms.caps.of_month}
    marks = earliest(
        ((item.rule_id, *month_of(item.signed_at)), item.mark) for item in touched if item.rule_id in capped
    )
    terms = {(rule.rule_id, rule.version): rule.terms for rule in rules}
    found: list[Item] = []
    for (rule_id, since, until), mark in sorted(marks.items()):
        items = store.month_items(tx, rule_id, mark, until)
        claims = [item.claim(terms.get((rule_id, item.rule_version), NO_TERMS).caps) for item in items]
        found += _keep(tx, items, claims, store.month_used(tx, rule_id, since, mark))
    return found


def _keep(tx: Transaction, items: Sequence[Item], claims: Sequence[Claim], used: Used) -> list[Item]:
    changed = []
    for item, granted in zip(items, cut(claims, used), strict=True):
        lines = cap_lines(item, granted.cuts)
        if granted.steps != item.granted or lines != item.cap_lines:
            item.granted = {person: dict(steps) for person, steps in granted.steps.items()}
            item.cap_lines = lines
            changed.append(item)
    store.rewrite(tx, changed)
    return changed


def _hold_back(tx: Transaction, moved: Iterable[Item]) -> list[Item]:
    budgets = approved(tx)
    if not budgets:
        return []
    spans = [(budget_of(budgets, item.rule_id, item.group_name, item.signed_at), item.mark) for item in moved]
    marks = earliest((span, mark) for span, mark in spans if span is not None)
    ordered = sorted(marks.items(), key=lambda each: (each[0].budget_id, each[0].starts_on))
    return [item for span, mark in ordered for item in hold_back(tx, span, mark, budgets)]
