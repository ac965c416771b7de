"""Leads of a large pool, with what they are found by: company-like names, phones, cities, graded and waiting.

A third of the companies are of 杭州, a third have 科技 in their names, other cities and trades are rarer and rarer.
Made by two processes, as text for COPY.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from leads.normalise.name_rules import as_compared
from leads.pool.word_rules import words_of

NOW = datetime(2026, 6, 30, 4, tzinfo=UTC)
PART = 20_000
PLACES = {
    "浙江": "杭州 宁波 温州 嘉兴 湖州 绍兴 金华 台州", "上海": "上海", "江苏": "苏州 南京 无锡 常州 南通 徐州",
    "广东": "深圳 广州 佛山 东莞 珠海", "北京": "北京", "山东": "青岛 济南 烟台", "四川": "成都 绵阳",
    "湖北": "武汉 宜昌", "福建": "厦门 福州 泉州", "河南": "郑州 洛阳", "湖南": "长沙 株洲", "安徽": "合肥 芜湖",
    "陕西": "西安", "重庆": "重庆", "天津": "天津", "辽宁": "大连 沈阳", "河北": "石家庄 唐山", "云南": "昆明",
}  # fmt: skip
CITIES = [(city, province) for province, cities in PLACES.items() for city in cities.split()]
TRADES = [
    "科技", "医疗器械", "电子", "机械", "食品", "贸易", "建材", "化工", "物流", "教育", "环保", "智能装备", "信息技术",
    "汽车部件", "生物", "新材料", "纺织", "包装", "能源", "家具", "印刷", "仪表", "塑机", "餐饮", "软件", "光电",
    "水务", "制药", "农业", "仪器",
]  # fmt: skip
SYLLABLES = (
    "云启海天华瑞康德明远恒信金鼎宏图永盛安达博雅中泰利丰嘉和顺通万向东方正新世纪百川汇智创联合众腾飞翔宇凯越航星辰光耀"
    "景泰润泽普惠鸿运吉祥如意森林木子石磊山河江湖春夏秋冬晨曦雨露雪梅兰竹菊松柏青峰岭峡谷源泉清溪沐风雷电火炎土城堡"
)
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英"
CHANNELS, INDUSTRIES = ("expo", "website", "wecom", "referral", "tender"), ("医疗", "制造", "教育", "物流", "食品", "")
GRADES = ("A", "B", "B", "C", "C", "C", "", "", "")
LEAD = (
    "lead_id", "state", "grade", "company_name", "name_key", "contact_name", "phone", "channel", "industry", "province",
    "city", "captured_at", "last_touch_at", "waiting_since",
)  # fmt: skip
WORDS = ("lead_id", "names", "sound", "initials", "phone", "pieces")


@dataclass(frozen=True)
class Company:
    """`brand`, `trade`: the parts of its name that a person remembers."""

    city: str
    province: str
    brand: str
    trade: str

    @property
    def name(self) -> str:
        return f"{self.city}{self.brand}{self.trade}有限公司"


def company(random: Random) -> Company:
    city, province = CITIES[0] if random.random() < 1 / 3 else CITIES[_rare(random, len(CITIES))]
    trade = TRADES[0] if random.random() < 1 / 3 else TRADES[_rare(random, len(TRADES))]
    return Company(city, province, "".join(random.choices(SYLLABLES, k=random.choice((2, 2, 2, 3)))), trade)


def phone(random: Random) -> str:
    return f"+861{random.choice('3578')}{random.randrange(10**9):09}"


def parts(count: int, seed: int) -> Iterator[tuple[str, str]]:
    """Text for COPY into lead and lead_words, part by part."""
    starts = range(0, count, PART)
    with ProcessPoolExecutor(2) as processes:
        yield from processes.map(part, starts, [min(PART, count - start) for start in starts], [seed] * len(starts))


def part(start: int, count: int, seed: int) -> tuple[str, str]:
    random = Random(seed * 1_000_003 + start)
    leads, words = [], []
    for number in range(start, start + count):
        lead_id, one = _id(number, random), company(random)
        name, mobile = random.choice(SURNAMES) + "".join(random.choices(GIVEN, k=random.choice((1, 2)))), phone(random)
        since = NOW - timedelta(seconds=random.randrange(300 * 86_400))
        times = [since.isoformat()] * 3
        leads.append((
            lead_id, "recycled", random.choice(GRADES), one.name, as_compared(one.name), name, mobile,
            random.choice(CHANNELS), random.choice(INDUSTRIES), one.province, one.city, *times,
        ))  # fmt: skip
        found = words_of(one.name, name, mobile)
        pieces = " ".join(f"'{each}'" for each in found.pieces)
        words.append((lead_id, found.names, found.sound, found.initials, found.phone, pieces))
    return _lines(leads), _lines(words)


def _rare(random: Random, count: int) -> int:
    """The first but one is the commonest, the last ones are rare."""
    return min(count - 1, 1 + int(random.expovariate(6 / count)))


def _id(number: int, random: Random) -> str:
    """In the order of capture, as UUIDv7 is."""
    at = 1_780_000_000_000 + number
    return str(UUID(int=at << 80 | 7 << 76 | random.getrandbits(12) << 64 | 2 << 62 | random.getrandbits(62)))


def _lines(rows: Iterable[tuple[str, ...]]) -> str:
    return "".join("\t".join(row) + "\n" for row in rows)
