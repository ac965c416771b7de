"""Tenders: what a notice says, which notices are of one tender, and what follows from all of them (N1.1).

A tender (招标项目) is told by several notices (公告): the call itself, corrections (更正公告), its end without a winner
(废标, 终止公告), the award (中标公告); and by several sites. Whatever order they arrive in, the tender is the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from chassis.kernel.money import Money
from integration.feeds.version_rules import Arrival


class Kind(StrEnum):
    """Of a notice."""

    CALL = "call"
    CORRECTION = "correction"
    AWARD = "award"
    CANCELLED = "cancelled"


class State(StrEnum):
    """Of a tender."""

    OPEN = "open"
    AWARDED = "awarded"
    CANCELLED = "cancelled"


# In the order in which they are looked for: 中标结果更正公告 tells of an award.
_WORDS = (
    (Kind.CANCELLED, ("废标", "流标", "终止", "取消", "撤销")),
    (Kind.AWARD, ("中标", "成交", "结果公告", "结果公示", "候选人公示")),
    (Kind.CORRECTION, ("更正", "变更", "澄清", "延期", "补充公告")),
)
# Of notices of one instant, since many sites tell days only.
_ORDER = {Kind.CALL: 0, Kind.CORRECTION: 1, Kind.AWARD: 2, Kind.CANCELLED: 3}
# A project number has a digit and some length; “详见公告” is none.
_NUMBER = re.compile(r"^(?=.*\d)[^\s]{6,80}$")


@dataclass(frozen=True)
class Notice:
    """One notice of one site. `number`: what the site knows it by. Empty texts and None: the notice doesn't say."""

    site: str
    number: str
    kind: Kind
    project_number: str
    title: str
    buyer: str
    region: str
    budget: Money | None
    published_at: datetime
    deadline_at: datetime | None
    url: str


@dataclass(frozen=True)
class Tender:
    """What all notices of a tender say together."""

    state: State
    project_number: str
    title: str
    buyer: str
    region: str
    budget: Money | None
    published_at: datetime
    deadline_at: datetime | None
    url: str


@dataclass(frozen=True)
class TenderPublished:
    """A tender is new or changed; all of it as it is now. `version` is ours and grows by one with each."""

    tender_id: str
    version: int
    state: str
    project_number: str
    title: str
    buyer: str
    region: str
    budget: Money | None
    published_at: datetime
    deadline_at: datetime | None
    url: str
    sites: tuple[str, ...]


def arrival(known: tuple[datetime, bytes] | None, published_at: datetime, content: bytes) -> Arrival:
    """`known`: when the notice we hold was published, and the hash of its content. A later word corrects it."""
    if known is None:
        return Arrival.NEW
    known_at, known_content = known
    if published_at < known_at or content == known_content:
        return Arrival.DUPLICATE
    return Arrival.CORRECTED


def kind_of(title: str) -> Kind:
    return next((kind for kind, words in _WORDS if any(word in title for word in words)), Kind.CALL)


def tender_key(site: str, number: str, project_number: str) -> str:
    """What notices of one tender share: the project number across sites, else the notice stands for itself."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", project_number)).upper()
    return plain if _NUMBER.match(plain) else f"{site}:{number}"


def tender_of(notices: Iterable[Notice]) -> Tender:
    """Later notices overrule earlier ones in what they say. An award or an end is final: a site that copies the call
    afterwards opens nothing."""
    told = sorted(notices, key=lambda each: (each.published_at, _ORDER[each.kind], each.site, each.number))
    calls = [each for each in told if each.kind is Kind.CALL] or told
    first = calls[0]
    tender = Tender(
        _state([each.kind for each in told]), first.project_number, first.title, first.buyer, first.region,
        first.budget, told[0].published_at, first.deadline_at, first.url,
    )  # fmt: skip
    for notice in told:
        tender = replace(tender, **_said(notice))
    return tender


def _state(kinds: Sequence[Kind]) -> State:
    if Kind.CANCELLED in kinds:
        return State.CANCELLED
    return State.AWARDED if Kind.AWARD in kinds else State.OPEN


def _said(notice: Notice) -> dict[str, Any]:
    """An award names the price, not the budget."""
    said: dict[str, Any] = {name: getattr(notice, name) for name in ("project_number", "buyer", "region")}
    if notice.kind in (Kind.CALL, Kind.CORRECTION):
        said |= {"budget": notice.budget, "deadline_at": notice.deadline_at}
    return {name: value for name, value in said.items() if value}
