"""Evidence, claims and what they count as, by the real door."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chassis.errors import FailedPrecondition, InvalidInput, NotFound
from chassis.kernel.ids import new_id
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_manager, as_rep
from closeloop.common.v1.money_pb2 import Money
from closeloop.forecast.v1 import evidence_service_pb2 as evidence_pb
from closeloop.forecast.v1 import submission_service_pb2 as pb
from closeloop.integration.v1.events_pb2 import FeedDegraded, ReceiptClaimed

from .conftest import FEN, Desk


@pytest.mark.spec("F2.1", "F3.1")
def test_with_l3_ninety_percent_count_as_37_8_and_with_l5_as_100(desk: Desk) -> None:
    desk.history("E1", won=21, of=50)
    deal = desk.to_negotiation()
    desk.add(deal, 3)

    said = desk.submit(deal, 0.9)
    assert (said.accuracy, said.accuracy_n, said.accuracy_won) == (0.42, 50, 21)
    assert (said.adjusted, said.cap) == (0.378, 0.8)
    assert said.formula_zh == "90 % × 42.0 % = 37.8 %，上限 80 %（L3）"
    assert said.weighted.fen == round(FEN * 0.378)

    assert desk.add(deal, 5).opportunity.adjusted == 1.0
    assert desk.submit(deal, 0.6).formula == "L5, legal document signed: counts as 100 %"


@pytest.mark.spec("F2.1")
def test_withdrawn_evidence_lets_the_level_and_the_claim_fall_back(desk: Desk) -> None:
    desk.history("E1", won=50, of=50)
    deal = desk.to_negotiation()
    desk.add(deal, 2)
    desk.submit(deal, 1.0)
    higher = desk.add(deal, 4)
    assert (higher.opportunity.evidence_level, higher.opportunity.adjusted) == (4, 0.9)

    back = desk.withdraw(higher.evidence.evidence_id)
    assert (back.opportunity.evidence_level, back.opportunity.adjusted) == (2, 0.7)
    with pytest.raises(FailedPrecondition):
        desk.withdraw(higher.evidence.evidence_id)


@pytest.mark.spec("F2.1")
def test_challenged_evidence_stands_until_it_is_withdrawn(desk: Desk) -> None:
    deal = desk.to_negotiation()
    added = desk.add(deal, 3)
    request = evidence_pb.ChallengeEvidenceRequest(
        request_id=new_id(), evidence_id=added.evidence.evidence_id, reason="signature missing"
    )
    assert desk.proof(as_manager()).ChallengeEvidence(request).evidence.state == "challenged"
    assert desk.get(deal).evidence_level == 3
    with pytest.raises(NotFound):
        desk.proof(as_manager("E00101", unit="/HQ/NORTH/BJ1/")).ChallengeEvidence(request)


@pytest.mark.spec("F2.1")
def test_words_never_raise_a_level(desk: Desk) -> None:
    deal = desk.to_negotiation()
    for wrong in ("", "no-such-file", "0" * 64):
        with pytest.raises(InvalidInput) as refused:
            desk.add(deal, 3, file_id=wrong, note="will sign next week")
        assert refused.value.violations[0].field == "file_id"
    assert desk.get(deal).evidence_level == 0


@pytest.mark.spec("F2.1")
def test_level_5_names_the_contract_and_when_it_was_signed(desk: Desk) -> None:
    deal = desk.to_negotiation()
    with pytest.raises(InvalidInput) as refused:
        desk.proof().AddEvidence(
            evidence_pb.AddEvidenceRequest(
                request_id=new_id(), opportunity_id=deal, level=5, file_id=desk.file(), contract_amount=Money(fen=-1)
            )
        )
    assert {each.field for each in refused.value.violations} == {"contract_number", "signed_at", "contract_amount"}
    tomorrow = evidence_pb.AddEvidenceRequest().signed_at
    tomorrow.FromDatetime(desk.now + timedelta(days=1))
    with pytest.raises(InvalidInput):
        desk.add(deal, 5, signed_at=tomorrow)


@pytest.mark.spec("F2.1")
def test_the_proof_of_a_won_deal_stays(desk: Desk) -> None:
    deal = desk.to_negotiation()
    added = desk.add(deal, 5)
    desk.advance(deal, "won")
    with pytest.raises(FailedPrecondition) as refused:
        desk.withdraw(added.evidence.evidence_id)
    assert refused.value.reason == "SIGNED_DEAL_STAYS"


@pytest.mark.spec("F2.1")
def test_evidence_is_told_with_what_incentives_need(desk: Desk) -> None:
    deal = desk.to_negotiation()
    desk.add(deal, 5, contract_amount=Money(fen=90_000_00))
    (told,) = [event.message for event in desk.events("forecast.evidence_added")]
    assert (told.level, told.contract_number, told.amount.fen, told.customer_code) == (
        5,
        "HT-2026-001",
        90_000_00,
        "C001",
    )
    assert told.signed_at.ToDatetime(tzinfo=desk.now.tzinfo) == desk.now
    assert desk.get(deal).amount.fen == 90_000_00


@pytest.mark.spec("F3.1")
def test_credibility_shows_its_n_and_the_deals_behind_it(desk: Desk) -> None:
    desk.history("E1", won=2, of=4)
    desk.history("E2", won=10, of=36)
    said = desk.claims().GetCredibility(pb.GetCredibilityRequest(employee_id="E1"))
    assert (said.n, said.won, said.smoothed, len(said.deals)) == (4, 2, True, 4)
    assert said.team_rate == 0.3
    with pytest.raises(NotFound):
        desk.claims().GetCredibility(pb.GetCredibilityRequest(employee_id="E2"))


@pytest.mark.spec("F3.1")
def test_an_own_deal_long_past_its_expected_close_counts_as_lost(desk: Desk) -> None:
    deal = desk.open(expected_close="2026-01-15")
    desk.submit(deal, 0.9)
    said = desk.claims().GetCredibility(pb.GetCredibilityRequest(employee_id="E1"))
    assert [(each.deal_id, each.won, each.overdue) for each in said.deals] == [(deal, False, True)]


@pytest.mark.spec("F3.1")
def test_importing_the_same_deals_again_changes_nothing(desk: Desk) -> None:
    desk.history("E1", won=21, of=50)
    desk.history("E1", won=50, of=50)
    assert desk.claims().GetCredibility(pb.GetCredibilityRequest(employee_id="E1")).accuracy == 0.42


@pytest.mark.parametrize("probability", [-0.1, 1.1, float("nan"), float("inf")])
def test_a_probability_lies_between_0_and_1(desk: Desk, probability: float) -> None:
    with pytest.raises(InvalidInput) as refused:
        desk.submit(desk.open(), probability)
    assert refused.value.violations[0].field == "probability"


@pytest.mark.spec("F3.1", "N2.2")
def test_the_roll_up_sums_what_the_caller_may_see_and_says_when_it_is_provisional(desk: Desk) -> None:
    desk.history("E1", won=21, of=50)
    mine = desk.to_negotiation()
    desk.add(mine, 3)
    desk.submit(mine, 0.9)
    won = desk.to_negotiation()
    desk.add(won, 5)
    desk.advance(won, "won")
    desk.open(owner_id="E9", unit="/HQ/NORTH/BJ1/")
    deliver(
        desk.service, ReceiptClaimed(receipt_id="R", claim_id="K", contract_number="HT-2026-001", amount=Money(fen=500))
    )
    deliver(desk.service, FeedDegraded(feed="bank", health="down"))

    said = desk.claims(as_hq()).GetRollUp(pb.GetRollUpRequest(month="2026-03"))
    lines = {line.subject: line for line in said.lines}
    company = lines["/HQ/"]
    assert (company.deals, company.pipeline.fen, company.won.fen, company.collected.fen) == (3, 2 * FEN, FEN, 500)
    assert company.adjusted.fen == round(FEN * 0.378)
    assert (lines["E1"].name, lines["/HQ/EAST/"].name) == ("李娜", "华东")
    assert said.provenance.provisional

    own = desk.claims(as_rep("E1")).GetRollUp(pb.GetRollUpRequest(month="2026-03"))
    assert {line.deals for line in own.lines} == {2}
    assert not desk.claims().GetRollUp(pb.GetRollUpRequest(month="2026-04")).lines
