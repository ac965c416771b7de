"""Normalise what comes in (LD1.2) and tell a new lead from a known one (LD1.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from chassis.errors import InvalidInput, Violation
from leads.lead.rules import Grade, Position, Qualification
from leads.normalise.datum_rules import to_wgs84
from leads.normalise.name_rules import name_key, parent_key, place_name
from leads.normalise.number_rules import FieldProblem, e164, valid_uscc


class Outcome(StrEnum):
    CREATED = "created"
    APPENDED = "appended"


@dataclass(frozen=True)
class Arrival:
    """A lead as somebody sent it: nothing checked yet. `position` is in `datum`, empty when none was named."""

    company_name: str
    channel: str
    contact_name: str = ""
    phone: str = ""
    uscc: str = ""
    wecom_external_id: str = ""
    industry: str = ""
    province: str = ""
    city: str = ""
    position: Position | None = None
    datum: str = ""
    grade: Grade | None = None
    qualification: Qualification = field(default_factory=Qualification)
    need: str = ""


@dataclass(frozen=True)
class Clean:
    """An arrival in the form in which leads are stored and compared."""

    arrival: Arrival
    company_name: str
    name_key: str
    parent_key: str | None
    phone: str
    uscc: str
    wecom_external_id: str
    province: str
    city: str
    position: Position | None

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """What makes two arrivals the same person or firm; ordered, so that locks are taken in one order."""
        pairs = (("phone", self.phone), ("uscc", self.uscc), ("wecom", self.wecom_external_id))
        return tuple(pair for pair in pairs if pair[1])


@dataclass(frozen=True)
class Known:
    """An open lead that shares a key with an arrival."""

    lead_id: str
    name_key: str
    parent_key: str | None
    phone: str
    uscc: str
    wecom_external_id: str
    last_touch_at: datetime


@dataclass(frozen=True)
class Match:
    """`append_to`: the lead that takes the touch. `hint`: perhaps the same, for a person to judge."""

    append_to: str | None = None
    hint: str | None = None


def clean(arrival: Arrival) -> Clean:
    """Raises InvalidInput with every field that can't be read."""
    problems: list[Violation] = []
    phone = _take(problems, e164, arrival.phone)
    code = _take(problems, valid_uscc, arrival.uscc)
    problems.extend(_position_problems(arrival.position, arrival.datum))
    if not arrival.company_name.strip():
        problems.append(Violation("company_name", "is required.", "不能为空。", "REQUIRED"))
    if problems:
        raise InvalidInput.of(*problems)
    return Clean(
        arrival=arrival,
        company_name=arrival.company_name.strip(),
        name_key=name_key(arrival.company_name),
        parent_key=parent_key(arrival.company_name),
        phone=phone,
        uscc=code,
        wecom_external_id=arrival.wecom_external_id.strip(),
        province=place_name(arrival.province),
        city=place_name(arrival.city),
        position=to_wgs84(arrival.position, arrival.datum) if arrival.position else None,
    )


def match(new: Clean, known: Iterable[Known], at: datetime, window: timedelta) -> Match:
    """Exact duplicates within 90 days (LD1.3).

    Two different USCCs never merge even with one phone, nor does a branch with its parent: a new lead with a hint.
    """
    recent = sorted((each for each in known if at - each.last_touch_at <= window), key=_age, reverse=True)
    same = [each for each in recent if _shares_key(new, each)]
    mergeable = [each for each in same if not _is_another_firm(new, each)]
    if mergeable:
        return Match(append_to=mergeable[0].lead_id)
    return Match(hint=same[0].lead_id if same else None)


def _age(known: Known) -> tuple[datetime, str]:
    return known.last_touch_at, known.lead_id


def _shares_key(new: Clean, known: Known) -> bool:
    return any(
        mine and mine == theirs
        for mine, theirs in (
            (new.phone, known.phone),
            (new.uscc, known.uscc),
            (new.wecom_external_id, known.wecom_external_id),
        )
    )


def _is_another_firm(new: Clean, known: Known) -> bool:
    if new.uscc and known.uscc:
        return new.uscc != known.uscc
    return new.parent_key == known.name_key or known.parent_key == new.name_key


def _take(problems: list[Violation], read: Callable[[str], str], value: str) -> str:
    try:
        return read(value)
    except FieldProblem as problem:
        problems.append(problem.violation)
        return ""


def _position_problems(position: Position | None, datum: str) -> Iterable[Violation]:
    if position is None:
        return
    if not -90 <= position.latitude <= 90:
        yield Violation("position.latitude", "must be between -90 and 90.", "纬度必须在 -90 到 90 之间。")
    if not -180 <= position.longitude <= 180:
        yield Violation("position.longitude", "must be between -180 and 180.", "经度必须在 -180 到 180 之间。")
    if datum not in ("wgs84", "gcj02", "bd09"):
        yield Violation(
            "position.datum",
            "a position needs its datum: WGS84, GCJ02 or BD09.",
            "坐标必须注明坐标系：WGS84、GCJ02 或 BD09。",
        )
