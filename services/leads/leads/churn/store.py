"""SQL of churn: buyers with their days, in one walk along an index, then grouped by what the customer is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    FromClause,
    Row,
    Select,
    Text,
    cast,
    func,
    literal,
    literal_column,
    select,
    true,
    tuple_,
)

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads import tables
from leads.churn.rules import WINDOWS, By, Churned, ChurnFigure, Repeated, RepeatFigure, Subject, Window

c, p = tables.customer.c, tables.purchase.c
# A literal, so that every plan may use the index of what was bought.
_ACTIVE = p.state == literal_column("'active'")
# "2026-03-10S001": the place that goes with the last day.
_PLACED = func.max(func.concat(p.signed_on, p.store))
_EMPTY = cast("", Text)


@dataclass(frozen=True)
class Wish:
    """What a report or a list is asked for. `group` counts where `by` names one."""

    as_of: date
    by: By
    group: str = ""
    subject: Subject = Subject.CUSTOMERS


def churn(tx: Transaction, wish: Wish) -> list[ChurnFigure]:
    """Of buyers whose customers the caller may see, by group; the totals are their sums."""
    bought = _bought(tx, wish)
    group = _group(wish, bought)
    counted = {
        (days, what): func.count().filter(_kept(bought, Window(wish.as_of, days), what))
        for days in WINDOWS
        for what in Churned
    }
    labelled = [each.label(f"{what}_{days}") for (days, what), each in counted.items()]
    query = select(group.label("grouped"), *labelled).select_from(_with_customers(bought, wish))
    found = tx.execute(query.where(_shown(tx)).group_by(group).order_by(group)).all()
    return [
        ChurnFigure(days, row.grouped, *(row._mapping[f"{what}_{days}"] for what in Churned))
        for days in WINDOWS
        for row in found
    ]


def churn_rows(tx: Transaction, wish: Wish, days: int, what: Churned, page: Page) -> Sequence[Row[Any]]:
    """The buyers of a figure, who bought last first."""
    bought = _bought(tx, wish)
    query = _rows(tx, wish, bought, page).where(_kept(bought, Window(wish.as_of, days), what))
    return tx.execute(query).all()


def repeat(tx: Transaction, wish: Wish, days: int) -> list[RepeatFigure]:
    bought = _bought_within(tx, wish, Window(wish.as_of, days))
    group, repeated = _group(wish, bought), func.count().filter(bought.c.days > 1)
    query = (
        select(group.label("grouped"), func.count().label("buyers"), repeated.label("repeated"))
        .select_from(_with_customers(bought, wish))
        .where(_shown(tx))
        .group_by(group)
        .order_by(group)
    )
    return [RepeatFigure(row.grouped, row.buyers, row.repeated) for row in tx.execute(query)]


def repeat_rows(tx: Transaction, wish: Wish, days: int, what: Repeated, page: Page) -> Sequence[Row[Any]]:
    bought = _bought_within(tx, wish, Window(wish.as_of, days))
    kept: Mapping[Repeated, ColumnElement[bool]] = {
        Repeated.BUYERS: true(),
        Repeated.REPEATED: bought.c.days > 1,
        Repeated.ONCE: bought.c.days == 1,
    }
    return tx.execute(_rows(tx, wish, bought, page).add_columns(bought.c.days).where(kept[what])).all()


def _bought(tx: Transaction, wish: Wish) -> CTE:
    """Customer, or store and its last customer, with the last day, and the last before each number of days began."""
    return _stores(wish) if wish.subject is Subject.STORES else _customers(tx, wish)


def _customers(tx: Transaction, wish: Wish) -> CTE:
    """Most bought of late and are found in one walk; of the others alone the last day is looked for."""
    placed = wish.by is By.STORE
    recent = _last_days(wish, p.customer_id, *([_tail(_PLACED).label("store")] if placed else []))
    recent = recent.where(p.customer_id.is_not(None), p.signed_on > _looked_at(wish), *_narrowed(tx, wish))
    of_late = recent.cte("of_late")
    before = select(p.signed_on.label("last"), p.store).where(
        of_late.c.customer_id.is_(None), p.customer_id == c.customer_id, _ACTIVE, p.signed_on <= _looked_at(wish)
    )
    earlier = before.order_by(p.signed_on.desc(), p.store.desc()).limit(1).lateral("earlier")
    last = func.coalesce(of_late.c.last, earlier.c.last)
    found = tables.customer.outerjoin(of_late, of_late.c.customer_id == c.customer_id).outerjoin(earlier, true())
    days = [of_late.c[f"before_{each}"] for each in WINDOWS]
    places = [func.coalesce(of_late.c.store, earlier.c.store).label("store")] if placed else []
    query = select(c.customer_id.label("buyer"), last.label("last"), *days, *places).select_from(found)
    return query.where(_shown(tx), last.is_not(None)).cte("bought")


def _stores(wish: Wish) -> CTE:
    buyer = _tail(func.max(func.concat(p.signed_on, p.customer_id))).label("buyer")
    return _last_days(wish, p.store, buyer).where(p.store != "", p.customer_id.is_not(None)).cte("bought")


def _last_days(wish: Wish, whose: ColumnElement[Any], *more: ColumnElement[Any]) -> Select[Any]:
    before = [
        func.max(p.signed_on).filter(p.signed_on <= Window(wish.as_of, days).start).label(f"before_{days}")
        for days in WINDOWS
    ]
    query = select(whose, func.max(p.signed_on).label("last"), *before, *more)
    return query.where(p.signed_on <= wish.as_of, _ACTIVE).group_by(whose)


def _looked_at(wish: Wish) -> date:
    """What was before it makes nobody active in any of the numbers of days."""
    return min(Window(wish.as_of, days).active_after for days in WINDOWS)


def _bought_within(tx: Transaction, wish: Wish, window: Window) -> CTE:
    """Customer, by store each place of it, with the days on which it bought."""
    query = select(
        p.customer_id.label("buyer"),
        func.max(p.signed_on).label("last"),
        func.count(p.signed_on.distinct()).label("days"),
    ).where(_ACTIVE, p.signed_on > window.start, p.signed_on <= window.as_of, p.customer_id.is_not(None))
    query = query.where(*_narrowed(tx, wish))
    if wish.by is By.STORE:
        query = query.add_columns(p.store).where(p.store != "").group_by(p.store)
    return query.group_by(p.customer_id).cte("bought")


def _narrowed(tx: Transaction, wish: Wish) -> list[ColumnElement[bool]]:
    """Where few customers are asked for, only their orders are walked along; what is shown is decided later."""
    if tx.identity.level != "company":
        return [p.customer_id.in_(select(c.customer_id).where(_shown(tx)))]
    if wish.by is By.REP and wish.group:
        return [p.customer_id.in_(select(c.customer_id).where(c.owner_id == wish.group))]
    return []


def _tail(placed: ColumnElement[Any]) -> ColumnElement[str]:
    """What stands behind the day."""
    return func.substr(placed, 11)


def _kept(bought: CTE, window: Window, what: Churned) -> ColumnElement[bool]:
    """As `rules.kinds` has it."""
    active = bought.c[f"before_{window.days}"] > cast(literal(window.active_after), Date)
    gone = bought.c.last <= cast(literal(window.start), Date)
    return {
        Churned.BUYERS: true(),
        Churned.ACTIVE_BEFORE: active,
        Churned.LOST: active & gone,
        Churned.GONE: gone,
    }[what]


def _with_customers(bought: CTE, wish: Wish) -> FromClause:
    buyer = cast(bought.c.buyer, c.customer_id.type) if wish.subject is Subject.STORES else bought.c.buyer
    return bought.join(tables.customer, c.customer_id == buyer)


def _shown(tx: Transaction) -> ColumnElement[bool]:
    return c.withdrawn_at.is_(None) & tx.identity.visible(c.owner_id, c.unit)


def _group(wish: Wish, bought: CTE) -> ColumnElement[str]:
    if wish.by is By.STORE:
        return bought.c.store
    known: Mapping[By, ColumnElement[str]] = {
        By.NOTHING: _EMPTY,
        By.GRADE: c.grade,
        By.CLASS: c.customer_class,
        # "/HQ/EAST/HZ1/" is of the region EAST.
        By.REGION: func.split_part(c.unit, literal_column("'/'"), literal_column("3")),
        By.PROVINCE: c.province,
        By.REP: c.owner_id,
    }
    return known[wish.by]


def _rows(tx: Transaction, wish: Wish, bought: CTE, page: Page) -> Select[Any]:
    """Ordered by the last day, then by who it is."""
    key = (bought.c.last, bought.c.store if _is_placed(wish) else _EMPTY, c.customer_id)
    shown = [c[name] for name in ("customer_id", "name", "grade", "customer_class", "owner_id", "unit", "province")]
    store = key[1] if _is_placed(wish) else _last_store(wish)
    query = (
        select(*shown, bought.c.last, key[1].label("place"), store.label("store"))
        .select_from(_with_customers(bought, wish))
        .where(_shown(tx))
        .order_by(*(each.desc() for each in key))
        .limit(page.limit)
    )
    if wish.by is not By.NOTHING:
        query = query.where(_group(wish, bought) == wish.group)
    if page.after:
        after = (date.fromisoformat(page.after["on"]), page.after["store"], page.after["id"])
        query = query.where(tuple_(*key) < after)
    return query


def _last_store(wish: Wish) -> ColumnElement[str]:
    """Asked for the rows of the page alone."""
    last = select(p.store).where(_ACTIVE, p.customer_id == c.customer_id, p.signed_on <= wish.as_of)
    return last.order_by(p.signed_on.desc(), p.store.desc()).limit(1).scalar_subquery()


def _is_placed(wish: Wish) -> bool:
    return wish.by is By.STORE or wish.subject is Subject.STORES
