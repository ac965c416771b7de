"""Sixty customers with valid unified social credit codes, each with an owner in the team of its city."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from stdnum.cn import uscc

from closeloop_cli.company.people import NEWCOMER, STAR, Person, Staff
from closeloop_cli.company.places import TEAMS, City

COUNT = 60
WORDS = (
    "康泽",
    "明德",
    "瑞和",
    "博仁",
    "安济",
    "惠民",
    "同心",
    "华宁",
    "天佑",
    "广济",
    "恒安",
    "益寿",
    "长青",
    "和美",
    "远大",
)
KINDS = {
    "hospital": "医院有限公司",
    "clinic": "诊所管理有限公司",
    "distributor": "医疗器械有限公司",
    "checkup": "健康体检有限公司",
    "laboratory": "医学检验有限公司",
}
BODY_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True)
class Customer:
    code: str
    name: str
    uscc: str
    phone: str
    customer_class: str
    grade: str
    industry: str
    city: City
    owner: Person
    since: str

    def as_row(self) -> dict[str, Any]:
        return {
            "customerCode": self.code,
            "name": self.name,
            "uscc": self.uscc,
            "phone": self.phone,
            "customerClass": self.customer_class,
            "grade": f"GRADE_{self.grade}",
            "industry": self.industry,
            "province": self.city.province,
            "city": self.city.name,
            "ownerId": self.owner.employee_id,
            "since": self.since,
        }


class Numbers:
    """Draws firm names, codes and phone numbers that nobody has yet."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._taken: set[str] = set()

    def _fresh(self, candidate: str) -> bool:
        if candidate in self._taken:
            return False
        self._taken.add(candidate)
        return True

    def uscc(self, city: City) -> str:
        while True:
            body = "91" + city.code + "MA" + "".join(self._random.choices(BODY_ALPHABET, k=7))
            if self._fresh(body):
                return body + uscc.calc_check_digit(body)

    def mobile(self) -> str:
        while True:
            number = self._random.choice(("138", "139", "150", "186", "189")) + f"{self._random.randrange(10**8):08d}"
            if self._fresh(number):
                return number

    def firm(self, city: City, industry: str) -> str:
        while True:
            words = "".join(self._random.sample(WORDS, 2))
            if self._fresh(words + city.name):
                return f"{city.name}{words}{KINDS[industry]}"


def customers(staff: Staff, numbers: Numbers, random: Random) -> list[Customer]:
    """The first is the star's new key account, the second the newcomer's first customer: neither has an order yet."""
    cast = {1: staff.named(STAR), 2: staff.named(NEWCOMER)}
    found = []
    for number in range(1, COUNT + 1):
        team = TEAMS[0] if number in cast else TEAMS[(number - 1) % len(TEAMS)]
        industry = random.choice(list(KINDS))
        month, day = random.randint(1, 12), random.randint(1, 28)
        found.append(
            Customer(
                code=f"C{number:04d}",
                name=numbers.firm(team.city, industry),
                uscc=numbers.uscc(team.city),
                phone=numbers.mobile(),
                customer_class="KA" if number == 1 or number % 5 == 0 else "regular",
                grade="A" if number == 1 else random.choice("AABBBCC"),
                industry=industry,
                city=team.city,
                owner=cast.get(number) or random.choice(seasoned(staff, team.path)),
                since=f"{random.choice((2023, 2024, 2025))}-{month:02d}-{day:02d}T02:00:00Z",
            )
        )
    return found


def seasoned(staff: Staff, unit: str) -> list[Person]:
    """Active reps of the team who are no newcomers and not in the story."""
    return [rep for rep in staff.active_reps(unit) if not rep.is_newcomer and rep.name != STAR]
