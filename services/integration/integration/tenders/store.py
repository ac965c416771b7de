"""SQL of tenders and their notices."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert

from chassis.kernel.money import Money
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.tables import tender, tender_notice
from integration.tenders.rules import Kind, Notice, State, Tender

_LOCK = text("""
    SELECT pg_advisory_xact_lock(k)
    FROM (SELECT DISTINCT hashtextextended(x, 51) AS k FROM unnest(CAST(:keys AS text[])) AS x ORDER BY 1) AS ordered
""")


def lock_keys(tx: Transaction, keys: Collection[str]) -> None:
    """Two sites that tell of one tender take turns, so that the second sees the first's notice."""
    tx.execute(_LOCK, {"keys": sorted(keys)})


def held(tx: Transaction, site: str, numbers: Collection[str]) -> dict[str, Row[Any]]:
    """Notices of a site by number, with the key of their tender."""
    query = select(tender_notice, tender.c.tender_key).join(tender, tender.c.tender_id == tender_notice.c.tender_id)
    named = query.where(tender_notice.c.site == site, tender_notice.c.number == func.any(sorted(numbers)))
    return {row.number: row for row in tx.execute(named)}


def by_key(tx: Transaction, keys: Collection[str]) -> dict[str, Row[Any]]:
    return {row.tender_key: row for row in tx.execute(select(tender).where(tender.c.tender_key.in_(sorted(keys))))}


def notices_of(tx: Transaction, tender_ids: Collection[str]) -> dict[str, list[Notice]]:
    found: dict[str, list[Notice]] = {}
    query = select(tender_notice).where(tender_notice.c.tender_id.in_(sorted(tender_ids)))
    for row in tx.execute(query):
        found.setdefault(row.tender_id, []).append(notice_of_row(row))
    return found


def save_tender(tx: Transaction, tender_id: str, key: str, version: int, told: Tender) -> None:
    values = _plain(told) | {"version": version, "state": told.state.value, "changed_at": tx.now}
    fresh = insert(tender).values(tender_id=tender_id, tender_key=key, **values)
    tx.execute(fresh.on_conflict_do_update(index_elements=[tender.c.tender_id], set_=values))


def save_notices(tx: Transaction, notices: Iterable[tuple[Notice, str, bytes]]) -> None:
    """Each with the id of its tender and its content hash."""
    rows = [
        _plain(notice) | {"kind": notice.kind.value, "tender_id": tender_id, "content_hash": content}
        for notice, tender_id, content in notices
    ]
    if rows:
        fresh = insert(tender_notice)
        others = {name: fresh.excluded[name] for name in rows[0] if name not in ("site", "number")}
        tx.execute(fresh.on_conflict_do_update(index_elements=["site", "number"], set_=others), rows)


def load(tx: Transaction, tender_id: str) -> Row[Any] | None:
    return tx.execute(select(tender).where(tender.c.tender_id == tender_id)).one_or_none()


def notice_rows(tx: Transaction, tender_id: str) -> Sequence[Row[Any]]:
    """As they were published."""
    query = select(tender_notice).where(tender_notice.c.tender_id == tender_id)
    return tx.execute(query.order_by(tender_notice.c.published_at, tender_notice.c.site, tender_notice.c.number)).all()


def tenders(tx: Transaction, page: Page, *, text_: str, region: str, state: str) -> Sequence[Row[Any]]:
    """Newest first."""
    query = select(tender).order_by(tender.c.published_at.desc(), tender.c.tender_id.desc()).limit(page.limit)
    if text_:
        named = (tender.c.title, tender.c.buyer, tender.c.project_number)
        query = query.where(or_(*(each.icontains(text_, autoescape=True) for each in named)))
    if region:
        query = query.where(tender.c.region.icontains(region, autoescape=True))
    if state:
        query = query.where(tender.c.state == state)
    if page.after:
        last = (datetime.fromisoformat(page.after["at"]), page.after["id"])
        query = query.where(tuple_(tender.c.published_at, tender.c.tender_id) < last)
    return tx.execute(query).all()


def tender_of_row(row: Row[Any]) -> Tender:
    return Tender(
        State(row.state), row.project_number, row.title, row.buyer, row.region, budget(row), row.published_at,
        row.deadline_at, row.url,
    )  # fmt: skip


def notice_of_row(row: Row[Any]) -> Notice:
    return Notice(
        row.site, row.number, Kind(row.kind), row.project_number, row.title, row.buyer, row.region, budget(row),
        row.published_at, row.deadline_at, row.url,
    )  # fmt: skip


def budget(row: Row[Any]) -> Money | None:
    return None if row.budget_fen is None else Money(row.budget_fen, row.currency)


def _plain(told: Tender | Notice) -> dict[str, Any]:
    names = ("project_number", "title", "buyer", "region", "published_at", "deadline_at", "url")
    plain = {name: getattr(told, name) for name in names}
    if isinstance(told, Notice):
        plain |= {"site": told.site, "number": told.number}
    money = told.budget
    return plain | {"budget_fen": money.fen if money else None, "currency": money.currency if money else "CNY"}
