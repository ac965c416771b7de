"""The CSV of 300 leads as an exhibition's organiser would send it: Chinese headings, GB18030, some rows wrong."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field, replace
from random import Random

from stdnum.cn import uscc

from closeloop_cli.company.customers import Customer, Numbers
from closeloop_cli.company.people import Names
from closeloop_cli.company.places import TEAMS, City

ROWS, MALFORMED, DUPLICATES = 300, 5, 12
# Rows (1 = the first below the headings) of the story.
OLD_CUSTOMER_ROWS, TWIN_PHONE_ROW = (23, 24), 50
KEY_ACCOUNT_ROW, NEWCOMER_ROW, CHAT_ROW, CALL_ROW = 21, 22, 35, 47
SILENT_ROW, WRITTEN_ROW, EXPLAINED_ROW = 64, 65, 73
CHAT_EXTERNAL_ID = "wm-expo-2001"
NEEDS = ("更新超声设备", "新建检验科", "扩充监护床位", "试剂集采", "体检车配套", "售后服务外包")
CHANNELS = ("expo", "douyin", "referral", "existing_customer_referral", "website")
ROLES = ("院长", "设备科长", "检验科主任", "采购经理", "财务总监")


@dataclass(frozen=True)
class Row:
    公司名称: str
    联系人: str
    手机: str
    统一社会信用代码: str = ""
    企业微信ID: str = ""
    渠道: str = "expo"
    行业: str = "hospital"
    省份: str = ""
    城市: str = ""
    纬度: str = ""
    经度: str = ""
    坐标系: str = ""
    等级: str = ""
    首次触达时限: str = ""
    预算: str = ""
    预算已确认: str = ""
    决策链: str = ""
    需求: str = ""


HEADINGS = tuple(Row.__dataclass_fields__)


@dataclass
class Sheet:
    rows: list[Row] = field(default_factory=list)

    def as_csv(self) -> bytes:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(HEADINGS)
        writer.writerows([getattr(row, heading) for heading in HEADINGS] for row in self.rows)
        return out.getvalue().encode("gb18030")


def sheet(customers: list[Customer], numbers: Numbers, random: Random) -> Sheet:
    names = Names(random, set())
    rows = [fresh_row(names, numbers, random) for _ in range(ROWS)]
    spots = random.sample(range(100, ROWS + 1), MALFORMED + DUPLICATES)
    for spot, break_it in zip(spots[:MALFORMED], MISTAKES, strict=True):
        rows[spot - 1] = break_it(rows[spot - 1])
    originals = sorted(random.sample(range(76, 99), DUPLICATES))
    for number, (spot, original) in enumerate(zip(spots[MALFORMED:], originals, strict=True)):
        rows[original - 1] = with_all_keys(rows[original - 1], number, numbers, random)
        rows[spot - 1] = duplicate(rows[original - 1], number, names, numbers)
    cast(rows, customers, numbers, random)
    return Sheet(rows)


def fresh_row(names: Names, numbers: Numbers, random: Random) -> Row:
    city = random.choice(TEAMS).city
    industry = random.choice(("hospital", "hospital", "clinic", "distributor", "checkup", "laboratory"))
    row = Row(
        公司名称=numbers.firm(city, industry),
        联系人=names.draw(),
        手机=numbers.mobile(),
        统一社会信用代码=numbers.uscc(city) if random.random() < 0.5 else "",
        渠道=random.choice(CHANNELS),
        行业=industry,
        省份=city.province,
        城市=city.name,
        需求=random.choice(NEEDS),
    )
    return graded(located(row, city, random), random)


def located(row: Row, city: City, random: Random) -> Row:
    if random.random() < 0.25:
        return row
    latitude = f"{city.latitude + random.uniform(-0.3, 0.3):.5f}"
    longitude = f"{city.longitude + random.uniform(-0.3, 0.3):.5f}"
    return replace(row, 纬度=latitude, 经度=longitude, 坐标系="WGS84")


def graded(row: Row, random: Random) -> Row:
    """A fifth is qualified for A, a third for B, each with or without its grade; some claim B without proof."""
    draw = random.random()
    if draw < 0.2:
        return qualified(row, random.choice(("A", "")), random)
    if draw < 0.55:
        return promising(row, random.choice(("B", "")), random)
    return replace(row, 等级=random.choice(("C", "C", "", "", "B")))


def qualified(row: Row, grade: str, random: Random) -> Row:
    return replace(
        row,
        等级=grade,
        首次触达时限=random.choice(("24", "36", "48")),
        预算=f"{random.randint(5, 90) * 10000}.00",
        预算已确认="是",
        决策链="；".join(random.sample(ROLES, 2)),
    )


def promising(row: Row, grade: str, random: Random) -> Row:
    hours, budget = random.choice(("72", "96", "120")), f"{random.randint(2, 40) * 10000}.00"
    return replace(row, 等级=grade, 首次触达时限=hours, 预算=budget, 预算已确认="否")


def bad_phone(row: Row) -> Row:
    return replace(row, 手机="12345")


def bad_uscc(row: Row) -> Row:
    """A code whose last character is not the check character of the others."""
    body = "91330100MA2B3C4D5"
    right = uscc.calc_check_digit(body)
    return replace(row, 统一社会信用代码=body + ("0" if right != "0" else "1"))


def off_the_globe(row: Row) -> Row:
    return replace(row, 纬度="95.20000", 经度="120.15000", 坐标系="WGS84")


def no_datum(row: Row) -> Row:
    return replace(row, 纬度="30.27410", 经度="120.15510", 坐标系="")


def bad_grade(row: Row) -> Row:
    return replace(row, 等级="S")


MISTAKES = (bad_phone, bad_uscc, off_the_globe, no_datum, bad_grade)


def with_all_keys(row: Row, number: int, numbers: Numbers, random: Random) -> Row:
    city = random.choice(TEAMS).city
    return replace(
        row,
        统一社会信用代码=row.统一社会信用代码 or numbers.uscc(city),
        企业微信ID=f"wm-expo-{1000 + number}",
    )


def duplicate(original: Row, number: int, names: Names, numbers: Numbers) -> Row:
    """The same lead once more: by phone in another notation, by code, or by WeCom id; nothing else is equal."""
    place = {"省份": original.省份, "城市": original.城市}
    again = Row(original.公司名称, names.draw(), numbers.mobile(), 渠道="douyin", **place)
    if number % 3 == 0:
        return replace(again, 手机=f"+86 {original.手机[:3]}-{original.手机[3:7]}-{original.手机[7:]}")
    if number % 3 == 1:
        return replace(again, 统一社会信用代码=original.统一社会信用代码.lower())
    return replace(again, 企业微信ID=original.企业微信ID)


def cast(rows: list[Row], customers: list[Customer], numbers: Numbers, random: Random) -> None:
    """The rows that the story follows."""
    key_account, first_customer = customers[0], customers[1]
    rows[KEY_ACCOUNT_ROW - 1] = qualified(of_customer(key_account, "王院长", "新院区整体采购"), "A", random)
    rows[NEWCOMER_ROW - 1] = promising(of_customer(first_customer, "赵主任", "首批监护仪"), "B", random)
    for spot, customer in zip(OLD_CUSTOMER_ROWS, (customers[4], customers[7]), strict=True):
        rows[spot - 1] = of_customer(customer, "老客户", "耗材补货")
    share_a_phone(rows, customers[0].city, numbers)
    for spot in (CHAT_ROW, CALL_ROW, SILENT_ROW, WRITTEN_ROW, EXPLAINED_ROW):
        plain = rows[spot - 1]
        rows[spot - 1] = qualified(replace(plain, 渠道="expo"), "A", random)
    rows[CHAT_ROW - 1] = replace(rows[CHAT_ROW - 1], 企业微信ID=CHAT_EXTERNAL_ID)


def of_customer(customer: Customer, contact: str, need: str) -> Row:
    return Row(
        公司名称=customer.name,
        联系人=contact,
        手机=customer.phone,
        统一社会信用代码=customer.uscc,
        渠道="existing_customer_referral",
        行业=customer.industry,
        省份=customer.city.province,
        城市=customer.city.name,
        需求=need,
    )


def share_a_phone(rows: list[Row], city: City, numbers: Numbers) -> None:
    """Two firms behind one phone stay two: different codes never merge, whatever else is equal."""
    first = replace(rows[TWIN_PHONE_ROW - 2], 统一社会信用代码=numbers.uscc(city))
    rows[TWIN_PHONE_ROW - 2] = first
    rows[TWIN_PHONE_ROW - 1] = replace(rows[TWIN_PHONE_ROW - 1], 手机=first.手机, 统一社会信用代码=numbers.uscc(city))
