"""A row of a file → an arrival, or the field that can't be read (LD13.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from chassis.errors import InvalidInput, Violation
from chassis.kernel.money import Money
from leads.capture.rules import Arrival, Clean, clean
from leads.lead.rules import Grade, Position, Qualification

T = TypeVar("T")

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
REQUIRED = ("company_name",)

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
# Fen are kept as int64.
_MOST_FEN = 2**63 - 1
_MOST_PLACES = 18
_HOUR_DIGITS = 4
_YES, _NO = {"是", "y", "yes", "true", "1"}, {"否", "n", "no", "false", "0"}
_LONGEST = {
    "company_name": 200,
    "contact_name": 100,
    "industry": 60,
    "province": 40,
    "city": 40,
    "need": 2000,
    "wecom_external_id": 100,
}


class CellProblem(ValueError):
    """One cell that can't be read, in words for people."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en, self.zh = en, zh


def columns_of(headings: Sequence[str], mapping: Mapping[str, str]) -> dict[str, int]:
    """Field → column. The given mapping (heading → field) wins over recognition; the first of two columns counts."""
    known = {heading: field for field, names in HEADINGS.items() for heading in names}
    found: dict[str, int] = {}
    for at, heading in enumerate(headings):
        field = field_of(heading, mapping) or known.get(_plain(heading))
        if field:
            found.setdefault(field, at)
    return found


def field_of(heading: str, mapping: Mapping[str, str]) -> str:
    """What the mapping says of a heading; spaces and case don't matter."""
    return {_plain(each): field for each, field in mapping.items()}.get(_plain(heading), "")


def missing_columns(columns: Mapping[str, int]) -> list[str]:
    return [field for field in REQUIRED if field not in columns]


def arrival_of(cells: Sequence[str], columns: Mapping[str, int], width: int, channel: str) -> Clean:
    """Raises InvalidInput with every cell that can't be read; `channel` is for rows without one."""
    if len(cells) > width:
        en, zh = f"has {len(cells)} cells, the headings only {width}.", f"有 {len(cells)} 列，标题只有 {width} 列。"
        raise InvalidInput.of(Violation("row", en, zh))
    values = {field: cells[at].strip() if at < len(cells) else "" for field, at in columns.items()}
    problems = list(_too_long(values))
    read = _Reader(values, problems)
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
        position=_position(read("latitude", _number), read("longitude", _number), problems),
        datum=_DATUMS.get(values.get("datum", "").lower(), values.get("datum", "")),
        grade=read("grade", _grade),
        qualification=Qualification(
            first_touch_due_hours=read("first_touch_due_hours", _hours),
            budget=read("budget", _money),
            budget_confirmed=read("budget_confirmed", _yes_or_no),
            decision_chain=read("decision_chain", _chain) or (),
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


class _Reader:
    """Reads a cell that is not empty, or notes why it can't be read."""

    def __init__(self, values: Mapping[str, str], problems: list[Violation]) -> None:
        self._values = values
        self._problems = problems

    def __call__(self, field: str, parse: Callable[[str], T]) -> T | None:
        value = self._values.get(field, "")
        if not value:
            return None
        try:
            return parse(value)
        except CellProblem as problem:
            self._problems.append(Violation(field, problem.en, problem.zh))
        return None


def _in_columns(violation: Violation) -> Violation:
    """position.latitude is the column latitude."""
    return Violation(violation.field.rpartition(".")[2], violation.en, violation.zh, violation.reason)


def _plain(heading: str) -> str:
    return re.sub(r"\s+", "", heading).lstrip("\ufeff").lower()


def _too_long(values: Mapping[str, str]) -> list[Violation]:
    return [
        Violation(field, f"is longer than {longest} characters.", f"超过 {longest} 个字符。")
        for field, longest in _LONGEST.items()
        if len(values.get(field, "")) > longest
    ]


def _grade(value: str) -> Grade:
    letter = value.upper().removesuffix("级")
    if letter not in {each.value for each in Grade}:
        raise CellProblem(f"“{value}” is no grade: A, B or C.", f"“{value}”不是有效等级，应为 A、B 或 C。")
    return Grade(letter)


def _channel(value: str) -> str:
    channel = CHANNELS.get(value, value)
    if not _CHANNEL.fullmatch(channel):
        raise CellProblem(f"“{value}” is no known channel.", f"“{value}”不是已知渠道。")
    return channel


def _number(value: str) -> float:
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite():
        raise CellProblem(f"“{value}” is no number.", f"“{value}”不是数字。")
    return float(number)


def _hours(value: str) -> int:
    if len(value) > _HOUR_DIGITS or not value.isascii() or not value.isdigit() or int(value) > 8760:
        en = f"“{value}” is no number of hours (0 to 8760)."
        raise CellProblem(en, f"“{value}”不是有效的小时数（0 至 8760）。")
    return int(value)


def _money(value: str) -> Money:
    try:
        amount = Money.of(_yuan(value.replace(",", "").replace("，", "").removeprefix("¥").removesuffix("元")))
    except (ArithmeticError, ValueError):
        raise CellProblem(f"“{value}” is no amount.", f"“{value}”不是有效金额。") from None
    if amount.fen < 0:
        raise CellProblem("must not be negative.", "不能为负数。")
    if amount.fen > _MOST_FEN:
        raise CellProblem(f"“{value}” is too large an amount.", f"金额“{value}”过大。")
    return amount


def _yuan(plain: str) -> Decimal:
    """Raises ArithmeticError, and ValueError for exponents whose digits would take for ever to write out."""
    yuan = Decimal(plain.removesuffix("万")) * (10_000 if plain.endswith("万") else 1)
    if yuan.is_finite() and abs(yuan.adjusted()) > _MOST_PLACES:
        raise ValueError("out of all proportion")
    return yuan


def _yes_or_no(value: str) -> bool:
    if value.lower() in _YES | _NO:
        return value.lower() in _YES
    raise CellProblem(f"“{value}” is neither yes nor no.", f"“{value}”应为是或否。")


def _chain(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split(r"[;；、|/]+", value) if part.strip())[:20]


def _position(latitude: float | None, longitude: float | None, problems: list[Violation]) -> Position | None:
    if latitude is None and longitude is None:
        return None
    if latitude is None or longitude is None:
        absent = "latitude" if latitude is None else "longitude"
        if not any(each.field == absent for each in problems):
            problems.append(Violation(absent, "is missing beside the other coordinate.", "缺少与另一坐标成对的值。"))
        return None
    return Position(latitude, longitude)
