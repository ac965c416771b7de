"""A database from before splits, caps and budgets goes on as if it had had them (I2.2)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from chassis.migrations import check, downgrade, migrate
from chassis.service import Service
from chassis.testing.events import deliver
from chassis.testing.rpc import Rpc
from incentives.bootstrap import MIGRATIONS

from .terms_world import MINUTE, caps, publish_terms
from .world import SIGNED, earned, fire_clocks, order, standing, told

R = "ten-percent"
SEEN = (
    "SELECT deal_key, rule_id, rule_version, result_fen, formula FROM award",
    "SELECT deal_key, rule_id, beneficiary_id, effective_at, signed_at, share_fen, granted_fen, held_fen "
    "FROM award_step",
)


def seen(service: Service) -> list[list[Any]]:
    with service.uow.database.connect() as conn:
        return [sorted(map(tuple, conn.execute(text(query)))) for query in SEEN]


@pytest.mark.spec("I2.2", "I2.4")
def test_what_was_earned_before_counts_in_its_month(rpc: Rpc, ruled: Service) -> None:
    """Orders, a claw-back and a cancellation of before; then a cap."""
    publish_terms(rpc, ruled, R, {})
    gone = SIGNED + 20 * MINUTE
    deliver(ruled, order("SO-1", contract="CL-1"), order("SO-2", contract="CL-2", signed=SIGNED + MINUTE))
    deliver(ruled, order("SO-1", contract="CL-1", version=2, cancelled=gone))
    before, stood, url = seen(ruled), standing(rpc, ruled), ruled.uow.database.url
    assert len(before[1]) > 4

    downgrade(url, MIGRATIONS, "0002")
    migrate(url, MIGRATIONS)
    check(url, MIGRATIONS)
    assert seen(ruled) == before

    later = (SIGNED + 2 * MINUTE).strftime("%Y-%m-%dT%H:%M:%SZ")
    publish_terms(rpc, ruled, R, caps(perPersonMonth=6_000_00), starts=later)
    fire_clocks(ruled)
    assert standing(rpc, ruled) == stood
    made = len(told(ruled, "incentives.slip_created"))
    deliver(ruled, order("SO-3", contract="CL-3", signed=SIGNED + 3 * MINUTE, fen=9_000_00))
    assert {each for each in standing(rpc, ruled) if each[0] == "CL-3"} == {("CL-3", R, "E1", 800_00)}
    assert len(told(ruled, "incentives.slip_created")) == made + 1
    assert earned(rpc, ruled) == sum(fen for *_, fen in standing(rpc, ruled))


@pytest.mark.spec("I2.2", "I2.4")
def test_what_an_older_process_booked_meanwhile_is_counted_by_the_check(rpc: Rpc, ruled: Service) -> None:
    """That knows no awards: its order is in the ledger alone when the next one is cut."""
    publish_terms(rpc, ruled, R, caps(perPersonMonth=150_00))
    deliver(ruled, order("SO-1", contract="CL-1", fen=1_000_00))
    first = seen(ruled)
    with ruled.uow.database.begin() as conn:
        conn.execute(text("DELETE FROM award_step"))
        conn.execute(text("DELETE FROM award"))
    deliver(ruled, order("SO-2", contract="CL-2", fen=1_000_00, signed=SIGNED + MINUTE))

    assert of_rule(standing(rpc, ruled)) == {"CL-1": 100_00, "CL-2": 100_00}
    run_check(ruled)
    fire_clocks(ruled)
    assert of_rule(standing(rpc, ruled)) == {"CL-1": 100_00, "CL-2": 50_00}
    assert all(set(before) <= set(now) for before, now in zip(first, seen(ruled), strict=True))
    run_check(ruled)
    with ruled.uow.database.connect() as conn:
        assert conn.scalar(text("SELECT count(*) FROM deadline WHERE kind = 'deal.settle' AND state = 'pending'")) == 0


def of_rule(slips: set[tuple[str, str, str, int]]) -> dict[str, int]:
    return {key: fen for key, rule, _, fen in slips if rule == R}


def run_check(service: Service) -> None:
    (job,) = (each for each in service.jobs if each.name == "books.check")
    job.run(service.app)
