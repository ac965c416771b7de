"""Does a tender make a lead, and what does the lead say (LD1.1)?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chassis.kernel.calendar import SHANGHAI
from chassis.kernel.money import Money
from leads.capture.rules import Arrival
from leads.lead.rules import Qualification
from leads.tenders.policy import TenderPolicy

CHANNEL = "tender"
_PLACE = re.compile(
    r"^(?P<province>[^省市]{2,7}(?:省|自治区)|(?:北京|上海|天津|重庆)市?|香港特别行政区|澳门特别行政区)?"
    r"(?P<city>[^省市]{2,9}(?:市|自治州|盟))?"
)
_STATES = {
    "open": ("Tender published or corrected", "招标公告或更正"),
    "awarded": ("Tender awarded", "招标已定标"),
    "cancelled": ("Tender cancelled", "招标已废标或终止"),
}


class Verdict(StrEnum):
    FITS = "fits"
    CLOSED = "closed"
    NO_BUYER = "no_buyer"
    NO_KEYWORD = "no_keyword"
    EXCLUDED = "excluded"
    REGION = "region"
    BUDGET = "budget"


@dataclass(frozen=True)
class Tender:
    """As integration tells it. `version` grows by one with each change; no budget: no notice names it."""

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


def judge(tender: Tender, policy: TenderPolicy, now: datetime) -> Verdict:
    """The first thing that speaks against it. A lead needs somebody to call, and time for an offer."""
    over = tender.deadline_at is not None and tender.deadline_at <= now
    against = (
        (tender.state != "open" or over, Verdict.CLOSED),
        (not tender.buyer, Verdict.NO_BUYER),
        (not any(word and word in tender.title for word in policy.keywords), Verdict.NO_KEYWORD),
        (any(word and word in tender.title for word in policy.excluded), Verdict.EXCLUDED),
        (bool(policy.regions) and not any(each in tender.region for each in policy.regions), Verdict.REGION),
        (not _pays(tender.budget, policy), Verdict.BUDGET),
    )
    return next((verdict for speaks, verdict in against if speaks), Verdict.FITS)


def arrival_of(tender: Tender, uscc: str) -> Arrival:
    """`uscc`: the buyer's, when it is a customer of ours."""
    province, city = place_of(tender.region)
    return Arrival(
        company_name=tender.buyer,
        channel=CHANNEL,
        uscc=uscc,
        province=province,
        city=city,
        qualification=Qualification(budget=tender.budget, budget_confirmed=True if tender.budget else None),
        need="\n".join(_lines(tender))[:2000],
    )


def place_of(region: str) -> tuple[str, str]:
    """浙江省杭州市西湖区 → 浙江省, 杭州市."""
    found = _PLACE.match(region.strip())
    return (found["province"] or "", found["city"] or "") if found else ("", "")


def words(tender: Tender) -> tuple[str, str]:
    """What a version of the tender says, for the timeline and the customer's dynamics."""
    en, zh = _STATES.get(tender.state, (tender.state, tender.state))
    return f"{en}: {tender.title}", f"{zh}：{tender.title}"


def _pays(budget: Money | None, policy: TenderPolicy) -> bool:
    return policy.unknown_budget if budget is None else budget.yuan >= policy.least_budget


def _lines(tender: Tender) -> list[str]:
    ends = tender.deadline_at.astimezone(SHANGHAI) if tender.deadline_at else None
    number = [f"项目编号：{tender.project_number}"] if tender.project_number else []
    deadline = [f"投标截止：{ends:%Y-%m-%d %H:%M}"] if ends else []
    return [tender.title, *number, *deadline, tender.url]
