"""SQL of awards. A month or a budget is read by index, without its deals."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Row,
    Text,
    any_,
    bindparam,
    case,
    delete,
    false,
    func,
    literal,
    or_,
    select,
    text,
    tuple_,
    union_all,
)

from chassis import rows
from chassis.unit_of_work import Transaction
from incentives.awards.rules import Explained, Item, Key, Mark, People
from incentives.budgets.rules import Change, Figures, Span, own_times, scope
from incentives.ledger.limit_rules import Running, Used
from incentives.ledger.rules import WAITING, EntryKind
from incentives.tables import award, award_step, ledger_entry

C = award_step.c
_MINE = award.c.deal_key == any_(bindparam("keys", type_=ARRAY(Text)))
_AWARDS = select(award).where(_MINE)
_OF_AWARD = (award.c.deal_key == C.deal_key) & (award.c.rule_id == C.rule_id)
_SELECTED = select(
    award.c.deal_key, award.c.rule_id, award.c.rule_version, award.c.group_name, award.c.cap_lines,
    award.c.budget_lines, C.signed_at, C.beneficiary_id, C.effective_at, C.share_fen, C.granted_fen, C.held_fen,
).order_by(C.signed_at, award.c.deal_key, award.c.rule_id)  # fmt: skip
# Also awards that give nobody anything.
_ITEMS_OF_DEALS = _SELECTED.select_from(award.join(award_step, _OF_AWARD, isouter=True)).where(_MINE)
_EXPLAINED = ["deal_key", "rule_id", *(each.name for each in fields(Explained))]
_EXPLAIN = text(f"""
    {rows.insertion(award, _EXPLAINED)}
    ON CONFLICT (deal_key, rule_id) DO UPDATE SET {rows.replacement(_EXPLAINED, "deal_key", "rule_id")}
""")
_FORGET = text("""
    DELETE FROM award_step WHERE (deal_key, rule_id) IN
        (SELECT * FROM unnest(CAST(:deals AS text[]), CAST(:rules AS text[])))
""")
_SAID = ["deal_key", "rule_id", "cap_lines", "budget_lines"]
_REWRITE = text(f"""
    WITH steps AS ({rows.insertion(award_step, [each.name for each in award_step.c], "steps")})
    UPDATE award SET cap_lines = said.cap_lines, budget_lines = said.budget_lines
    FROM ({rows.selection(award, _SAID, "said")}) AS said
    WHERE (award.deal_key, award.rule_id) = (said.deal_key, said.rule_id)
""")  # noqa: S608 - fixed column names


def load_items(tx: Transaction, deal_keys: Collection[str]) -> dict[Key, Item]:
    found = tx.execute(_ITEMS_OF_DEALS, {"keys": list(deal_keys)})
    return {item.key: item for item in _items_in(found)}


def load_awards(tx: Transaction, deal_keys: Collection[str]) -> dict[Key, Row[Any]]:
    return {(row.deal_key, row.rule_id): row for row in tx.execute(_AWARDS, {"keys": list(deal_keys)})}


def month_items(tx: Transaction, rule_id: str, mark: Mark, until: datetime) -> list[Item]:
    """From the mark on, in canonical order."""
    return _items(tx, (C.rule_id == rule_id) & (C.signed_at < until) & (_place() >= mark))


def month_used(tx: Transaction, rule_id: str, since: datetime, mark: Mark) -> Used:
    """What the awards of the month before the mark have been granted, in one line per person and later change."""
    at = func.greatest(C.effective_at, mark[0])
    rows = tx.execute(
        select(C.beneficiary_id, at.label("at"), func.sum(C.granted_fen).label("fen"))
        .where(C.rule_id == rule_id, C.signed_at >= since, _place() < mark)
        .group_by(C.beneficiary_id, at)
    )
    used = Used()
    for row in rows:
        used.add({row.beneficiary_id: {row.at: int(row.fen)}})
    return used


def budget_items(tx: Transaction, span: Span, budgets: Sequence[Change], mark: Mark) -> list[Item]:
    return _items(tx, _in_span(span, budgets) & (_place() >= mark))


def budget_taken(tx: Transaction, span: Span, budgets: Sequence[Change], mark: Mark) -> Running:
    """As `month_used`, of a budget: what waits is counted too."""
    at = func.greatest(C.effective_at, mark[0])
    rows = tx.execute(
        select(at.label("at"), func.sum(C.granted_fen).label("fen"))
        .where(_in_span(span, budgets), _place() < mark)
        .group_by(at)
    )
    return Running(0, {row.at: int(row.fen) for row in rows})


def figures(tx: Transaction, span: Span, budgets: Sequence[Change]) -> Figures:
    held = func.sum(C.held_fen)
    each = (
        select(C.deal_key, C.signed_at, func.sum(C.granted_fen).label("granted"), held.label("held"))
        .where(_in_span(span, budgets))
        .group_by(C.deal_key, C.rule_id, C.signed_at)
        .subquery()
    )
    waits = each.c.held > 0
    whole = tx.execute(
        select(
            func.coalesce(func.sum(each.c.granted - each.c.held), 0).label("used"),
            func.coalesce(func.sum(each.c.held), 0).label("held"),
            func.count(each.c.deal_key.distinct()).filter(waits).label("orders"),
        )
    ).one()
    first = select(each.c.deal_key).where(waits).order_by(each.c.signed_at, each.c.deal_key).limit(1)
    return Figures(int(whole.used), int(whole.held), whole.orders, tx.execute(first).scalar_one_or_none() or "")


def pays(tx: Transaction, span: Span, budgets: Sequence[Change], employee_id: str) -> bool:
    """Whether awards that count against the budget are this person's."""
    query = select(C.deal_key).where(_in_span(span, budgets), C.beneficiary_id == employee_id).limit(1)
    return tx.execute(query).first() is not None


def groups_of(tx: Transaction, rule_id: str, since: datetime) -> list[str]:
    """In which the rule gave something since then."""
    query = select(C.group_name).distinct().where(C.rule_id == rule_id, C.signed_at >= since, C.group_name != "")
    return list(tx.execute(query).scalars())


def differing_deals(tx: Transaction, since: datetime, most: int = 10_000) -> list[str]:
    """Of the deals that something was booked for since: those of which an amount is booked that no award tells, or the
    other way round."""
    entry, zero = ledger_entry.c, literal(0)
    recent = select(entry.deal_key).where(entry.booked_at >= since)
    earning = entry.kind.in_([each.value for each in (EntryKind.EARN, EntryKind.CLAW_BACK)])
    waiting = entry.kind.in_([each.value for each in WAITING])
    told = select(C.deal_key, C.rule_id, C.beneficiary_id, C.effective_at, C.granted_fen.label("fen"), C.held_fen)
    told = told.where(C.deal_key.in_(recent))
    booked = select(
        entry.deal_key, entry.rule_id, entry.employee_id, entry.effective_at,
        case((earning, -entry.amount_fen), else_=zero), case((waiting, entry.amount_fen), else_=zero),
    ).where(or_(earning, waiting), ~entry.of_appeal, entry.deal_key.in_(recent))  # fmt: skip
    both = union_all(told, booked).subquery().c
    whole = select(both.deal_key).group_by(both.deal_key, both.rule_id, both.beneficiary_id, both.effective_at)
    differing = whole.having(or_(func.sum(both.fen) != 0, func.sum(both.held_fen) != 0)).subquery().c
    query = select(differing.deal_key).distinct().order_by(differing.deal_key).limit(most)
    return list(tx.execute(query).scalars())


def explain(tx: Transaction, explained: Mapping[Key, Explained]) -> None:
    """What is said of the awards on their deals; what their months say stays."""
    if explained:
        told = [{"deal_key": key[0], "rule_id": key[1], **asdict(each)} for key, each in explained.items()]
        tx.execute(_EXPLAIN, {"rows": rows.document(told)})


def remove(tx: Transaction, keys: Collection[Key]) -> None:
    for table in (award_step, award):
        tx.execute(delete(table).where(tuple_(table.c.deal_key, table.c.rule_id).in_(keys)))


def rewrite(tx: Transaction, items: Sequence[Item]) -> None:
    """Amounts and lines of the month as the items have them now."""
    if not items:
        return
    tx.execute(_FORGET, {"deals": [each.deal_key for each in items], "rules": [each.rule_id for each in items]})
    steps = [row for each in items for row in _rows(each)]
    said = [
        {"deal_key": x.deal_key, "rule_id": x.rule_id, "cap_lines": x.cap_lines, "budget_lines": x.budget_lines}
        for x in items
    ]
    tx.execute(_REWRITE, {"steps": rows.document(steps), "said": rows.document(said)})


def _place() -> ColumnElement[Any]:
    return tuple_(C.signed_at, C.deal_key)


def _in_span(span: Span, budgets: Sequence[Change]) -> ColumnElement[bool]:
    """While a rule has a budget of its own, it does not count against its group's. The same as `budget_of`; a test
    holds them together."""
    rule, group = scope(span.budget_id)
    inside = (C.signed_at >= span.since) & (C.signed_at < span.until)
    if rule:
        return inside & (C.rule_id == rule)
    own = [
        (C.rule_id == each) & (C.signed_at >= since) & (C.signed_at < until)
        for each, since, until in own_times(budgets, span)
    ]
    return inside & (C.group_name == group) & ~or_(false(), *own)


def _items(tx: Transaction, which: ColumnElement[bool]) -> list[Item]:
    return _items_in(tx.execute(_SELECTED.select_from(award.join(award_step, _OF_AWARD)).where(which)))


def _items_in(rows: Iterable[Row[Any]]) -> list[Item]:
    found: dict[Key, Item] = {}
    for row in rows:
        key = row.deal_key, row.rule_id
        if key not in found:
            found[key] = Item(
                *key, row.rule_version, row.group_name, row.signed_at, cap_lines=row.cap_lines,
                budget_lines=row.budget_lines,
            )  # fmt: skip
        for people, fen in _layers(found[key], row):
            if fen:
                people.setdefault(row.beneficiary_id, {})[row.effective_at] = fen
    return list(found.values())


def _layers(item: Item, row: Row[Any]) -> Iterable[tuple[People, int]]:
    return (item.shares, row.share_fen), (item.granted, row.granted_fen), (item.held, row.held_fen)


def _rows(item: Item) -> list[Mapping[str, Any]]:
    layers = item.shares, item.granted, item.held
    return [
        {
            "deal_key": item.deal_key,
            "rule_id": item.rule_id,
            "beneficiary_id": person,
            "effective_at": at,
            "signed_at": item.signed_at,
            "group_name": item.group_name,
            "share_fen": item.shares.get(person, {}).get(at, 0),
            "granted_fen": item.granted.get(person, {}).get(at, 0),
            "held_fen": item.held.get(person, {}).get(at, 0),
        }
        for person in item.people
        for at in sorted({at for layer in layers for at in layer.get(person, {})})
    ]
