"""Bank acceptance drafts (承兑汇票): a promise of a bank that counts as collected when it matures (N4.2)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from integration.claiming.rules import Decision

_DRAFT = re.compile(r"承兑|银承|商承|电票")
_NUMBER = re.compile(r"票[据]?号码?[:：\s]*(\d{8,30})|(?<!\d)(\d{30})(?!\d)")
_MATURES = re.compile(
    r"(?:到期日?期?|汇票到期)[:：\s]*(?:为|于)?(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?|"
    r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?到期"
)


@dataclass(frozen=True)
class BankDraft:
    """`matures_on` is None when the remark doesn't say it: a person has to."""

    number: str
    matures_on: date | None


def draft_in(remark: str) -> BankDraft | None:
    """None for any other money."""
    text = unicodedata.normalize("NFKC", remark)
    if not _DRAFT.search(text):
        return None
    number = _NUMBER.search(text)
    return BankDraft(next((each for each in number.groups() if each), "") if number else "", _maturity(text))


def is_of_the_future(day: date, draft: BankDraft | None) -> bool:
    """It matures after this day. One that had matured when it was booked is money like any other."""
    return draft is not None and draft.matures_on is not None and draft.matures_on > day


def held_back(draft: BankDraft | None, is_held: bool) -> Decision | None:
    """Why a person has to look at it first. `is_held`: this draft was received before, so that this is its money."""
    if draft is None:
        return None
    if is_held:
        return Decision(
            en=f"the money of draft {draft.number}, which counts already",
            zh=f"票据 {draft.number} 的到期款，该票据已计入",
        )
    if draft.matures_on is None:
        return Decision(en="a draft that doesn't say when it matures", zh="承兑汇票未注明到期日")
    return None


def counts_on(booked_on: date, draft: BankDraft | None) -> date:
    """The day that decides the month: maturity of a draft, booking of other money."""
    return max(booked_on, draft.matures_on) if draft and draft.matures_on else booked_on


def _maturity(text: str) -> date | None:
    found = _MATURES.search(text)
    if found is None:
        return None
    year, month, day = (int(each) for each in found.groups() if each)
    try:
        return date(year, month, day)
    except ValueError:
        return None
