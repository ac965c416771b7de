"""Rules and slips through the real gRPC doors: who may what, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chassis.errors import (
    Conflict,
    FailedPrecondition,
    InvalidInput,
    NotFound,
    PermissionDenied,
)
from chassis.identity import Identity
from chassis.kernel.ids import new_id
from chassis.service import Service
from chassis.testing.events import deliver, recorded_events
from chassis.testing.identity import as_hq, as_manager, as_partner, as_rep
from chassis.testing.rpc import Rpc
from closeloop.incentives.v1 import rule_service_pb2 as rule_pb
from closeloop.incentives.v1 import slip_service_pb2 as pb
from closeloop.incentives.v1.rule_service_pb2_grpc import RuleServiceStub
from closeloop.incentives.v1.slip_service_pb2_grpc import SlipServiceStub
from incentives.bootstrap import CATALOG
from incentives.rule_library.rules import RulePublished
from incentives.slips.rules import SlipClawedBack, SlipConfirmed, SlipCreated

from .models import expression, table
from .models import order as order_context
from .world import (
    KA,
    NEWCOMER,
    SIGNED,
    earned,
    example_rule,
    fire_clocks,
    order,
    publish,
    slips,
    standing,
    told,
    waiting,
)

OPS = as_hq("E800", "ops")


def rules_as(rpc: Rpc, service: Service, identity: Identity | None = None) -> RuleServiceStub:
    return RuleServiceStub(rpc(service, as_=identity or as_hq()))


def slips_as(rpc: Rpc, service: Service, identity: Identity) -> SlipServiceStub:
    return SlipServiceStub(rpc(service, as_=identity))


def publishing(rule: rule_pb.RuleVersion, starts: datetime = SIGNED) -> rule_pb.PublishRuleRequest:
    request = rule_pb.PublishRuleRequest(request_id=new_id(), rule_id=rule.rule_id, version=rule.version)
    request.effective_from.FromDatetime(starts)
    return request


def test_events_fit_their_contracts() -> None:
    CATALOG.check([RulePublished, SlipCreated, SlipConfirmed, SlipClawedBack])


@pytest.mark.spec("I1.1", "I1.2")
@pytest.mark.parametrize("name", [KA, NEWCOMER])
def test_the_shipped_rules_are_without_findings(rpc: Rpc, service: Service, name: str) -> None:
    assert not rules_as(rpc, service, OPS).DraftRule(example_rule(name)).rule.findings


@pytest.mark.spec("I1.2")
def test_a_published_rule_is_told_in_words_and_never_changes(rpc: Rpc, service: Service) -> None:
    first = publish(rpc, service, KA)
    assert first.state == rule_pb.RULE_STATE_PUBLISHED
    with service.uow.database.connect() as conn:
        event = recorded_events(conn, CATALOG)[-1].message
    assert (event.rule_id, event.version) == (KA, 1)
    assert event.words_zh.startswith("KA 客户首单")
    with pytest.raises(FailedPrecondition) as refused:
        rules_as(rpc, service).PublishRule(publishing(first))
    assert refused.value.reason == "RULE_ALREADY_PUBLISHED"

    second = publish(rpc, service, KA, starts="2026-03-09T16:00:00Z")
    shown = rules_as(rpc, service).GetRule(rule_pb.GetRuleRequest(rule_id=KA, version=1))
    assert (second.version, shown.rule.state) == (2, rule_pb.RULE_STATE_SUPERSEDED)
    assert [each.version for each in shown.history] == [2, 1]
    listed = rules_as(rpc, service).ListRules(rule_pb.ListRulesRequest()).rules
    assert [(each.rule_id, each.version) for each in listed] == [(KA, 2)]


@pytest.mark.spec("I1.2", "I1.3")
def test_a_draft_with_errors_is_kept_and_not_published(rpc: Rpc, service: Service) -> None:
    draft = example_rule(KA)
    del draft.examples[1:]
    kept = rules_as(rpc, service, OPS).DraftRule(draft).rule
    assert [(each.place, each.code) for each in kept.findings] == [("Bonus, row 2", "example_missing")]
    with pytest.raises(FailedPrecondition) as refused:
        rules_as(rpc, service).PublishRule(publishing(kept))
    assert refused.value.reason == "RULE_HAS_ERRORS"
    assert "没有示例命中该行" in refused.value.text_zh
    assert rules_as(rpc, service).GetRule(rule_pb.GetRuleRequest(rule_id=KA)).rule.state == rule_pb.RULE_STATE_DRAFT


@pytest.mark.spec("I1.2")
def test_a_period_must_be_one_and_not_reach_far_back(rpc: Rpc, service: Service) -> None:
    draft = rules_as(rpc, service, OPS).DraftRule(example_rule(KA)).rule
    with pytest.raises(InvalidInput):
        rules_as(rpc, service).PublishRule(publishing(draft, datetime(2025, 1, 1, tzinfo=UTC)))
    request = publishing(draft)
    request.effective_to.FromDatetime(SIGNED)
    with pytest.raises(InvalidInput) as refused:
        rules_as(rpc, service).PublishRule(request)
    assert refused.value.violations[0].field == "effective_to"
    with pytest.raises(NotFound):
        rules_as(rpc, service).PublishRule(publishing(rule_pb.RuleVersion(rule_id="no-such", version=1)))


@pytest.mark.spec("I1.2", "P1.4")
def test_reps_and_managers_draft_nothing_and_operations_do_not_publish(rpc: Rpc, service: Service) -> None:
    for identity in (as_rep(), as_manager(), as_partner()):
        with pytest.raises(PermissionDenied):
            rules_as(rpc, service, identity).DraftRule(example_rule(KA))
    draft = rules_as(rpc, service, OPS).DraftRule(example_rule(KA)).rule
    with pytest.raises(PermissionDenied):
        rules_as(rpc, service, OPS).PublishRule(publishing(draft))


@pytest.mark.spec("I1.2")
def test_validating_stores_nothing(rpc: Rpc, service: Service) -> None:
    request = rule_pb.ValidateRuleRequest()
    request.model.update(table(["deal.amountFen"], ["> ((", '"1"'], ["", '"0"']))
    found = rules_as(rpc, service, OPS).ValidateRule(request).findings
    assert [(each.place, each.code) for each in found] == [("Bonus, row 1, column deal.amountFen", "cell_invalid")]
    assert not rules_as(rpc, service).ListRules(rule_pb.ListRulesRequest()).rules


def publish_fragile(rpc: Rpc, service: Service) -> None:
    """A rule that is right for its example and fails for an order without lines."""
    draft = rule_pb.DraftRuleRequest(
        request_id=new_id(), rule_id="fragile", name="f", name_zh="f", words="w", words_zh="w"
    )
    draft.model.update(expression("string(deal.lines[0].amountFen * 2)"))
    draft.examples.add(name="one line", expected_fen=200_00).context.update(order_context())
    rule = rules_as(rpc, service, OPS).DraftRule(draft).rule
    assert not rule.findings
    rules_as(rpc, service).PublishRule(publishing(rule))


@pytest.mark.spec("I1.3")
def test_a_rule_that_fails_on_an_order_is_shown_and_blocks_no_other(rpc: Rpc, ruled: Service) -> None:
    publish_fragile(rpc, ruled)
    deliver(ruled, order())
    assert {rule for _, rule, *_ in standing(rpc, ruled)} == {KA, NEWCOMER}
    assert waiting(rpc, ruled) == {"CL-1": ["rule_failed"]}
    complete = order(version=2)
    complete.order.lines.add(product_code="P", quantity="1").amount.fen = 100_00
    deliver(ruled, complete)
    assert waiting(rpc, ruled) == {}
    assert ("CL-1", "fragile", "E1", 200_00) in standing(rpc, ruled)


@pytest.mark.spec("I1.3", "I2.4")
def test_a_rule_that_begins_to_fail_takes_nothing_back(rpc: Rpc, ruled: Service) -> None:
    publish_fragile(rpc, ruled)
    with_line = order()
    with_line.order.lines.add(product_code="P", quantity="1").amount.fen = 100_00
    deliver(ruled, with_line)
    before = standing(rpc, ruled)
    deliver(ruled, order(version=2))
    fire_clocks(ruled)
    assert standing(rpc, ruled) == before
    assert earned(rpc, ruled) == 900_00


@pytest.mark.spec("I3.1")
def test_the_beneficiary_confirms_once(rpc: Rpc, ruled: Service) -> None:
    deliver(ruled, order())
    slip = slips(rpc, ruled, as_rep("E1"))[0]
    mine = slips_as(rpc, ruled, as_rep("E1"))
    request = pb.ConfirmSlipRequest(request_id=new_id(), slip_id=slip.slip_id, etag=slip.etag)

    confirmed = mine.ConfirmSlip(request).slip
    assert (confirmed.state, confirmed.HasField("confirmed_at")) == (pb.SLIP_STATE_CONFIRMED, True)
    assert mine.ConfirmSlip(request).slip == confirmed
    assert told(ruled, "incentives.slip_confirmed") == ["incentives.slip_confirmed"]

    with pytest.raises(FailedPrecondition) as refused:
        mine.ConfirmSlip(pb.ConfirmSlipRequest(request_id=new_id(), slip_id=slip.slip_id))
    assert refused.value.reason == "ILLEGAL_COMMAND"
    with pytest.raises(Conflict):
        mine.ConfirmSlip(pb.ConfirmSlipRequest(request_id=new_id(), slip_id=slip.slip_id, etag=slip.etag))


@pytest.mark.spec("I3.1", "P1.4")
def test_nobody_confirms_for_another(rpc: Rpc, ruled: Service) -> None:
    deliver(ruled, order())
    slip_id = slips(rpc, ruled)[0].slip_id
    with pytest.raises(PermissionDenied) as refused:
        slips_as(rpc, ruled, as_manager("E100")).ConfirmSlip(
            pb.ConfirmSlipRequest(request_id=new_id(), slip_id=slip_id)
        )
    assert refused.value.reason == "NOT_YOUR_SLIP"
    with pytest.raises(NotFound):
        slips_as(rpc, ruled, as_rep("E2")).ConfirmSlip(pb.ConfirmSlipRequest(request_id=new_id(), slip_id=slip_id))
    assert {each.state for each in slips(rpc, ruled)} == {pb.SLIP_STATE_PENDING}


@pytest.mark.spec("I3.1", "I2.5")
def test_a_slip_that_was_taken_back_can_t_be_confirmed(rpc: Rpc, ruled: Service) -> None:
    deliver(ruled, order())
    slip_id = slips(rpc, ruled)[0].slip_id
    deliver(ruled, order(version=2, cancelled=SIGNED))
    with pytest.raises(FailedPrecondition):
        slips_as(rpc, ruled, as_rep("E1")).ConfirmSlip(pb.ConfirmSlipRequest(request_id=new_id(), slip_id=slip_id))


@pytest.mark.spec("P1.4", "I2.4")
def test_slips_and_balances_are_seen_by_the_own_line_alone(rpc: Rpc, ruled: Service) -> None:
    deliver(ruled, order())
    for identity, seen in (
        (as_rep("E1"), 2),
        (as_rep("E2"), 0),
        (as_manager("E100"), 2),
        (as_manager("E200", "/HQ/EAST/HZ2/"), 0),
        (OPS, 2),
    ):
        assert len(slips(rpc, ruled, identity)) == seen
    request, entries = pb.GetBalanceRequest(employee_id="E1"), pb.ListLedgerRequest(employee_id="E1")
    assert slips_as(rpc, ruled, as_manager("E100")).GetBalance(request).balance.fen == 700_00
    foreign = slips_as(rpc, ruled, as_manager("E200", "/HQ/EAST/HZ2/"))
    with pytest.raises(NotFound):
        foreign.GetBalance(request)
    with pytest.raises(NotFound):
        foreign.ListLedger(entries)
    with pytest.raises(NotFound):
        foreign.GetSlip(pb.GetSlipRequest(slip_id=slips(rpc, ruled)[0].slip_id))
    with pytest.raises(PermissionDenied):
        slips_as(rpc, ruled, as_rep("E1")).ListWaitingDeals(pb.ListWaitingDealsRequest())


@pytest.mark.spec("P1.1")
def test_slips_and_entries_are_paged_and_filtered(rpc: Rpc, ruled: Service) -> None:
    deliver(ruled, order())
    stub = slips_as(rpc, ruled, as_hq())
    seen, token = [], ""
    while True:
        page = stub.ListSlips(pb.ListSlipsRequest(page={"size": 1, "token": token}))  # type: ignore[arg-type]
        seen += [each.rule_id for each in page.slips]
        token = page.page.next_token
        if not token:
            break
    assert sorted(seen) == [KA, NEWCOMER]
    first = stub.ListLedger(pb.ListLedgerRequest(employee_id="E1", page={"size": 1}))  # type: ignore[arg-type]
    rest = stub.ListLedger(
        pb.ListLedgerRequest(employee_id="E1", page={"token": first.page.next_token})  # type: ignore[arg-type]
    )
    assert len({each.entry_id for each in [*first.entries, *rest.entries]}) == 2
    assert not stub.ListSlips(pb.ListSlipsRequest(states=[pb.SLIP_STATE_DISPUTED])).slips
    assert len(stub.ListSlips(pb.ListSlipsRequest(states=[pb.SLIP_STATE_PENDING], contract_number="CL-1")).slips) == 2
    assert not stub.ListSlips(pb.ListSlipsRequest(beneficiary_id="E2")).slips
