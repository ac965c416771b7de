"""One pass over what moves: what is held, decided or refused meanwhile stops nothing else (LD10.1)."""

from __future__ import annotations

from collections import Counter

import pytest

from chassis.testing.events import deliver
from closeloop.leads.v1 import lead_pb2

from .company import Company
from .handing_over import (
    customers,
    fire,
    handovers,
    owners,
    wait_for_the_move,
)


def only_grade_b(company: Company, *employee_ids: str) -> None:
    for each in employee_ids:
        company.profile(each, grades=[lead_pb2.GRADE_B])


@pytest.mark.spec("LD10.1")
def test_any_number_of_held_handovers_stops_no_later_one(company: Company) -> None:
    stuck = [f"E{n:02d}" for n in range(20)]
    company.hire(*stuck, "E20", "T1")
    only_grade_b(company, "T1")
    for at, each in enumerate(stuck):
        customers(company, each, 1, first=at + 1, grade=lead_pb2.GRADE_A)
    customers(company, "E20", 1, first=99)
    gone = [company.employee(each, version=2, status="departed") for each in (*stuck, "E20")]
    company.directory.status |= dict.fromkeys((*stuck, "E20"), "departed")
    deliver(company.service, *gone[:20])
    fire(company)
    deliver(company.service, gone[20])
    fire(company)
    assert wait_for_the_move(company) == 1
    assert owners(company, "C00099") == {"C00099": "T1"}
    assert Counter(each.held for each in handovers(company)) == {1: 20, 0: 1}
