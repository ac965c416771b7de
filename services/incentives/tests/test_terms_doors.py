"""Caps, groups and drafts of rules through the real doors (I2.2)."""

from __future__ import annotations

import pytest

from chassis.clock import FixedClock
from chassis.errors import FailedPrecondition
from chassis.kernel.ids import new_id
from chassis.service import Service
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq
from chassis.testing.rpc import Rpc
from closeloop.incentives.v1 import rule_service_pb2 as rule_pb
from closeloop.incentives.v1.rule_service_pb2_grpc import RuleServiceStub
from incentives.bootstrap import CATALOG
from incentives.budgets.rules import BudgetExhausted
from incentives.slips.rules import SlipHeld

from .models import expression
from .terms_doors import DAY, R, deal, ledger, lines
from .terms_world import (
    MINUTE,
    caps,
    drafted,
    group,
    publish_terms,
    seen_deal,
    split,
)
from .world import SIGNED, earned, fire_clocks, order, standing, waiting


def test_events_fit_their_contracts() -> None:
    CATALOG.check([BudgetExhausted, SlipHeld])


@pytest.mark.spec("I2.2")
def test_caps_cut_in_the_order_of_signing_and_say_so(rpc: Rpc, staffed: Service) -> None:
    publish_terms(rpc, staffed, R, caps(perOrder=500_00, perPersonMonth=800_00))
    deliver(staffed, deal(2, 6_200_00), deal(1, 4_000_00), deal(3, 100_00))
    assert standing(rpc, staffed) == {("CL-1", R, "E1", 400_00), ("CL-2", R, "E1", 400_00)}
    assert lines(rpc, staffed, "CL-2")[-2:] == [
        ("order_cap", f"capped: 500.00 of 620.00, cap of rule {R} per order"),
        ("person_cap", f"capped: 400.00 of 500.00, cap of rule {R} per person and month 2026-03"),
    ]
    nothing = seen_deal(rpc, staffed, "CL-3").outcomes[0]
    assert (nothing.result.fen, nothing.entitlements[0].share.fen, nothing.entitlements[0].granted.fen) == (
        10_00,
        10_00,
        0,
    )
    assert nothing.entitlements[0].lines[0].text_zh == f"封顶：10.00 元中计 0.00 元，规则 {R} 的每人每月（2026-03）上限"

    deliver(staffed, deal(1, 4_000_00, version=2, cancelled=True))
    assert standing(rpc, staffed) == {("CL-2", R, "E1", 500_00), ("CL-3", R, "E1", 10_00)}
    assert earned(rpc, staffed, at=SIGNED + 10 * MINUTE) == 800_00
    assert earned(rpc, staffed) == 510_00


@pytest.mark.spec("I2.2")
def test_the_cap_of_a_rule_counts_everybody_and_begins_anew_with_the_month_of_shanghai(
    rpc: Rpc, staffed: Service, clock: FixedClock
) -> None:
    publish_terms(rpc, staffed, R, caps(perMonth=150_00))
    clock.advance(30 * DAY)
    month_end = SIGNED.replace(day=31, hour=15, minute=59)
    deliver(
        staffed, deal(1, 1_000_00), deal(2, 1_000_00, rep="E2"),
        order("SO-8", contract="CL-8", fen=1_000_00, signed=month_end),
        order("SO-9", contract="CL-9", fen=1_000_00, signed=month_end + MINUTE),
    )  # fmt: skip
    assert standing(rpc, staffed) == {
        ("CL-1", R, "E1", 100_00), ("CL-2", R, "E2", 50_00), ("CL-9", R, "E1", 100_00),
    }  # fmt: skip


@pytest.mark.spec("I2.2", "I1.2")
def test_orders_of_a_month_keep_the_cap_of_their_rule_version(rpc: Rpc, staffed: Service) -> None:
    publish_terms(rpc, staffed, R, {})
    deliver(staffed, deal(1, 5_000_00), deal(5, 5_000_00))
    half = (SIGNED + 3 * MINUTE).strftime("%Y-%m-%dT%H:%M:%SZ")
    publish_terms(rpc, staffed, R, caps(perPersonMonth=700_00), starts=half)
    fire_clocks(staffed)
    assert standing(rpc, staffed) == {("CL-1", R, "E1", 500_00), ("CL-5", R, "E1", 200_00)}


@pytest.mark.spec("I2.2")
def test_the_highest_rule_wins_and_a_late_change_of_winner_books_the_difference(rpc: Rpc, staffed: Service) -> None:
    publish_terms(rpc, staffed, "small", group("HIGHEST"), percent=5)
    deliver(staffed, deal(1, 1_000_00))
    assert standing(rpc, staffed) == {("CL-1", "small", "E1", 50_00)}
    publish_terms(rpc, staffed, "large", group("HIGHEST"), percent=8)
    fire_clocks(staffed)
    assert standing(rpc, staffed) == {("CL-1", "large", "E1", 80_00)}
    assert ledger(rpc, staffed) == [("claw_back", -50_00), ("earn", 50_00), ("earn", 80_00)]
    lost = next(each for each in seen_deal(rpc, staffed, "CL-1").outcomes if each.rule_id == "small")
    assert (lost.group, list(lost.entitlements), lost.lines[0].code) == ("g", [], "group_lost")
    assert lost.lines[0].text == "group g, the highest wins: large gives 80.00; 50.00 of this rule do not count"
    assert ("group_won", "group g, the highest wins: over small (50.00)") in lines(rpc, staffed, "CL-1")


@pytest.mark.spec("I1.3", "I2.5")
def test_a_rule_that_fails_at_one_place_in_history_hinders_no_claw_back(rpc: Rpc, staffed: Service) -> None:
    """The second order of the customer gets too large a bonus; as the first it would get an honest one."""
    publish_terms(rpc, staffed, "honest", {})
    model = expression('history.customerOrderNumber == 2 ? "9999999999999" : "5000"')
    publish_terms(rpc, staffed, R, {}, model=model)
    deliver(staffed, deal(1, 1_000_00), deal(2, 2_000_00))
    both = {("CL-1", "honest", "E1", 100_00), ("CL-1", R, "E1", 50_00), ("CL-2", "honest", "E1", 200_00)}
    assert (standing(rpc, staffed), waiting(rpc, staffed)) == (both, {"CL-2": ["rule_failed"]})
    deliver(staffed, deal(1, 1_000_00, version=2, cancelled=True))
    assert standing(rpc, staffed) == {("CL-2", "honest", "E1", 200_00)}
    assert waiting(rpc, staffed) == {"CL-2": ["rule_failed"]}
    assert earned(rpc, staffed) == 200_00


@pytest.mark.spec("I2.2", "I8.1")
def test_a_draft_with_wrong_terms_is_kept_with_its_fields_named_and_not_published(rpc: Rpc, staffed: Service) -> None:
    publish_terms(rpc, staffed, "other", group("HIGHEST"))
    wrong = {**split(owner=7_000, boss=1_000), **caps(perOrder=-5), **group("STACK")}
    found = {
        ("terms.split[1].role", "unknown_role"), ("terms.split", "split_not_whole"),
        ("terms.caps.per_order", "terms_invalid"), ("terms.group.policy", "group_contradiction"),
    }  # fmt: skip
    stub = RuleServiceStub(rpc(staffed, as_=as_hq()))
    draft = stub.DraftRule(drafted(R, wrong)).rule
    assert {(each.place, each.code) for each in draft.findings} == found
    assert (draft.terms.split[1].role, draft.terms.caps.per_order.fen) == ("boss", -5)
    asked = rule_pb.ValidateRuleRequest(model=draft.model, terms=draft.terms, rule_id=R)
    assert {(each.place, each.code) for each in stub.ValidateRule(asked).findings} == found
    request = rule_pb.PublishRuleRequest(request_id=new_id(), rule_id=R, version=draft.version)
    request.effective_from.FromDatetime(SIGNED)
    with pytest.raises(FailedPrecondition) as refused:
        stub.PublishRule(request)
    assert refused.value.reason == "RULE_HAS_ERRORS"
    assert "terms.split: The shares come to 80 %, not 100 %." in refused.value.text_en


@pytest.mark.spec("I2.2")
def test_two_rules_that_contradict_meet_at_publishing_at_the_latest(rpc: Rpc, staffed: Service) -> None:
    stub = RuleServiceStub(rpc(staffed, as_=as_hq()))
    first, second = (stub.DraftRule(drafted(name, group(way))).rule for name, way in (("a1", "STACK"), ("a2", "FIRST")))
    assert [*first.findings, *second.findings] == []
    for rule, fine in ((first, True), (second, False)):
        request = rule_pb.PublishRuleRequest(request_id=new_id(), rule_id=rule.rule_id, version=1)
        request.effective_from.FromDatetime(SIGNED)
        if fine:
            stub.PublishRule(request)
            continue
        with pytest.raises(FailedPrecondition, match="choose that or another group name"):
            stub.PublishRule(request)
