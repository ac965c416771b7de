"""What the score looks at: the fields of a lead as levels that business people know (LD11.1).

Only what is known early counts: what comes of working on a lead (contacts, state, owner) would explain the win by
itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

# Field → level, as kept beside a lead: {"channel": "expo", "budget": "200k"}.
Fields = Mapping[str, str]
UNKNOWN = ""


@dataclass(frozen=True)
class Facts:
    """A lead, new or of the past; None and empty: not known."""

    channel: str = ""
    industry: str = ""
    province: str = ""
    grade: str = ""
    budget_fen: int | None = None
    budget_confirmed: bool | None = None
    decision_chain: tuple[str, ...] = ()
    first_touch_due_hours: int | None = None
    known_customer: bool = False
    # In the words of who took it in: compared by hints, not by the score.
    need: str = ""


@dataclass(frozen=True)
class Field:
    name: str
    en: str
    zh: str
    level: Callable[[Facts], str]


# Upper bounds in fen, and what a budget below is called.
_BUDGETS = ((5_000_000, "0"), (20_000_000, "50k"), (100_000_000, "200k"))
_LARGEST = "1m"


def _budget(facts: Facts) -> str:
    if facts.budget_fen is None:
        return UNKNOWN
    return next((name for bound, name in _BUDGETS if facts.budget_fen < bound), _LARGEST)


def _confirmed(facts: Facts) -> str:
    return UNKNOWN if facts.budget_confirmed is None else ("yes" if facts.budget_confirmed else "no")


def _chain(facts: Facts) -> str:
    return "2+" if len(facts.decision_chain) >= 2 else str(len(facts.decision_chain))


def _urgency(facts: Facts) -> str:
    if facts.first_touch_due_hours is None:
        return UNKNOWN
    return "48h" if facts.first_touch_due_hours <= 48 else "later"


FIELDS = (
    Field("channel", "channel", "来源渠道", lambda facts: facts.channel),
    Field("industry", "industry", "行业", lambda facts: facts.industry),
    Field("province", "province", "省份", lambda facts: facts.province),
    Field("grade", "grade", "线索等级", lambda facts: facts.grade),
    Field("budget", "budget", "预算", _budget),
    Field("budget_confirmed", "budget confirmed", "预算是否确认", _confirmed),
    Field("decision_chain", "deciders named", "已明确的决策人", _chain),
    Field("first_touch", "first touch wanted", "期望首次触达", _urgency),
    Field("known_customer", "customer before", "是否老客户", lambda facts: "yes" if facts.known_customer else "no"),
)
BY_NAME = {each.name: each for each in FIELDS}

_LEVELS = {
    ("budget", "0"): ("below 50,000 yuan", "5 万元以下"),
    ("budget", "50k"): ("50,000 to 200,000 yuan", "5–20 万元"),
    ("budget", "200k"): ("200,000 to 1,000,000 yuan", "20–100 万元"),
    ("budget", "1m"): ("1,000,000 yuan and more", "100 万元及以上"),
    ("decision_chain", "0"): ("nobody", "无"),
    ("decision_chain", "1"): ("one", "1 人"),
    ("decision_chain", "2+"): ("two or more", "2 人及以上"),
    ("first_touch", "48h"): ("within 48 hours", "48 小时内"),
    ("first_touch", "later"): ("later than 48 hours", "48 小时后"),
}
_COMMON = {"yes": ("yes", "是"), "no": ("no", "否"), UNKNOWN: ("not known", "未知")}


def fields_of(facts: Facts) -> dict[str, str]:
    return {each.name: each.level(facts) for each in FIELDS}


def in_words(field: str, level: str) -> tuple[str, str]:
    """The level in English and Chinese; a channel, an industry and a province are shown as they are."""
    return _LEVELS.get((field, level)) or _COMMON.get(level) or (level, level)
