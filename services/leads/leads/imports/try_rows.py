"""A dry run: what would become of each row, by the same rules, with nothing taken in (LD1.6).

A row is compared with the leads that are known and with the rows of the same file before it; those are kept in a table
while the run lasts, so that the file need not be held in memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row

from chassis.audit import plain
from chassis.unit_of_work import Transaction
from leads.capture import rules
from leads.capture import store as capture
from leads.capture.policy import CapturePolicy
from leads.capture.rules import Clean, Known
from leads.duplicates import near_store
from leads.duplicates.near_rules import Named, nearest
from leads.duplicates.policy import DuplicatePolicy
from leads.imports import store

_SEEN = "row "


@dataclass(frozen=True)
class Judged:
    """What becomes of a row. `known`: the lead it was or is taken for, or `row 7` of the same file."""

    number: int
    outcome: Literal["created", "appended", "suggested"]
    company_name: str
    known: str = ""

    def as_row(self, import_id: str) -> dict[str, Any]:
        in_file = self.known.startswith(_SEEN)
        return {
            "import_id": import_id,
            "row": self.number,
            "outcome": self.outcome,
            "company_name": self.company_name,
            "lead_id": None if in_file else self.known,
            "other_row": int(self.known.removeprefix(_SEEN)) if in_file else None,
        }


def try_rows(
    tx: Transaction,
    row: Row[Any],
    numbered: Sequence[tuple[int, Clean]],
    policy: CapturePolicy,
    duplicates: DuplicatePolicy,
) -> list[Judged]:
    arrivals = [each for _, each in numbered]
    keys = sorted({_key(pair) for each in arrivals for pair in each.keys})
    book = _Book([*capture.known_leads(tx, arrivals), *map(_known, store.seen(tx, row.import_id, keys))])
    found: list[Judged] = []
    for number, arrival in numbered:
        match = rules.match(arrival, book.sharing(arrival), tx.now, policy.duplicate_window)
        if match.append_to is None:
            book.add(_as_known(number, arrival, tx.now), fresh=True)
        outcome: Literal["created", "appended"] = "created" if match.append_to is None else "appended"
        found.append(Judged(number, outcome, arrival.company_name, match.append_to or ""))
    store.add_seen(tx, [_seen(row.import_id, pair, each) for each in book.fresh for pair in _pairs(each)])
    return _suggested(tx, found, arrivals, duplicates)


def _suggested(
    tx: Transaction, judged: Sequence[Judged], arrivals: Sequence[Clean], policy: DuplicatePolicy
) -> list[Judged]:
    """New ones whose name is nearly that of a known lead. Rows of one file are compared once they are in."""
    names = [
        Named(f"{_SEEN}{one.number}", each.city, each.name_key, each.parent_key, each.uscc)
        for one, each in zip(judged, arrivals, strict=True)
    ]
    new = [name for one, name in zip(judged, names, strict=True) if one.outcome == "created"]
    known = near_store.candidates(tx, new)
    near = {each.record_id: nearest(each, known.get(each.record_id, ()), policy.near_score) for each in new}
    return [
        replace(one, outcome="suggested", known=best[0].record_id) if (best := near.get(name.record_id)) else one
        for one, name in zip(judged, names, strict=True)
    ]


def forget_rows(tx: Transaction, import_id: str) -> None:
    store.forget_seen(tx, import_id)


class _Book:
    """Known leads and rows by key, growing as the file goes on."""

    def __init__(self, known: Iterable[Known]) -> None:
        self.fresh: list[Known] = []
        self._by_key: dict[tuple[str, str], list[Known]] = defaultdict(list)
        for each in known:
            self.add(each)

    def add(self, known: Known, *, fresh: bool = False) -> None:
        for pair in _pairs(known):
            self._by_key[pair].append(known)
        if fresh:
            self.fresh.append(known)

    def sharing(self, arrival: Clean) -> list[Known]:
        return list({each.lead_id: each for pair in arrival.keys for each in self._by_key[pair]}.values())


def _pairs(known: Known) -> list[tuple[str, str]]:
    pairs = (("phone", known.phone), ("uscc", known.uscc), ("wecom", known.wecom_external_id))
    return [pair for pair in pairs if pair[1]]


def _as_known(number: int, arrival: Clean, at: datetime) -> Known:
    return Known(
        lead_id=f"{_SEEN}{number}",
        name_key=arrival.name_key,
        parent_key=arrival.parent_key,
        phone=arrival.phone,
        uscc=arrival.uscc,
        wecom_external_id=arrival.wecom_external_id,
        last_touch_at=at,
    )


def _seen(import_id: str, pair: tuple[str, str], known: Known) -> dict[str, Any]:
    row = int(known.lead_id.removeprefix(_SEEN))
    return {"import_id": import_id, "key": _key(pair), "row": row, "known": plain(asdict(known))}


def _known(stored: dict[str, Any]) -> Known:
    return Known(**stored | {"last_touch_at": datetime.fromisoformat(stored["last_touch_at"])})


def _key(pair: tuple[str, str]) -> str:
    return f"{pair[0]}:{pair[1]}"
