"""What happened before the day: deals with their last claims, closed leads, 36 months of sales; and the targets."""

from __future__ import annotations

import csv
import io
import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from closeloop_cli.company.customers import Customer
from closeloop_cli.company.people import STAR, Person, Staff
from closeloop_cli.company.places import HEADQUARTERS, REGIONS, TEAMS

DEALS = 200
STAR_CLAIMS, STAR_WON = 50, 21
MONTH = "2026-03"


def fen(amount: Decimal | int) -> dict[str, Any]:
    """Money as the contracts write it: fen as a string."""
    return {"fen": str(int(Decimal(amount) * 100)), "currency": "CNY"}


def deals(staff: Staff, customers: list[Customer], random: Random) -> list[dict[str, Any]]:
    """The star claimed 80 % or more for exactly 50 deals of the last four quarters and won 21 of them."""
    star = staff.named(STAR)
    outcomes = [True] * STAR_WON + [False] * (STAR_CLAIMS - STAR_WON)
    random.shuffle(outcomes)
    high, low = (0.8, 0.85, 0.9, 0.95, 1.0), (0.3, 0.5, 0.7)
    found = [deal(n, star, won, random.choice(high), customers, random) for n, won in enumerate(outcomes, 1)]
    for number in range(STAR_CLAIMS + 1, STAR_CLAIMS + 7):
        found.append(deal(number, star, random.random() < 0.3, random.choice(low), customers, random))
    others = [rep for rep in staff.active_reps() if rep != star and not rep.is_newcomer]
    for number in range(len(found) + 1, DEALS + 1):
        claim = random.choice((0.3, 0.5, 0.6, 0.8, 0.9))
        found.append(deal(number, random.choice(others), random.random() < claim * 0.8, claim, customers, random))
    return found


def deal(
    number: int, owner: Person, won: bool, claim: float, customers: list[Customer], random: Random
) -> dict[str, Any]:
    # Between two quarters' ends, so that the same deals count however four quarters are drawn on 2026-03-10.
    closed = datetime(2025, 4, 7, 2, 0, tzinfo=UTC) + timedelta(
        days=random.randrange(260), minutes=random.randrange(480)
    )
    customer = random.choice(customers[2:])
    return {
        "externalId": f"CRM-{number:05d}",
        "ownerId": owner.employee_id,
        "customerCode": customer.code,
        "name": f"{customer.name} 设备采购 {number}",
        "amount": fen(random.randint(8, 400) * 1000),
        "won": won,
        "closedAt": closed.isoformat(),
        "lastClaim": claim,
        "expectedClose": (closed.date() + timedelta(days=random.randint(-10, 20))).isoformat(),
        "contractNumber": "",
    }


def closed_leads(staff: Staff, random: Random) -> list[dict[str, Any]]:
    """A and B leads of the last weeks. One team has none, as a team that just moved to the system.

    Nothing closed on the days around 2026-02-09: a window of 30 days then counts the same leads on both days played.
    """
    silent = TEAMS[11].path
    found: list[dict[str, Any]] = []
    for rep in staff.active_reps():
        if rep.is_newcomer or rep.unit == silent:
            continue
        skill = random.uniform(0.15, 0.6)
        for _ in range(random.randint(2, 8)):
            found.append(closed_lead(len(found) + 1, rep, random.random() < skill, random))
    return found


def closed_lead(number: int, rep: Person, won: bool, random: Random) -> dict[str, Any]:
    recent = datetime(2026, 2, 12, 1, 0, tzinfo=UTC) + timedelta(
        days=random.randrange(25), minutes=random.randrange(500)
    )
    old = datetime(2025, 12, 1, 1, 0, tzinfo=UTC) + timedelta(days=random.randrange(60), minutes=random.randrange(500))
    return {
        "externalId": f"OLD-{number:06d}",
        "ownerId": rep.employee_id,
        "grade": random.choice(("GRADE_A", "GRADE_A", "GRADE_A", "GRADE_B")),
        "won": won,
        "closedAt": (recent if random.random() < 0.8 else old).isoformat(),
    }


# What was known early on of leads that were won, and of those that were lost: weights by level. Old customers and a
# confirmed budget tell most; the province tells nothing.
_KNOWN: dict[str, tuple[tuple[Any, ...], tuple[int, ...], tuple[int, ...]]] = {
    "channel": (("referral", "expo", "wechat", "douyin", "tender"), (34, 22, 18, 10, 16), (12, 24, 20, 30, 14)),
    "industry": (("三甲医院", "民营医院", "体检中心", "高校"), (36, 28, 22, 14), (26, 32, 22, 20)),
    "province": (("浙江", "江苏", "广东", "北京"), (30, 25, 25, 20), (30, 25, 25, 20)),
    "budget": ((None, 30_000, 120_000, 600_000, 2_000_000), (20, 12, 28, 30, 10), (42, 20, 20, 12, 6)),
    "budgetConfirmed": ((None, True, False), (30, 55, 15), (45, 20, 35)),
    "decisionChain": (([], ["设备科长"], ["院长", "设备科长", "采购办"]), (25, 40, 35), (55, 30, 15)),
    "knownCustomer": ((True, False), (35, 65), (15, 85)),
    "need": (("影像设备更新", "监护设备采购", "检验试剂年度采购", "设备维保"), (35, 30, 20, 15), (30, 25, 25, 20)),
}
# What was done on the way, in this order, and weights in won and lost leads: who visits and hears back wins more often.
_WAYS = (("call", "visit", "reply", "visit"), ("call", "message", "reply"), ("message", "call"), ("message",))
_WAYS_WON, _WAYS_LOST = (40, 25, 20, 15), (10, 20, 40, 30)


def with_facts(leads: list[dict[str, Any]], random: Random) -> list[dict[str, Any]]:
    """Each closed lead with what was known of it early on: lead scores learn from that (LD11.1)."""
    for lead in leads:
        drawn = {
            name: random.choices(levels, won if lead["won"] else lost)[0]
            for name, (levels, won, lost) in _KNOWN.items()
        }
        drawn["budget"] = drawn["budget"] and fen(drawn["budget"])
        way = random.choices(_WAYS, _WAYS_WON if lead["won"] else _WAYS_LOST)[0]
        closed = datetime.fromisoformat(lead["closedAt"])
        drawn["steps"] = [
            {"kind": kind, "at": (closed - timedelta(days=3 * (len(way) - at))).isoformat()}
            for at, kind in enumerate(way)
        ]
        lead["facts"] = {name: value for name, value in drawn.items() if value is not None}
    return leads


CATEGORIES = {
    "影像设备": ("IMG-1", "IMG-2", "IMG-3"),
    "监护设备": ("MON-1", "MON-2", "MON-3"),
    "检验试剂": ("REA-1", "REA-2", "REA-3", "REA-4"),
    "耗材": ("CON-1", "CON-2"),
}
PRICES = {"影像设备": 18600, "监护设备": 4800, "检验试剂": 360, "耗材": 45}
VOLUME = {"影像设备": 1.6, "监护设备": 5.0, "检验试剂": 60.0, "耗材": 420.0}
REGION_SIZE = {"华东大区": 1.25, "华南大区": 1.0, "华北大区": 0.85}
SPRING_FESTIVALS = (date(2023, 1, 22), date(2024, 2, 10), date(2025, 1, 29), date(2026, 2, 17))
FIRST_DAY, MONTHS_END = date(2023, 3, 1), date(2026, 3, 1)


def pos_sales(random: Random) -> str:
    """Each day of 36 months by region, category and SKU: trend, week, season, stocking before the Spring Festival."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["date", "region", "category", "sku", "units", "amount"])
    for offset in range((MONTHS_END - FIRST_DAY).days):
        day = FIRST_DAY + timedelta(days=offset)
        for region, size in REGION_SIZE.items():
            for category, skus in CATEGORIES.items():
                level = size * VOLUME[category] * season(day, category) / len(skus)
                for sku in skus:
                    units = round(level * random.uniform(0.6, 1.4))
                    writer.writerow([day.isoformat(), region, category, sku, units, f"{units * PRICES[category]}.00"])
    return out.getvalue()


def season(day: date, category: str) -> float:
    trend = 1 + 0.09 * (day - FIRST_DAY).days / 365
    week = 0.45 if day.weekday() >= 5 else 1.15
    swing = 0.12 if category == "检验试剂" else 0.05
    year = 1 + swing * math.sin(2 * math.pi * (day.timetuple().tm_yday - 80) / 365)
    return trend * week * year * spring(day)


def spring(day: date) -> float:
    """Stocking in the four weeks before, silence in the week of the festival."""
    for festival in SPRING_FESTIVALS:
        ahead = (festival - day).days
        if 7 <= ahead <= 28:
            return 1.35
        if -7 <= ahead < 4:
            return 0.12
    return 1.0


def targets(staff: Staff, random: Random) -> list[dict[str, Any]]:
    """Reps add up to their team; regions and headquarters ask for more than their parts give, as they do."""
    rows, company = [], 0
    for region in REGIONS:
        in_region = 0
        for team in region.teams:
            members = [rep for rep in staff.reps if rep.unit == team.path and rep.status != "DEPARTED"]
            amounts = [random.randrange(60, 260) * 1000 for _ in members]
            rows += [row("rep", rep.employee_id, amount) for rep, amount in zip(members, amounts, strict=True)]
            rows.append(row("team", team.path, sum(amounts)))
            in_region += sum(amounts)
        region_target = in_region * 106 // 100 // 10000 * 10000
        rows.append(row("region", region.path, region_target))
        company += region_target
    rows.append(row("company", HEADQUARTERS, company * 110 // 100 // 100000 * 100000))
    return rows[::-1]  # parents before children


def row(level: str, subject: str, amount: int) -> dict[str, Any]:
    return {"level": level, "subject": subject, "month": MONTH, "target": fen(amount)}
