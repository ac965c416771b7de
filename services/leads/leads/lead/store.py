"""SQL of the lead's own record and its timeline."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Row, Uuid, and_, any_, bindparam, or_, select, text, update

from chassis import rows
from chassis.errors import EtagMismatch, NotFound
from chassis.identity import Identity
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from leads import tables
from leads.lead.rules import Changes, Grade, Lead, Position, Qualification, State

t = tables.lead.c
_SHAPED = {"state", "grade", "position", "original_position", "qualification"}
_PLAIN = tuple(name for name in Lead.__dataclass_fields__ if name not in _SHAPED)
_TAKEN_APART = (
    *("state", "grade", "latitude", "longitude", "original_latitude", "original_longitude"),
    *("first_touch_due_hours", "budget_fen", "budget_currency", "budget_confirmed", "decision_chain"),
)
# What `to_row` and `entry` give, for statements that insert many.
COLUMNS = (*_PLAIN, *_TAKEN_APART)
LINE = ("lead_id", "at", "kind", "actor", "text", "text_zh", "reference")
_ADD_LINES = text(rows.insertion(tables.timeline, LINE))

# Statements of hot paths are built once: building one costs more than running it.
_IDS = bindparam("ids", type_=ARRAY(Uuid(as_uuid=False)))
_ALL = select(tables.lead).where(t.lead_id == any_(_IDS)).order_by(t.lead_id)
_LOCK_ALL = _ALL.with_for_update()
_UPDATE = update(tables.lead).where(t.lead_id == bindparam("of_lead"))
_ONE = select(tables.lead).where(t.lead_id == bindparam("of_lead"))
_LOCK_ONE = _ONE.with_for_update()


_MERGED = text("""
    WITH RECURSIVE merged AS (
        SELECT lead_id FROM lead WHERE merged_into = CAST(:of_lead AS uuid)
        UNION SELECT lead.lead_id FROM lead JOIN merged ON lead.merged_into = merged.lead_id
    ) SELECT CAST(lead_id AS text) FROM merged
""")


class LeadNotFound(NotFound):
    en = "There is no lead {lead_id}."
    zh = "线索 {lead_id} 不存在。"


def load(tx: Transaction, lead_id: str) -> Lead:
    """Raises LeadNotFound, also for a lead that is not the caller's to see."""
    return _one(tx, lead_id, lock=False)


def load_taken(tx: Transaction, lead_id: str) -> Lead:
    """For who has just brought it, whoever owns it by now."""
    return from_row(tx.execute(select(tables.lead).where(t.lead_id == lead_id)).one())


def is_visible(tx: Transaction, lead_id: str) -> bool:
    """Whether the caller may see it."""
    return tx.execute(select(t.lead_id).where(t.lead_id == lead_id, visible(tx.identity))).first() is not None


def lock(tx: Transaction, lead_id: str) -> Lead:
    """As `load`, and nobody else changes it until the transaction ends. Locked before the rep's row, always."""
    return _one(tx, lead_id, lock=True)


def lock_going_on(tx: Transaction, lead_id: str) -> Lead:
    """As `lock`; of a merged lead the one that goes on for it."""
    lead = lock(tx, lead_id)
    while lead.merged_into is not None:
        lead = lock(tx, lead.merged_into)
    return lead


def with_merged(tx: Transaction, lead_id: str) -> list[str]:
    """The lead and whatever was merged into it."""
    return [lead_id, *tx.execute(_MERGED, {"of_lead": lead_id}).scalars()]


def lock_all(tx: Transaction, lead_ids: Collection[str]) -> dict[str, Lead]:
    """For the service itself: all of them by id, locked in one order. Raises LeadNotFound when one is not there."""
    found = {row.lead_id: from_row(row) for row in tx.execute(_LOCK_ALL, {"ids": list(lead_ids)})}
    for lead_id in lead_ids:
        if lead_id not in found:
            raise LeadNotFound(lead_id=lead_id)
    return found


def all_of(tx: Transaction, lead_ids: Collection[str]) -> list[Lead]:
    """For the service itself: those that are there, by id."""
    return [from_row(row) for row in tx.execute(_ALL, {"ids": list(lead_ids)})]


def check_etag(lead: Lead, etag: str) -> None:
    """Raises EtagMismatch. Empty: not checked."""
    if etag and etag != lead.etag:
        raise EtagMismatch


def save(tx: Transaction, lead: Lead, **changes: Any) -> Lead:
    """Store the changes of a locked lead; the version grows by one."""
    changed = replace(lead, **changes, version=lead.version + 1)
    before, after = to_row(lead), to_row(changed)
    differing = {name: value for name, value in after.items() if value != before[name]}
    tx.execute(_UPDATE, differing | {"of_lead": lead.lead_id})
    return changed


def save_all(tx: Transaction, changes: Sequence[tuple[Lead, Changes]]) -> list[Lead]:
    """As `save`, for many locked leads of which the same fields change."""
    changed = [replace(lead, **change, version=lead.version + 1) for lead, change in changes]
    before, after = [to_row(lead) for lead, _ in changes], [to_row(lead) for lead in changed]
    differing = {name for old, new in zip(before, after, strict=True) for name in new if new[name] != old[name]}
    values = [{name: row[name] for name in sorted(differing)} | {"of_lead": row["lead_id"]} for row in after]
    if values:
        tx.execute(_UPDATE, values)
    return changed


def note(
    tx: Transaction,
    lead_id: str,
    kind: str,
    text: str = "",
    text_zh: str = "",
    *,
    reference: str = "",
    at: datetime | None = None,
) -> None:
    """One line of the lead's timeline."""
    notes(tx, [entry(tx, lead_id, kind, text, text_zh, reference=reference, at=at)])


def entry(
    tx: Transaction,
    lead_id: str,
    kind: str,
    text: str = "",
    text_zh: str = "",
    *,
    reference: str = "",
    at: datetime | None = None,
) -> dict[str, Any]:
    return {
        "lead_id": lead_id,
        "at": at or tx.now,
        "kind": kind,
        "actor": tx.identity.subject,
        "text": text,
        "text_zh": text_zh,
        "reference": reference,
    }


def notes(tx: Transaction, entries: Iterable[dict[str, Any]]) -> None:
    lines = list(entries)
    if lines:
        tx.execute(_ADD_LINES, {"rows": rows.document(lines)})


def visible(identity: Identity) -> ColumnElement[bool]:
    """Rows of the caller's level; and for a team's manager those that belong to no team yet, to be given out."""
    seen = identity.visible(t.owner_id, t.unit)
    if identity.level != "team":
        return seen
    return or_(seen, and_(t.owner_id == "", t.unit == ""))


def _one(tx: Transaction, lead_id: str, *, lock: bool) -> Lead:
    query = _LOCK_ONE if lock else _ONE
    if tx.identity.kind != "service":
        query = query.where(visible(tx.identity))
    row = tx.execute(query, {"of_lead": lead_id}).one_or_none()
    if row is None:
        raise LeadNotFound(lead_id=lead_id)
    return from_row(row)


def waiting_line() -> tuple[ColumnElement[Any], ...]:
    """A, B, C, then time (LD3.8)."""
    return t.rank, t.captured_at, t.lead_id


def from_row(row: Row[Any]) -> Lead:
    values = dict(row._mapping)
    values.pop("rank", None)
    return Lead(
        **{name: values[name] for name in _PLAIN},
        state=State(values["state"]),
        grade=Grade(values["grade"]) if values["grade"] else None,
        position=_position(values["latitude"], values["longitude"]),
        original_position=_position(values["original_latitude"], values["original_longitude"]),
        qualification=Qualification(
            first_touch_due_hours=values["first_touch_due_hours"],
            budget=_money(values["budget_fen"], values["budget_currency"]),
            budget_confirmed=values["budget_confirmed"],
            decision_chain=tuple(values["decision_chain"]),
        ),
    )


def to_row(lead: Lead) -> dict[str, Any]:
    known = lead.qualification
    return {
        **{name: getattr(lead, name) for name in _PLAIN},
        "state": lead.state.value,
        "grade": lead.grade.value if lead.grade else "",
        "latitude": lead.position.latitude if lead.position else None,
        "longitude": lead.position.longitude if lead.position else None,
        "original_latitude": lead.original_position.latitude if lead.original_position else None,
        "original_longitude": lead.original_position.longitude if lead.original_position else None,
        "first_touch_due_hours": known.first_touch_due_hours,
        "budget_fen": known.budget.fen if known.budget else None,
        "budget_currency": known.budget.currency if known.budget else "",
        "budget_confirmed": known.budget_confirmed,
        "decision_chain": list(known.decision_chain),
    }


def _position(latitude: float | None, longitude: float | None) -> Position | None:
    return None if latitude is None or longitude is None else Position(latitude, longitude)


def _money(fen: int | None, currency: str) -> Money | None:
    return None if fen is None else Money(fen, currency)


def text_filter(text: str) -> ColumnElement[bool]:
    """Part of the company's or contact's name, or of a phone number; percent signs match themselves."""
    return or_(
        t.company_name.icontains(text, autoescape=True),
        t.contact_name.icontains(text, autoescape=True),
        t.phone.contains(text, autoescape=True),
    )
