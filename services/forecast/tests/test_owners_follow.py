"""Open deals go with their customer to its new owner, through the consumers on a real database (LD10.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import text

from chassis.clock import FixedClock
from chassis.kernel.ids import new_id
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_rep
from closeloop.forecast.v1 import opportunity_service_pb2 as pb
from closeloop.forecast.v1 import submission_service_pb2 as submission_pb
from closeloop.integration.v1.events_pb2 import EmployeeChanged
from closeloop.leads.v1.events_pb2 import CustomerMerged, CustomerOwnerChanged, CustomerUnmerged

from .conftest import FEN, UNIT, Desk, timestamp

NORTH = "/HQ/NORTH/BJ1/"


@dataclass
class Customer:
    """One that changes hands, as leads tells it. Each change is told at the time it is made unless it is kept back."""

    desk: Desk
    clock: FixedClock
    customer_id: str
    version: int = 1

    def goes(self, before: str, after: str, unit: str = UNIT, *, by: str = "H1") -> CustomerOwnerChanged:
        self.version += 1
        named = {"customer_id": self.customer_id, "before": before, "after": after, "unit": unit}
        return CustomerOwnerChanged(**named, version=self.version, handover_id=by)

    def moves(self, *args: Any, **by: Any) -> None:
        self.clock.advance(timedelta(hours=1))
        deliver(self.desk.service, self.goes(*args, **by))

    def deal(self, owner: str = "E1", unit: str = UNIT) -> str:
        now = timestamp(self.clock.now())
        return self.desk.open(customer_id=self.customer_id, owner_id=owner, unit=unit, converted_at=now)

    def owners(self, *deals: str) -> list[str]:
        return [self.desk.get(each, as_hq()).owner_id for each in deals]

    def history(self, deal: str) -> list[tuple[str, str, str]]:
        asked = pb.ListStageHistoryRequest(opportunity_id=deal)
        found = self.desk.deals(as_hq()).ListStageHistory(asked).owners
        return [(each.before, each.after, each.handover_id) for each in found]


@pytest.fixture
def firm(desk: Desk, clock: FixedClock) -> Customer:
    return Customer(desk, clock, new_id())


def forecast(desk: Desk) -> dict[str, int]:
    """Whoever has something open this month → how much."""
    answer = desk.claims(as_hq()).GetRollUp(submission_pb.GetRollUpRequest(month="2026-03"))
    return {each.subject: each.pipeline.fen for each in answer.lines if each.level in ("rep", "team")}


@pytest.mark.spec("LD10.1")
def test_open_deals_of_who_left_go_along_and_those_of_others_stay(desk: Desk, firm: Customer) -> None:
    deliver(desk.service, EmployeeChanged(employee_id="E3", version=1, name="王芳", unit=NORTH))
    left, others = firm.deal("E1"), firm.deal("E2")
    lost = firm.deal("E1")
    desk.deals().LoseOpportunity(pb.LoseOpportunityRequest(request_id=new_id(), opportunity_id=lost, reason="预算"))
    elsewhere = desk.open()
    assert forecast(desk) == {"E1": 2 * FEN, "E2": FEN, UNIT: 3 * FEN}

    firm.moves("E1", "E3", NORTH)

    assert firm.owners(left, others, lost, elsewhere) == ["E3", "E2", "E1", "E1"]
    assert forecast(desk) == {"E3": FEN, "E2": FEN, "E1": FEN, NORTH: FEN, UNIT: 2 * FEN}
    assert desk.get(left, as_rep("E3", NORTH)).unit == NORTH
    (told,) = desk.events("forecast.opportunity_owner_changed")
    assert (told.message.opportunity_id, told.message.before, told.message.after) == (left, "E1", "E3")
    assert (firm.history(left), firm.history(others)) == ([("E1", "E3", "H1")], [])
    with desk.service.uow.database.connect() as conn:
        audited = conn.execute(text("SELECT entity_id FROM audit_row WHERE action = 'opportunity.follow_customer'"))
        assert [row.entity_id for row in audited] == [left]


@pytest.mark.spec("LD10.1", "F3.1")
def test_a_claim_stays_whose_it_was(desk: Desk, firm: Customer, clock: FixedClock) -> None:
    deal = firm.deal("E1")
    desk.submit(deal, 0.9)
    firm.moves("E1", "E2")
    asked = submission_pb.ListSubmissionsRequest(opportunity_id=deal)
    (claim,) = desk.claims(as_hq()).ListSubmissions(asked).submissions
    assert claim.rep_id == "E1"
    clock.advance(timedelta(days=60))

    def judged(employee_id: str) -> list[str]:
        request = submission_pb.GetCredibilityRequest(employee_id=employee_id)
        return [each.deal_id for each in desk.claims(as_hq()).GetCredibility(request).deals]

    assert (judged("E1"), judged("E2")) == ([deal], []), "who claimed it is measured by it"
    mine = submission_pb.SubmitForecastRequest(request_id=new_id(), opportunity_id=deal, probability=0.85)
    desk.claims(as_rep("E2", UNIT)).SubmitForecast(mine)
    assert (judged("E1"), judged("E2")) == ([], [deal])


@pytest.mark.spec("LD10.1")
def test_a_second_delivery_changes_nothing(desk: Desk, firm: Customer, clock: FixedClock) -> None:
    deal = firm.deal("E1")
    clock.advance(timedelta(hours=1))
    word = firm.goes("E1", "E2")
    deliver(desk.service, word, times=2)
    before = desk.get(deal, as_hq()).etag
    deliver(desk.service, word)
    assert (firm.owners(deal), firm.history(deal)) == (["E2"], [("E1", "E2", "H1")])
    assert desk.get(deal, as_hq()).etag == before
    assert len(desk.events("forecast.opportunity_owner_changed")) == 1


@pytest.mark.spec("LD10.1")
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_words_that_come_late_end_alike(desk: Desk, firm: Customer, order: tuple[int, ...]) -> None:
    deal = firm.deal("E1")
    told = [firm.goes("E1", "E2"), firm.goes("E2", "E9", by="H2"), firm.goes("E9", "E3", by="H3")]
    for each in order:
        deliver(desk.service, told[each])
    assert firm.owners(deal) == ["E3"]


@pytest.mark.spec("LD10.1")
def test_a_deal_told_after_the_handover_of_its_customer_follows(desk: Desk, firm: Customer, clock: FixedClock) -> None:
    before = timestamp(clock.now())
    firm.moves("E1", "E2")
    clock.advance(timedelta(hours=1))
    late = desk.open(customer_id=firm.customer_id, converted_at=before)
    made_since = firm.deal("E1")
    assert firm.owners(late, made_since) == ["E2", "E1"]
    assert firm.history(late) == [("E1", "E2", "H1")]


@pytest.mark.spec("LD10.1")
def test_taking_a_handover_back_returns_what_went_along_alone(firm: Customer) -> None:
    gone, own = firm.deal("E1"), firm.deal("E2")
    firm.moves("E1", "E2")
    since = firm.deal("E2")
    firm.moves("E2", "E1", by="")
    assert firm.owners(gone, own, since) == ["E1", "E2", "E2"]
    assert firm.history(gone) == [("E1", "E2", "H1"), ("E2", "E1", "")]


@pytest.mark.spec("LD10.1")
def test_who_gives_a_customer_back_by_leaving_keeps_nothing(firm: Customer) -> None:
    gone, own = firm.deal("E1"), firm.deal("E2")
    firm.moves("E1", "E2")
    firm.moves("E2", "E1", by="H2")
    assert firm.owners(gone, own) == ["E1", "E1"]


@pytest.mark.spec("LD10.1", "LD1.4")
@pytest.mark.parametrize("merge_first", [True, False])
def test_deals_of_a_merged_record_go_with_the_one_that_goes_on(
    desk: Desk, firm: Customer, clock: FixedClock, merge_first: bool
) -> None:
    other = Customer(desk, clock, new_id())
    firm.moves("E1", "E9")
    deal, apart = other.deal("E1"), firm.deal("E9")
    clock.advance(timedelta(hours=1))
    now = timestamp(clock.now())
    merged = CustomerMerged(merged_id=other.customer_id, kept_id=firm.customer_id, version=2, merged_at=now)
    back, on = firm.goes("E9", "E1", by="H2"), firm.goes("E1", "E2", by="H3")
    for each in (merged, back, on) if merge_first else (back, on, merged):
        deliver(desk.service, each)
    assert firm.owners(deal, apart) == ["E2", "E2"], "what happened to the other before the merge is not this deal's"
    deliver(desk.service, CustomerUnmerged(merged_id=other.customer_id, kept_id=firm.customer_id, version=3))
    firm.moves("E2", "E3", by="H4")
    assert firm.owners(deal, apart) == ["E2", "E3"], "parted again, each goes its way"
