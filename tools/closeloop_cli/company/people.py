"""Employees as the HR system knows them, and what the assignment needs to know about each rep."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from closeloop_cli.company.places import HEADQUARTERS, REGIONS, TEAMS, Region, Team

DAY = date(2026, 3, 10)
MAIL_DOMAIN = "closeloop.example"  # reserved: a mail that leaves by mistake reaches nobody
REPS_PER_TEAM = 19
NEWCOMER_TENURE = 90

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
GIVEN = "伟芳娜敏静强磊洋艳勇军杰娟涛明超霞平刚桂辉玲华慧建文颖琳晨宇浩然欣怡佳琪梓涵子轩思远雨桐嘉懿俊熙若曦景行书瑶"


@dataclass(frozen=True)
class Person:
    employee_id: str
    name: str
    position: str
    unit: str
    unit_name: str
    region: str
    manager_id: str | None
    hired_on: date
    status: str = "ACTIVE"
    left_on: date | None = None

    @property
    def is_newcomer(self) -> bool:
        return (DAY - self.hired_on).days < NEWCOMER_TENURE

    def as_hr_record(self) -> dict[str, Any]:
        return {
            "employeeId": self.employee_id,
            "name": self.name,
            "status": self.status,
            "orgPath": self.unit,
            "orgName": self.unit_name,
            "regionName": self.region,
            "managerId": self.manager_id,
            "position": self.position,
            "hiredOn": self.hired_on.isoformat(),
            "leftOn": self.left_on.isoformat() if self.left_on else None,
            "email": f"{self.employee_id.lower()}@{MAIL_DOMAIN}",
            "wecomUserId": self.employee_id.lower(),
            "updatedAt": "2026-03-09T18:00:00+08:00",
        }


@dataclass(frozen=True)
class Staff:
    people: tuple[Person, ...]

    def by_position(self, position: str) -> list[Person]:
        return [person for person in self.people if person.position == position]

    @property
    def reps(self) -> list[Person]:
        return self.by_position("sales_rep")

    def active_reps(self, unit: str = "") -> list[Person]:
        return [rep for rep in self.reps if rep.status == "ACTIVE" and rep.unit.startswith(unit)]

    def named(self, name: str) -> Person:
        (found,) = (person for person in self.people if person.name == name)
        return found


# People whom the story of the day names. The others get drawn names.
STAR, COLLEAGUE, NEWCOMER = "李娜", "张伟", "周晓彤"
HEAD_OFFICE = (
    ("vp_sales", "陈建国"),
    ("hq_partner", "林书瑶"),
    ("sales_ops", "吴敏"),
    ("sales_ops", "何静"),
    ("sales_ops", "罗宇"),
    ("finance_clerk", "郑慧"),
    ("finance_clerk", "谢玲"),
    ("finance_clerk", "唐颖"),
    ("finance_clerk", "冯平"),
    ("auditor", "韩景行"),
    ("cio", "许思远"),
)
# (team, number of the rep in it) → state: not everybody is at work on a given Tuesday.
AWAY = {
    (0, 5): "ON_LEAVE",
    (3, 7): "ON_LEAVE",
    (6, 2): "ON_LEAVE",
    (9, 9): "ON_LEAVE",
    (1, 4): "FROZEN",
    (7, 11): "DISABLED",
    (4, 3): "DEPARTED",
    (10, 8): "DEPARTED",
}
NEWCOMER_NUMBERS = (17, 18)


class Names:
    """Draws names that nobody has yet."""

    def __init__(self, random: Random, taken: set[str]) -> None:
        self._random = random
        self._taken = set(taken)

    def draw(self) -> str:
        while True:
            length = self._random.choice((1, 2, 2))
            name = self._random.choice(SURNAMES) + "".join(self._random.sample(GIVEN, length))
            if name not in self._taken:
                self._taken.add(name)
                return name


def hire(random: Random) -> Staff:
    """Everybody: numbers in the order of head office, directors, managers, reps team by team."""
    names = Names(random, {STAR, COLLEAGUE, NEWCOMER, *(name for _, name in HEAD_OFFICE)})
    people = [head_office(number, position, name) for number, (position, name) in enumerate(HEAD_OFFICE, start=1)]
    chief = people[0].employee_id
    directors = {region.path: director(number, region, names, chief) for number, region in enumerate(REGIONS, start=21)}
    managers = {
        team.path: manager(number, team, names, directors[region_of(team).path].employee_id)
        for number, team in enumerate(TEAMS, start=31)
    }
    people += [*directors.values(), *managers.values()]
    for index, team in enumerate(TEAMS):
        people += team_of_reps(index, team, managers[team.path].employee_id, names, random)
    return Staff(tuple(people))


def region_of(team: Team) -> Region:
    return next(region for region in REGIONS if team in region.teams)


def code(number: int) -> str:
    return f"E{number:05d}"


def head_office(number: int, position: str, name: str) -> Person:
    chief = None if number == 1 else code(1)
    return Person(code(number), name, position, HEADQUARTERS, "总部", "总部", chief, date(2019, 4, number))


def director(number: int, region: Region, names: Names, chief: str) -> Person:
    hired = date(2020, 3, number)
    return Person(code(number), names.draw(), "region_director", region.path, region.name, region.name, chief, hired)


def manager(number: int, team: Team, names: Names, boss: str) -> Person:
    region = region_of(team).name
    hired = date(2021, 1, 1) + timedelta(days=number)
    return Person(code(number), names.draw(), "team_manager", team.path, team.name, region, boss, hired)


def team_of_reps(index: int, team: Team, boss: str, names: Names, random: Random) -> list[Person]:
    return [rep(index, number, team, boss, names, random) for number in range(REPS_PER_TEAM)]


def rep(index: int, number: int, team: Team, boss: str, names: Names, random: Random) -> Person:
    status = AWAY.get((index, number), "ACTIVE")
    return Person(
        employee_id=code(101 + 20 * index + number),
        name=rep_name(index, number, names),
        position="sales_rep",
        unit=team.path,
        unit_name=team.name,
        region=region_of(team).name,
        manager_id=boss,
        hired_on=hired_on(number, random),
        status=status,
        left_on=date(2026, 2, 27) if status == "DEPARTED" else None,
    )


def rep_name(index: int, number: int, names: Names) -> str:
    cast = {(0, 0): STAR, (0, 1): COLLEAGUE, (0, 17): NEWCOMER}
    return cast.get((index, number)) or names.draw()


def hired_on(number: int, random: Random) -> date:
    if number in NEWCOMER_NUMBERS:
        return DAY - timedelta(days=random.randint(15, 80))
    return DAY - timedelta(days=random.randint(150, 2200))


def rep_profiles(staff: Staff, random: Random) -> list[dict[str, Any]]:
    """Territories around the team's city. Some reps have no centre on record, some may not take every lead."""
    cities = {team.path: team.city for team in TEAMS}
    profiles = []
    for index, person in enumerate(staff.reps):
        city = cities[person.unit]
        profile: dict[str, Any] = {
            "employeeId": person.employee_id,
            "territoryRadiusKm": random.choice((8.0, 12.0, 15.0, 20.0)),
            "province": city.province,
            "city": city.name,
            "grades": ["GRADE_B", "GRADE_C"] if index % 11 == 7 else [],
            "industries": ["hospital", "clinic"] if index % 13 == 5 else [],
            "baseline": 0.0,
        }
        if index % 9 != 4:
            profile["territoryCentre"] = {
                "latitude": round(city.latitude + random.uniform(-0.22, 0.22), 5),
                "longitude": round(city.longitude + random.uniform(-0.22, 0.22), 5),
                "datum": "DATUM_WGS84",
            }
        profiles.append(profile)
    return profiles


def units(staff: Staff) -> list[dict[str, Any]]:
    heads = {p.unit: p.employee_id for p in staff.people if p.position in ("team_manager", "region_director")}
    tree = [{"path": HEADQUARTERS, "name": "总部", "managerId": staff.people[0].employee_id}]
    for region in REGIONS:
        tree.append({"path": region.path, "name": region.name, "managerId": heads[region.path]})
        tree += [{"path": team.path, "name": team.name, "managerId": heads[team.path]} for team in region.teams]
    return tree
