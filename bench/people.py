"""People on the stand, hired as HR's feed hires them: the directory's use case, its events, others' projections."""

from __future__ import annotations

import json
import random
from functools import partial
from typing import Any

from sqlalchemy import text

from bench.stand import Stand
from chassis.identity import of_service
from chassis.testing.identity import as_hq
from closeloop.leads.v1 import assignment_service_pb2 as assignment_pb
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1.assignment_service_pb2_grpc import AssignmentServiceStub
from integration.bootstrap import CATALOG
from integration.directory import store
from integration.directory.take_employees import take_employees
from integration.duties.policy import DutiesPolicy
from integration.feeds.rules import Raw
from tests.faults.programs import wait_for

HQ = "H00001"
TEAM = 20
PAGE = 1000
PROFILES = 500
PATIENCE = 300.0
CITIES = (("浙江", "杭州", 30.27, 120.15), ("江苏", "南京", 32.06, 118.79), ("广东", "深圳", 22.54, 114.06))
# Where others keep the employees they were told of.
ROSTERS = {"leads": "rep", "activity": "employee", "targets": "employee", "forecast": "employee"}


def rep(number: int) -> str:
    return f"E{number:06d}"


def hire(stand: Stand, count: int, first: int = 0) -> None:
    """Reps `first` to below `count` in teams of 20, each team's manager, and somebody at headquarters."""
    numbers = range(first, count)
    people = [_record(rep(n), "sales_rep", _unit(n), _manager(n)) for n in numbers]
    people += [_record(_manager(n), "team_manager", _unit(n), HQ) for n in numbers if n % TEAM == 0]
    people += [_record(HQ, "vp_sales", "/HQ/", "")] if first == 0 else []
    uow = stand.uow("integration", CATALOG)
    for start in range(0, len(people), PAGE):
        page = [Raw("bench", json.dumps(each)) for each in people[start : start + PAGE]]
        with uow.begin(of_service("integration")) as tx:
            store.renew_as_of(tx, tx.now)
            outcome = take_employees(tx, page, tx.now, DutiesPolicy())
            assert not outcome.rejections, outcome.rejections[0]
            tx.commit()
    _wait_until_known(stand)


def renew(stand: Stand) -> None:
    """HR has nothing new: what it says is fresh again (N3.1). To be called every few minutes."""
    with stand.uow("integration", CATALOG).begin(of_service("integration")) as tx:
        store.renew_as_of(tx, tx.now)
        tx.commit()


def place(stand: Stand, count: int, first: int = 0) -> None:
    """A territory for each rep, within 30 km of one of three cities."""
    chance = random.Random(count)
    with stand.channel("leads", as_hq(HQ)) as channel:
        stub = AssignmentServiceStub(channel)
        for start in range(first, count, PROFILES):
            numbers = range(start, min(start + PROFILES, count))
            profiles = [_profile(number, chance) for number in numbers]
            stub.ImportRepProfiles(
                assignment_pb.ImportRepProfilesRequest(request_id=f"place-{start}", profiles=profiles)
            )


def near(number: int, chance: random.Random) -> dict[str, Any]:
    """Fields of a lead in one of the cities."""
    province, city, latitude, longitude = CITIES[number % len(CITIES)]
    where = lead_pb2.Position(
        latitude=latitude + chance.uniform(-0.3, 0.3),
        longitude=longitude + chance.uniform(-0.3, 0.3),
        datum=lead_pb2.DATUM_WGS84,
    )
    return {"province": province, "city": city, "position": where}


def _profile(number: int, chance: random.Random) -> assignment_pb.RepProfile:
    there = near(number, chance)
    return assignment_pb.RepProfile(
        employee_id=rep(number),
        territory_centre=there["position"],
        territory_radius_km=20,
        province=there["province"],
        city=there["city"],
    )


def _unit(number: int) -> str:
    return f"/HQ/R{number // 400}/T{number // TEAM}/"


def _manager(number: int) -> str:
    return f"M{number // TEAM:05d}"


def _record(employee_id: str, position: str, unit: str, manager: str) -> dict[str, Any]:
    return {
        "employeeId": employee_id,
        "name": f"员工{employee_id}",
        "status": "active",
        "orgPath": unit,
        "managerId": manager,
        "position": position,
        "hiredOn": "2023-01-01",
        "updatedAt": "2026-01-01T00:00:00+08:00",
    }


def _wait_until_known(stand: Stand) -> None:
    with stand.databases["integration"].connect() as connection:
        there = connection.execute(text("SELECT count(*) FROM employee")).scalar_one()
    for service in ROSTERS.keys() & stand.databases.keys():
        wait_for(partial(_knows, stand, service, there), PATIENCE, f"the roster of {service}")


def _knows(stand: Stand, service: str, people: int) -> bool:
    query = f"SELECT count(*) FROM {ROSTERS[service]}"
    with stand.databases[service].connect() as connection:
        return bool(connection.execute(text(query)).scalar_one() >= people)
