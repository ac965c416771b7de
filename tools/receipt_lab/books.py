"""A made-up company's customers, contracts, receivables, and who is known to pay for whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from tools.receipt_lab.spelling import FORMS

CITIES = (
    "杭州", "上海", "宁波", "苏州", "广州", "深圳", "重庆", "青岛", "长沙", "武汉", "西安", "南京", "厦门", "合肥",
    "济南", "郑州", "成都", "昆明", "贵阳", "南昌", "沈阳", "大连", "长春", "太原", "兰州", "福州", "温州", "绍兴",
)  # fmt: skip
FIRST, SECOND = "华瑞康宏嘉博恒盛天安泰明诚远新德信达聚鼎", "源宇诺科辉邦泽晟维创腾星锐翔丰睿特凯森林"
TRADES = (
    "医疗器械", "生物科技", "电子设备", "国际贸易", "实业", "教育科技", "药业", "自动化设备", "信息技术", "环保工程",
    "精密仪器", "供应链管理", "食品", "建筑装饰", "新材料科技",
)  # fmt: skip
PRICES = (9_800_00, 26_000_00, 50_000_00, 86_000_00, 100_000_00, 128_000_00, 200_000_00, 360_000_00)
START = date(2026, 1, 5)


@dataclass(frozen=True)
class Customer:
    code: str
    name: str
    short: str


@dataclass(frozen=True)
class Owed:
    """A receivable. `payers`: names that the ERP knows to pay for this customer."""

    receivable_id: str
    contract: str
    customer: Customer
    fen: int
    due_on: date
    virtual_account: str
    payers: tuple[str, ...]


@dataclass
class Books:
    owed: list[Owed] = field(default_factory=list)
    # Customers by a shared payer's name: a treasury, a group's parent.
    shared: dict[str, list[Customer]] = field(default_factory=dict)

    def of(self, customer: Customer) -> list[Owed]:
        return [each for each in self.owed if each.customer == customer]


def books(receivables: int, random: Random) -> Books:
    made = Books()
    names: set[str] = set()
    while len(made.owed) < receivables:
        family = _family(len(names), names, random)
        shared = _shared_payer(family, random)
        if shared:
            made.shared[shared] = family
        for customer in family:
            _contracts(made, customer, shared, random)
    return made


def _family(number: int, taken: set[str], random: Random) -> list[Customer]:
    """One customer; or several that look alike: sisters in other cities, hospitals by number, schools of a district."""
    kind = random.choices(("alone", "sisters", "hospitals"), (0.75, 0.15, 0.10))[0]
    city, brand, trade = random.choice(CITIES), random.choice(FIRST) + random.choice(SECOND), random.choice(TRADES)
    form = random.choice(FORMS)
    if kind == "hospitals":
        found = [(f"{city}市第{each}人民医院", f"{city}{each}院") for each in "一二三四"[: random.randint(2, 4)]]
    elif kind == "sisters":
        cities = random.sample(CITIES, random.randint(2, 3))
        found = [(f"{brand}{trade}（{each}）{form}", f"{brand}{trade[:2]}{each}") for each in cities]
    else:
        short = random.choice((f"{city}{brand}", f"{city}{brand}{trade[-2:]}", f"{city}{brand}{trade[:2]}"))
        found = [(f"{city}{brand}{trade}{form}", short)]
    fresh = [(name, short) for name, short in found if name not in taken]
    taken.update(name for name, _ in fresh)
    return [Customer(f"C{number + at:06d}", name, short) for at, (name, short) in enumerate(fresh)]


def _shared_payer(family: list[Customer], random: Random) -> str | None:
    if len(family) < 2 or random.random() < 0.3:
        return None
    if "医院" in family[0].name:
        return f"{family[0].name[:3]}财政局国库支付中心{random.randrange(1000):03d}"
    return f"{family[0].name[:2]}控股集团{random.randrange(10_000):04d}有限公司"


def _contracts(made: Books, customer: Customer, shared: str | None, random: Random) -> None:
    known = (customer.name,) if random.random() < 0.9 else ()
    payers = (*known, shared) if shared else known
    for _ in range(random.choice((1, 1, 2, 3, 5))):
        number = len(made.owed)
        contract = f"{random.choice(('HT', 'XS', 'CL'))}-2026-{number:06d}"
        account = f"6222{number:010d}" if random.random() < 0.10 else ""
        signed = START + timedelta(days=random.randrange(50))
        for at, fen in enumerate(_instalments(random)):
            due = signed + timedelta(days=30 * at)
            made.owed.append(Owed(f"AR-{number:06d}-{at}", contract, customer, fen, due, account, payers))


def _instalments(random: Random) -> list[int]:
    """Equal ones, 30/60/10, or a single amount; often round, or of the price list, which many customers owe."""
    unit = random.choice((100_00, 1_000_00, 10_000_00, 1_00, 1))
    total = max(3 * unit, random.randint(3_000_00, 900_000_00) // unit * unit)
    if random.random() < 0.15:
        total = random.choice(PRICES)
    shape = random.choices(("one", "equal", "uneven"), (0.5, 0.3, 0.2))[0]
    if shape == "equal":
        return [total] * random.randint(2, 4)
    if shape == "uneven":
        first, second = total * 3 // 10, total * 6 // 10
        return [first, second, total - first - second]
    return [total]
