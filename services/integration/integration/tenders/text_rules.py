"""What a Chinese notice says in its text: values behind labels, amounts in 万元, days as people write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal

from chassis.kernel.calendar import SHANGHAI
from chassis.kernel.money import Money

# Field → labels, in the order in which they are looked for. A site's own are put before these by policy.
LABELS: Mapping[str, tuple[str, ...]] = {
    "project_number": ("项目编号", "采购编号", "招标编号", "采购项目编号", "标段编号"),
    "buyer": ("采购人名称", "采购单位", "采购人", "招标人", "建设单位"),
    "region": ("行政区域", "所属地区", "项目所在地", "地区"),
    "budget": ("预算金额", "采购预算", "项目预算", "预算总额", "最高限价"),
    "deadline": ("投标截止时间", "提交投标文件截止时间", "响应文件提交截止时间", "开标时间", "截止时间"),
}
LONGEST_VALUE = 120
LARGEST = Decimal("1000000000000")
# The end of a phrase, or the next label.
_END = re.compile(r"[\n\r;；。|]|\s{2,}|\s(?=[^\s\d:：]{2,12}[:：])")
_BRACKET = re.compile(r"^\s*(?:[（(][^（()）\n]{0,20}[)）])?\s*[:：]\s*")
_NUMBER = r"(?<!\d)(?<!\d[.,])(\d[\d,]{0,20}+(?:\.\d{1,6}+)?)"
_AMOUNT = re.compile(_NUMBER + r"\s*(亿元|万元|元|亿|万)")
# Without a unit a number may as well be a lot's or a year's: it is the amount only where nothing else is said.
_BARE = re.compile(r"^\s*(?:(?:人民币|约|¥)\s*){0,3}" + _NUMBER + r"\s*(?:人民币\s*)?(?:$|\()")
_UNITS = {"亿元": 10**8, "亿": 10**8, "万元": 10**4, "万": 10**4, "元": 1}
_DAY = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T\s]*(\d{1,2})\s*[:：时点]\s*(\d{1,2})?)?"
)


def labelled(text: str, labels: Sequence[str]) -> str:
    """What stands behind the first of the labels that has a colon, to the end of the phrase; else nothing."""
    for label in labels:
        at = text.find(label)
        while at >= 0:
            behind = text[at + len(label) : at + len(label) + LONGEST_VALUE + 30]
            if colon := _BRACKET.match(behind):
                unit = "万元" if "万元" in colon.group() and "万" not in behind[colon.end() :][:30] else ""
                return _END.split(behind[colon.end() :], maxsplit=1)[0][:LONGEST_VALUE].strip() + unit
            at = text.find(label, at + 1)
    return ""


def amount_of(text: str) -> Money | None:
    """“￥120万元”, “1,200,000.00” → CNY. Of several (lots) the first with a unit. None when no amount is written."""
    plain = unicodedata.normalize("NFKC", text)
    if found := _AMOUNT.search(plain):
        number, unit = found.groups()
    elif found := _BARE.search(plain):
        number, unit = found[1], "元"
    else:
        return None
    yuan = Decimal(number.replace(",", "")) * _UNITS[unit]
    return Money.of(yuan.quantize(Decimal("0.01"), ROUND_HALF_UP)) if yuan <= LARGEST else None


def instant_of(text: str) -> datetime | None:
    """A day or instant in Shanghai, or an ISO instant with its offset. None when none is written."""
    plain = unicodedata.normalize("NFKC", text).strip()
    try:
        exact = datetime.fromisoformat(plain)
    except ValueError:
        exact = None
    if exact is not None and exact.tzinfo is not None:
        return exact
    found = _DAY.search(plain)
    if found is None:
        return None
    year, month, day, hour, minute = (int(each or 0) for each in found.groups())
    try:
        return datetime.combine(date(year, month, day), time(hour, minute), SHANGHAI)
    except ValueError:
        return None
