"""Deals climb through their gates, by the real door on a real database."""

from __future__ import annotations

import pytest

from chassis.errors import Conflict, FailedPrecondition, InvalidInput, NotFound, PermissionDenied
from chassis.kernel.ids import new_id
from chassis.testing.events import deliver
from chassis.testing.identity import as_director, as_hq, as_manager, as_rep
from closeloop.common.v1.money_pb2 import Money
from closeloop.forecast.v1 import opportunity_service_pb2 as pb
from closeloop.integration.v1.events_pb2 import OrderFacts, OrderReceived, ReceiptClaimed, ReceiptUnclaimed
from forecast.bootstrap import CATALOG
from forecast.evidence.rules import EvidenceAdded, EvidenceWithdrawn
from forecast.gates.rules import GateRefused
from forecast.opportunities.rules import (
    OpportunityCreated,
    OpportunityLost,
    OpportunityStageChanged,
    OpportunityWon,
)
from forecast.ownership.rules import OpportunityOwnerChanged
from forecast.submissions.rules import ForecastSubmitted

from .conftest import FEN, Desk


def test_events_fit_their_contracts() -> None:
    CATALOG.check(
        [
            EvidenceAdded,
            EvidenceWithdrawn,
            ForecastSubmitted,
            GateRefused,
            OpportunityCreated,
            OpportunityLost,
            OpportunityOwnerChanged,
            OpportunityStageChanged,
            OpportunityWon,
        ]
    )


@pytest.mark.spec("F1.1")
def test_a_conversion_opens_one_deal_however_often_it_is_told(desk: Desk) -> None:
    lead = new_id()
    first = desk.open(lead_id=lead, times=2)
    desk.open(lead_id=lead)
    found = desk.deals(as_hq()).ListOpportunities(pb.ListOpportunitiesRequest(lead_id=lead)).opportunities
    assert [each.opportunity_id for each in found] == [first]
    assert found[0].stage == pb.STAGE_CONTACT
    assert len(desk.events("forecast.opportunity_created")) == 1


@pytest.mark.spec("F1.1")
def test_a_refused_step_says_what_is_missing_and_is_recorded(desk: Desk) -> None:
    deal = desk.open()
    desk.survey(deal, decision_roles=[])

    with pytest.raises(FailedPrecondition) as refused:
        desk.advance(deal, "need_confirmed")

    assert refused.value.reason == "GATE_REFUSED_STEP"
    assert [each.name for each in refused.value.missing] == ["need_survey.decision_chain"]
    assert refused.value.text_zh == "“实验室设备”暂不能进入需求确认阶段，缺少：需求调研：决策链角色。"
    steps = desk.deals().ListStageHistory(pb.ListStageHistoryRequest(opportunity_id=deal)).steps
    assert [(each.passed, each.to, [item.item for item in each.missing]) for each in steps] == [
        (False, pb.STAGE_NEED_CONFIRMED, ["need_survey.decision_chain"])
    ]
    (told,) = desk.events("forecast.gate_refused")
    assert (told.message.before, told.message.after) == ("contact", "need_confirmed")
    assert desk.get(deal).stage == pb.STAGE_CONTACT


@pytest.mark.spec("F1.1")
def test_a_deal_climbs_to_won_and_collected(desk: Desk) -> None:
    deal = desk.to_negotiation()
    desk.add(deal, 5)
    won = desk.advance(deal, "won")
    assert won.contract_number == "HT-2026-001"
    assert [each.item for each in won.missing] == ["acceptance_document", "receipts"]
    (told,) = desk.events("forecast.opportunity_won")
    assert (told.message.contract_number, told.message.amount.fen) == ("HT-2026-001", FEN)

    claim = ReceiptClaimed(receipt_id="R1", claim_id="K1", contract_number="HT-2026-001", amount=Money(fen=FEN))
    deliver(desk.service, claim, times=2)
    accepted = pb.RecordAcceptanceRequest(
        request_id=new_id(), opportunity_id=deal, file_id=desk.file(), accepted_on="2026-03-09"
    )
    desk.deals().RecordAcceptance(accepted)
    assert desk.get(deal).collected.fen == FEN
    assert desk.advance(deal, "collected").stage == pb.STAGE_COLLECTED

    deliver(desk.service, ReceiptUnclaimed(receipt_id="R1", claim_id="K1"))
    assert desk.get(deal).collected.fen == 0


@pytest.mark.spec("F1.1")
def test_a_stage_can_not_be_skipped(desk: Desk) -> None:
    deal = desk.open()
    with pytest.raises(FailedPrecondition) as refused:
        desk.advance(deal, "negotiation")
    assert refused.value.reason == "ILLEGAL_COMMAND"
    assert not desk.deals().ListStageHistory(pb.ListStageHistoryRequest(opportunity_id=deal)).steps


@pytest.mark.spec("F1.1")
def test_no_quote_without_the_survey(desk: Desk) -> None:
    with pytest.raises(FailedPrecondition) as refused:
        desk.quote(desk.open())
    assert [each.name for each in refused.value.missing] == ["need_survey.budget_range", "need_survey.decision_chain"]


@pytest.mark.spec("F1.1")
def test_a_large_quote_waits_for_a_director_who_is_not_its_author(desk: Desk) -> None:
    deal = desk.open()
    desk.survey(deal)
    quote = desk.quote(deal)
    assert quote.approval_needed
    with pytest.raises(PermissionDenied):
        desk.approve(quote.quote_id, as_rep("E1"))
    with pytest.raises(NotFound):
        desk.approve(quote.quote_id, as_director(unit="/HQ/NORTH/"))
    with pytest.raises(FailedPrecondition) as refused:
        desk.approve(quote.quote_id, as_hq("E1"))
    assert refused.value.reason == "QUOTE_BY_APPROVER"
    assert desk.approve(quote.quote_id).approved_by == "E00200"
    assert desk.approve(quote.quote_id, as_hq()).approved_by == "E00200", "the first approval stands"


@pytest.mark.spec("F1.1")
def test_a_lost_deal_takes_no_more_claims_and_quotes(desk: Desk) -> None:
    deal = desk.open()
    desk.deals().LoseOpportunity(pb.LoseOpportunityRequest(request_id=new_id(), opportunity_id=deal, reason="预算取消"))
    for attempt in (lambda: desk.submit(deal, 0.9), lambda: desk.quote(deal), lambda: desk.add(deal, 1)):
        with pytest.raises(FailedPrecondition) as refused:
            attempt()
        assert refused.value.reason == "ILLEGAL_COMMAND"
    assert len(desk.events("forecast.opportunity_lost")) == 1


@pytest.mark.spec("P1.4")
def test_a_deal_of_another_team_is_not_there(desk: Desk) -> None:
    deal = desk.open()
    for stranger in (as_rep("E2"), as_manager(unit="/HQ/NORTH/BJ1/")):
        with pytest.raises(NotFound):
            desk.get(deal, stranger)
        with pytest.raises(NotFound):
            desk.advance(deal, "need_confirmed", stranger)
    assert desk.get(deal, as_manager()).opportunity_id == deal


@pytest.mark.spec("P1.1")
def test_a_stale_etag_is_refused(desk: Desk) -> None:
    deal = desk.open()
    before = desk.get(deal)
    desk.survey(deal)
    desk.submit(deal, 0.5)
    request = pb.AdvanceStageRequest(
        request_id=new_id(), opportunity_id=deal, to=pb.STAGE_NEED_CONFIRMED, etag=before.etag
    )
    with pytest.raises(Conflict):
        desk.deals().AdvanceStage(request)


@pytest.mark.spec("F2.1", "I2.1")
@pytest.mark.parametrize("order_first", [True, False])
def test_the_signed_deal_and_the_erp_order_are_one(desk: Desk, order_first: bool) -> None:
    order = OrderReceived(
        order_id="SO-1", order=OrderFacts(order_id="SO-1", version=1, contract_number="HT-2026-001", state="active")
    )
    deal = desk.to_negotiation()
    if order_first:
        deliver(desk.service, order)
    desk.add(deal, 5)
    if not order_first:
        deliver(desk.service, order, times=2)
    assert desk.get(deal).erp_order_id == "SO-1"
    assert len(desk.deals(as_hq()).ListOpportunities(pb.ListOpportunitiesRequest()).opportunities) == 1


@pytest.mark.parametrize("amount", [0, -5])
def test_money_is_positive(desk: Desk, amount: int) -> None:
    deal = desk.open()
    desk.survey(deal)
    with pytest.raises(InvalidInput) as refused:
        desk.quote(deal, amount)
    assert refused.value.violations[0].field == "amount"


@pytest.mark.spec("F1.1")
def test_a_list_is_paged_and_stays_stable_while_deals_come(desk: Desk) -> None:
    made = [desk.open() for _ in range(5)]
    stub = desk.deals(as_hq())
    first = stub.ListOpportunities(pb.ListOpportunitiesRequest(page={"size": 2}))
    desk.open()
    second = stub.ListOpportunities(pb.ListOpportunitiesRequest(page={"size": 10, "token": first.page.next_token}))
    seen = [each.opportunity_id for each in (*first.opportunities, *second.opportunities)]
    assert seen == sorted(made, reverse=True)
