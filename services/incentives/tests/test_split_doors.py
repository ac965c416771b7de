"""Splits through the real doors (I2.2): who shares in an order, and who sees whose share."""

from __future__ import annotations

import pytest

from chassis.errors import FailedPrecondition, InvalidInput, NotFound
from chassis.service import Service
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_manager, as_rep
from chassis.testing.rpc import Rpc

from .terms_doors import R, deal, ledger, lines
from .terms_world import (
    group,
    publish_terms,
    record_split,
    seen_deal,
    split,
)
from .world import earned, employee, fire_clocks, order, standing


@pytest.mark.spec("I2.2")
def test_owner_manager_and_director_get_a_slip_each(rpc: Rpc, staffed: Service) -> None:
    publish_terms(rpc, staffed, R, split(owner=7_000, manager=2_000, director=1_000))
    deliver(staffed, deal(1, 1_000_01))
    assert standing(rpc, staffed) == {
        ("CL-1", R, "E1", 70_00), ("CL-1", R, "E100", 20_00), ("CL-1", R, "E900", 10_00),
    }  # fmt: skip
    assert lines(rpc, staffed, "CL-1", "E100") == [("split", "split: manager 20 % of 100.00 = 20.00")]
    assert [earned(rpc, staffed, who) for who in ("E1", "E100", "E900")] == [70_00, 20_00, 10_00]
    deliver(staffed, deal(1, 1_000_01, version=2, cancelled=True))
    assert standing(rpc, staffed) == set()
    assert ledger(rpc, staffed, "E900") == [("claw_back", -10_00), ("earn", 10_00)]


@pytest.mark.spec("I2.2")
def test_a_manager_who_becomes_known_later_gets_the_share_then(rpc: Rpc, service: Service, staffed: Service) -> None:
    publish_terms(rpc, staffed, R, split(owner=9_000, manager=1_000))
    newcomer = employee("E1")
    newcomer.employee_id, newcomer.manager_id = "E7", "E8"
    deliver(staffed, newcomer, deal(1, 1_000_00, rep="E7"))
    assert standing(rpc, staffed) == {("CL-1", R, "E7", 100_00)}
    leader = employee("E100")
    leader.employee_id = "E8"
    deliver(staffed, leader)
    fire_clocks(staffed)
    assert standing(rpc, staffed) == {("CL-1", R, "E7", 90_00), ("CL-1", R, "E8", 10_00)}


@pytest.mark.spec("I2.2")
def test_a_split_recorded_on_the_order_is_followed_and_stays_when_its_key_changes(rpc: Rpc, staffed: Service) -> None:
    publish_terms(rpc, staffed, R, {"splitByDeal": True})
    deliver(staffed, order("SO-1", contract="", fen=1_000_00))
    assert standing(rpc, staffed) == {("SO-1", R, "E1", 100_00)}
    shown = record_split(rpc, staffed, "SO-1", E1=6_000, E2=4_000)
    assert [(each.employee_id, each.basis_points) for each in shown.split.shares] == [("E1", 6_000), ("E2", 4_000)]
    fire_clocks(staffed)
    shared = {("SO-1", R, "E1", 60_00), ("SO-1", R, "E2", 40_00)}
    assert standing(rpc, staffed) == shared
    deliver(staffed, order("SO-1", version=2, contract="CL-1", fen=1_000_00))
    assert standing(rpc, staffed) == {("CL-1", *each[1:]) for each in shared}


@pytest.mark.spec("I2.2", "I8.1", "P1.4")
def test_a_split_that_can_t_be_is_refused_and_nobody_records_an_own_share(rpc: Rpc, staffed: Service) -> None:
    publish_terms(rpc, staffed, R, {**split(owner=9_000, manager=1_000), "splitByDeal": True})
    deliver(staffed, deal(1, 1_000_00))
    with pytest.raises(InvalidInput) as refused:
        record_split(rpc, staffed, "CL-1", E1=6_000, E404=3_999)
    assert [each.field for each in refused.value.violations] == ["shares", "shares"]
    with pytest.raises(FailedPrecondition) as own:
        record_split(rpc, staffed, "CL-1", as_manager("E100"), E1=6_000, E2=4_000)
    assert own.value.reason == "OWN_SHARE"
    for key, who in (("CL-9", as_hq()), ("CL-1", as_manager("E200", "/HQ/EAST/HZ2/"))):
        with pytest.raises(NotFound):
            record_split(rpc, staffed, key, who, E1=10_000)
    assert not seen_deal(rpc, staffed, "CL-1").HasField("split")


@pytest.mark.spec("I2.2", "P1.4")
def test_a_deal_shows_only_the_shares_of_people_one_may_see(rpc: Rpc, staffed: Service) -> None:
    publish_terms(rpc, staffed, R, split(owner=9_000, manager=1_000))
    deliver(staffed, deal(1, 1_000_00))
    seen = [
        {
            each.beneficiary_id: each.granted.fen
            for each in seen_deal(rpc, staffed, "CL-1", who).outcomes[0].entitlements
        }
        for who in (as_rep("E1"), as_manager("E100"))
    ]
    assert seen == [{"E1": 90_00}, {"E1": 90_00, "E100": 10_00}]
    with pytest.raises(NotFound):
        seen_deal(rpc, staffed, "CL-1", as_rep("E2"))
    publish_terms(rpc, staffed, R, {"splitByDeal": True})
    record_split(rpc, staffed, "CL-1", E1=6_000, E2=4_000)
    fire_clocks(staffed)
    (shown,) = seen_deal(rpc, staffed, "CL-1", as_rep("E2")).outcomes
    assert [(each.beneficiary_id, each.granted.fen) for each in shown.entitlements] == [("E2", 40_00)]


@pytest.mark.spec("I2.2", "P1.4")
def test_a_co_seller_reads_nothing_of_what_others_are_paid(rpc: Rpc, staffed: Service) -> None:
    """Three rules: one that shares, one that pays the owner alone, one that lost against that."""
    publish_terms(rpc, staffed, R, {"splitByDeal": True})
    publish_terms(rpc, staffed, "owners", group("HIGHEST"), percent=7)
    publish_terms(rpc, staffed, "smaller", group("HIGHEST"), percent=3)
    deliver(staffed, deal(1, 1_000_00))
    record_split(rpc, staffed, "CL-1", E1=6_000, E2=4_000)
    fire_clocks(staffed)
    seen = seen_deal(rpc, staffed, "CL-1", as_rep("E2"))
    assert [(each.employee_id, each.basis_points) for each in seen.split.shares] == [("E2", 4_000)]
    assert seen.split.hidden_shares == 1
    by_rule = {each.rule_id: each for each in seen.outcomes}
    assert {rule: each.hidden_entitlements for rule, each in by_rule.items()} == {R: 1, "owners": 1, "smaller": 0}
    for each in by_rule.values():
        assert each.is_result_hidden
        assert (each.HasField("result"), each.formula, each.formula_zh, list(each.lines)) == (False, "", "", [])
    assert [part.granted.fen for part in by_rule[R].entitlements] == [40_00]

    for who, hidden in ((as_rep("E1"), 1), (as_hq(), 0)):
        whole = seen_deal(rpc, staffed, "CL-1", who)
        assert (whole.split.hidden_shares, len(whole.split.shares)) == (hidden, 2 - hidden)
        told = {each.rule_id: (each.result.fen, each.hidden_entitlements) for each in whole.outcomes}
        assert told == {R: (100_00, hidden), "owners": (70_00, 0), "smaller": (30_00, 0)}
        assert not any(each.is_result_hidden for each in whole.outcomes)
