"""A row of a file → an arrival, or the field that can't be read (LD13.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chassis.errors import InvalidInput, Violation
from leads.capture.rules import Arrival, Clean, clean
from leads.imports import cell_rules as cells_as
from leads.imports.cell_rules import CellProblem, Reader, cell_values, formula_errors, too_long
from leads.lead.rules import Position, Qualification


@dataclass(frozen=True)
class Form:
    """What a file of one kind may hold. `headings`: field → headings by which it is recognised."""

    kind: str
    headings: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]


# Field → headings by which it is recognised, lower case and without spaces.
HEADINGS: dict[str, tuple[str, ...]] = {
    "company_name": (
        "公司名称",
        "企业名称",
        "客户名称",
        "单位名称",
        "公司",
        "企业",
        "company_name",
        "company",
        "companyname",
    ),
    "contact_name": ("联系人", "联系人姓名", "姓名", "contact_name", "contact", "contactname"),
    "phone": ("电话", "手机", "手机号", "手机号码", "联系电话", "联系方式", "phone", "mobile", "tel", "phonenumber"),
    "uscc": ("统一社会信用代码", "信用代码", "税号", "uscc", "creditcode"),
    "wecom_external_id": ("企业微信id", "外部联系人id", "企微id", "wecom_external_id", "wecom", "wecomexternalid"),
    "channel": ("渠道", "来源", "来源渠道", "线索来源", "channel", "source"),
    "industry": ("行业", "所属行业", "industry"),
    "province": ("省份", "省", "province"),
    "city": ("城市", "市", "所在城市", "city"),
    "latitude": ("纬度", "latitude", "lat"),
    "longitude": ("经度", "longitude", "lon", "lng"),
    "datum": ("坐标系", "坐标系统", "datum", "crs"),
    "grade": ("等级", "级别", "线索等级", "grade"),
    "first_touch_due_hours": (
        "首触时限",
        "首次触达时限",
        "首触时限（小时）",
        "首次触达时限（小时）",
        "firsttouchduehours",
        "first_touch_due_hours",
        "首触时限(小时)",
        "首次触达时限(小时)",
    ),
    "budget": ("预算", "预算（元）", "预算(元)", "budget"),
    "budget_confirmed": ("预算已确认", "预算确认", "预算是否确认", "budget_confirmed", "budgetconfirmed"),
    "decision_chain": ("决策链", "决策人", "decision_chain", "decisionchain"),
    "need": ("需求", "需求描述", "备注", "need", "remark", "notes"),
}
LEADS = Form("leads", HEADINGS, ("company_name",))

CHANNELS = {
    "抖音": "douyin",
    "展会": "expo",
    "转介绍": "referral",
    "老客户转介绍": "existing_customer_referral",
    "老客户推荐": "existing_customer_referral",
    "官网": "website",
    "网站": "website",
    "招标": "tender",
    "企业微信": "wecom",
    "企微": "wecom",
    "电话": "phone",
    "地推": "field",
}
_CHANNEL = re.compile(r"[a-z][a-z0-9_]{1,39}")
_DATUMS = {"wgs84": "wgs84", "wgs-84": "wgs84", "gcj02": "gcj02", "gcj-02": "gcj02", "bd09": "bd09", "bd-09": "bd09"}
_LONGEST = {
    "company_name": 200,
    "contact_name": 100,
    "industry": 60,
    "province": 40,
    "city": 40,
    "need": 2000,
    "wecom_external_id": 100,
}


def columns_of(headings: Sequence[str], mapping: Mapping[str, str], form: Form = LEADS) -> dict[str, int]:
    """Field → column. The given mapping (heading → field) wins over recognition; the first of two columns counts."""
    known = {heading: field for field, names in form.headings.items() for heading in names}
    found: dict[str, int] = {}
    for at, heading in enumerate(headings):
        field = field_of(heading, mapping) or known.get(_plain(heading))
        if field:
            found.setdefault(field, at)
    return found


def field_of(heading: str, mapping: Mapping[str, str]) -> str:
    """What the mapping says of a heading; spaces and case don't matter."""
    return {_plain(each): field for each, field in mapping.items()}.get(_plain(heading), "")


def missing_columns(columns: Mapping[str, int], form: Form = LEADS) -> list[str]:
    return [field for field in form.required if field not in columns]


def arrival_of(cells: Sequence[str], columns: Mapping[str, int], width: int, channel: str) -> Clean:
    """Raises InvalidInput with every cell that can't be read; `channel` is for rows without one."""
    values = cell_values(cells, columns, width)
    problems = [*too_long(values, _LONGEST), *formula_errors(values)]
    read = Reader(values, problems)
    arrival = Arrival(
        company_name=values.get("company_name", ""),
        channel=read("channel", _channel) or channel,
        contact_name=values.get("contact_name", ""),
        phone=values.get("phone", ""),
        uscc=values.get("uscc", ""),
        wecom_external_id=values.get("wecom_external_id", ""),
        industry=values.get("industry", ""),
        province=values.get("province", ""),
        city=values.get("city", ""),
        position=_position(read("latitude", cells_as.number), read("longitude", cells_as.number), problems),
        datum=_DATUMS.get(values.get("datum", "").lower(), values.get("datum", "")),
        grade=read("grade", cells_as.grade),
        qualification=Qualification(
            first_touch_due_hours=read("first_touch_due_hours", cells_as.hours),
            budget=read("budget", cells_as.money),
            budget_confirmed=read("budget_confirmed", cells_as.yes_or_no),
            decision_chain=read("decision_chain", cells_as.chain) or (),
        ),
        need=values.get("need", ""),
    )
    try:
        cleaned = clean(arrival)
    except InvalidInput as refused:
        problems += [_in_columns(each) for each in refused.violations]
    if problems:
        raise InvalidInput.of(*problems)
    return cleaned


def _in_columns(violation: Violation) -> Violation:
    """position.latitude is the column latitude."""
    return Violation(violation.field.rpartition(".")[2], violation.en, violation.zh, violation.reason)


def _plain(heading: str) -> str:
    return re.sub(r"\s+", "", heading).lstrip("\ufeff").lower()


def _channel(value: str) -> str:
    channel = CHANNELS.get(value, value)
    if not _CHANNEL.fullmatch(channel):
        raise CellProblem(f"“{value}” is no known channel.", f"“{value}”不是已知渠道。")
    return channel


def _position(latitude: float | None, longitude: float | None, problems: list[Violation]) -> Position | None:
    if latitude is None and longitude is None:
        return None
    if latitude is None or longitude is None:
        absent = "latitude" if latitude is None else "longitude"
        if not any(each.field == absent for each in problems):
            problems.append(Violation(absent, "is missing beside the other coordinate.", "缺少与另一坐标成对的值。"))
        return None
    return Position(latitude, longitude)
