"""What becomes of the 300 rows: errors, duplicates, grades, owners."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
MOBILE = re.compile(r"^\+86(13|14|15|16|17|18|19)\d{9}$")


@dataclass(frozen=True)
class Taken:
    """A row that became a lead of its own. `customer` is the code of the customer it belongs to."""

    row: int
    company: str
    phone: str
    grade: str
    industry: str
    province: str
    city: str
    position: tuple[float, float] | None
    customer: str | None
    wecom: str


@dataclass(frozen=True)
class Outcome:
    """`errors`: row → the field that is wrong. `appended`: row → the row whose lead it was added to."""

    rows: int
    errors: dict[int, str]
    appended: dict[int, int]
    taken: list[Taken]


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="gb18030", newline="") as file:
        return list(csv.DictReader(file))


def phone_of(text: str) -> str:
    digits = re.sub(r"[\s\-()]", "", text)
    return digits if digits.startswith("+") or not digits else f"+86{digits}"


def is_uscc(code: str) -> bool:
    if len(code) != 18 or any(letter not in USCC_ALPHABET for letter in code):
        return False
    total = sum(USCC_ALPHABET.index(letter) * weight for letter, weight in zip(code, USCC_WEIGHTS, strict=False))
    return USCC_ALPHABET[(31 - total % 31) % 31] == code[17]


def wrong_field(row: dict[str, str]) -> str | None:
    if not MOBILE.match(phone_of(row["手机"])):
        return "phone"
    if row["统一社会信用代码"] and not is_uscc(row["统一社会信用代码"].upper()):
        return "uscc"
    if row["纬度"]:
        if not -90 <= float(row["纬度"]) <= 90:
            return "latitude"
        if row["坐标系"] not in ("WGS84", "GCJ02", "BD09"):
            return "datum"
    if row["等级"] not in ("", "A", "B", "C"):
        return "grade"
    return None


def grade_of(row: dict[str, str]) -> str:
    """The grade asked for where the row proves it, else C; without one the best that is proved (LD2.1)."""
    hours = int(row["首次触达时限"]) if row["首次触达时限"] else None
    a = hours is not None and hours <= 48 and row["预算已确认"] == "是" and bool(row["决策链"])
    b = hours is not None and hours <= 168 and bool(row["预算"])
    proved = {"A": a, "B": b, "C": True}
    if row["等级"]:
        return row["等级"] if proved[row["等级"]] else "C"
    return "A" if a else "B" if b else "C"


def take_in(rows: list[dict[str, str]], customers: list[dict[str, Any]]) -> Outcome:
    """Row by row (LD1.2, LD1.3): the same phone, code or WeCom id is the same lead, unless two codes differ."""
    errors: dict[int, str] = {}
    appended: dict[int, int] = {}
    taken: list[Taken] = []
    seen: list[tuple[int, dict[str, str]]] = []
    for number, row in enumerate(rows, start=1):
        field = wrong_field(row)
        if field:
            errors[number] = field
            continue
        keys = {"phone": phone_of(row["手机"]), "uscc": row["统一社会信用代码"].upper(), "wecom": row["企业微信ID"]}
        same = [first for first, known in seen if is_same(keys, known)]
        if same:
            appended[number] = same[0]
            continue
        seen.append((number, keys))
        taken.append(lead(number, row, keys, customers))
    return Outcome(len(rows), errors, appended, taken)


def is_same(one: dict[str, str], other: dict[str, str]) -> bool:
    if one["uscc"] and other["uscc"] and one["uscc"] != other["uscc"]:
        return False
    return any(one[kind] and one[kind] == other[kind] for kind in ("phone", "uscc", "wecom"))


def lead(number: int, row: dict[str, str], keys: dict[str, str], customers: list[dict[str, Any]]) -> Taken:
    position = (float(row["纬度"]), float(row["经度"])) if row["纬度"] else None
    owner = next((c for c in customers if keys["uscc"] and c["uscc"] == keys["uscc"]), None)
    return Taken(
        row=number,
        company=row["公司名称"],
        phone=keys["phone"],
        grade=grade_of(row),
        industry=row["行业"],
        province=row["省份"],
        city=row["城市"],
        position=position,
        customer=owner["customerCode"] if owner else None,
        wecom=keys["wecom"],
    )
