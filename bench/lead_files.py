"""Files of leads as people send them: names, cities and phones drawn, some phones that are none."""

from __future__ import annotations

import io
import random
from collections.abc import Callable

from openpyxl import Workbook

HEADINGS = ["公司名称", "联系人", "手机号", "渠道", "行业", "省份", "城市", "备注"]
CITIES = ["杭州", "南京", "深圳", "上海", "北京", "成都", "武汉", "西安", "苏州", "宁波", "广州", "重庆"]
SIGNS = "华瑞恒泰宏达鑫源博雅康宁安信德隆盛世嘉禾天成东方远大中创新力科艺诚智云海星辰光明润泽金石玉龙凤翔鹏程万里长江"
TRADES = ["医疗", "电子", "机械", "软件", "生物", "环保", "建筑", "化工"]
FORMS = ["有限公司", "科技有限公司", "股份有限公司", "设备有限公司"]
# Of so many the phone is none.
BAD = 0.02


def lines(rows: int, series: int) -> list[list[str]]:
    chance, found = random.Random(series), []
    for n in range(rows):
        city = chance.choice(CITIES)
        name = city + "".join(chance.choices(SIGNS, k=3)) + chance.choice(TRADES) + chance.choice(FORMS)
        phone = "12" if chance.random() < BAD else f"13{series}{n:08d}"
        found.append([name, "王工", phone, "展会", "医疗", "", city, f"采购第{n}台设备"])
    return found


def as_csv(table: list[list[str]], encoding: str) -> bytes:
    return "".join(",".join(each) + "\r\n" for each in [HEADINGS, *table]).encode(encoding)


def as_xlsx(table: list[list[str]]) -> bytes:
    book, content = Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet()
    for each in [HEADINGS, *table]:
        sheet.append(each)
    book.save(content)
    return content.getvalue()


WRITTEN: dict[str, Callable[[list[list[str]]], bytes]] = {
    "gb18030": lambda table: as_csv(table, "gb18030"),
    "bom": lambda table: as_csv(table, "utf-8-sig"),
    "xlsx": as_xlsx,
}
