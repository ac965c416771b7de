"""The schema is the one that tables/ describes, and every policy is offered."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chassis.database import Database
from chassis.migrations import check, downgrade, migrate
from leads.bootstrap import MIGRATIONS

from .company import Company


def test_the_migrations_make_the_tables_and_take_them_back(service_database: Callable[[str], Database]) -> None:
    url = service_database("leads").url
    check(url, MIGRATIONS)
    downgrade(url, MIGRATIONS, "base")
    migrate(url, MIGRATIONS)


def test_a_database_of_the_first_release_gets_what_came_later(service_database: Callable[[str], Database]) -> None:
    url = service_database("leads").url
    downgrade(url, MIGRATIONS, "0001")
    migrate(url, MIGRATIONS)
    check(url, MIGRATIONS)


@pytest.mark.spec("P3.1")
def test_every_policy_is_offered_with_its_defaults(company: Company) -> None:
    from chassis.testing.identity import as_hq
    from closeloop.leads.v1 import policy_service_pb2 as pb
    from closeloop.leads.v1.policy_service_pb2_grpc import PolicyServiceStub

    door = PolicyServiceStub(company.rpc(company.service, as_=as_hq()))
    found = {each.name: each.body for each in door.ListPolicies(pb.ListPoliciesRequest()).policies}
    assert sorted(found) == [
        "assignment", "capture", "completeness", "customer_grades", "duplicates", "grading", "handover", "hints",
        "pool", "recycle", "response", "score", "tenders",
    ]  # fmt: skip
    assert found["assignment"]["baseline"] == 8
    assert found["assignment"]["grade_weights"]["C"] == 0.36
