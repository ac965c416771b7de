"""Bank acceptance drafts (承兑汇票) count when they mature."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from chassis.deadline_runner import DeadlineRunner
from chassis.testing.identity import as_hq
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import collection_service_pb2 as pb
from closeloop.integration.v1 import collection_service_pb2_grpc as pb_grpc
from integration.claiming.draft_rules import BankDraft, draft_in
from integration.tables import bank_entry
from services.integration.tests.conftest import World
from services.integration.tests.world import Line, receivable, statement

NUMBER = "131230100001220260310123456789"
REMARK = f"银行承兑汇票 票号{NUMBER} 到期日20260420 HT-2026-001"
MATURES = date(2026, 4, 20)


@pytest.mark.spec("N4.2")
@pytest.mark.parametrize(
    ("remark", "found"),
    [
        (REMARK, BankDraft(NUMBER, MATURES)),
        ("电子银行承兑汇票，票据号码：12345678，到期日：2026年4月20日", BankDraft("12345678", MATURES)),
        ("银承 2026-04-20到期", BankDraft("", MATURES)),
        ("承兑汇票", BankDraft("", None)),
        ("承兑汇票 到期日20260431", BankDraft("", None)),
        ("货款 到期日20260420", None),
        ("", None),
    ],
)
def test_a_draft_is_known_by_its_words(remark: str, found: BankDraft | None) -> None:
    assert draft_in(remark) == found


@pytest.fixture
def drawn(staffed: World) -> World:
    """A draft for a contract has come in, six weeks before it matures."""
    staffed.owe(receivable())
    receive(staffed, 1, [Line("0001", "52000.00", remark=REMARK)])
    return staffed


def receive(world: World, number: int, lines: list[Line], opening: str = "0.00") -> None:
    world.vault.statements[number] = statement(number, lines, opening=opening)
    assert world.run("bank").outcome == "ok"


def collections(world: World, rpc: Rpc) -> pb_grpc.CollectionServiceStub:
    return pb_grpc.CollectionServiceStub(rpc(world.service, as_=as_hq("E00800", "finance")))


def mature(world: World) -> None:
    world.clock.advance(timedelta(days=42))
    DeadlineRunner(world.service.uow, world.service.deadlines).turn()


def claimed(world: World) -> list[Any]:
    return [each.message for each in world.events("integration.receipt_claimed")]


def the_receipt(world: World, rpc: Rpc, at: int = 0) -> pb.Receipt:
    rows = sorted(world.rows(bank_entry), key=lambda row: str(row.serial))
    found: pb.Receipt = collections(world, rpc).GetReceipt(pb.GetReceiptRequest(receipt_id=rows[at].id)).receipt
    return found


@pytest.mark.spec("N4.2")
def test_a_draft_is_claimed_at_once_and_counts_when_it_matures(drawn: World, rpc: Rpc) -> None:
    receipt = the_receipt(drawn, rpc)
    assert (receipt.state, receipt.matures_on) == (pb.RECEIPT_STATE_CLAIMED, "2026-04-20")
    assert claimed(drawn) == []
    stub = collections(drawn, rpc)
    for month in ("2026-03", "2026-04"):
        assert stub.GetCollectionSummary(pb.GetCollectionSummaryRequest(month=month)).arrived.fen == 0
    mature(drawn)
    [told] = claimed(drawn)
    assert (told.arrived_on, told.amount.fen, told.method) == ("2026-04-20", 5_200_000, "exact_contract")
    april = stub.GetCollectionSummary(pb.GetCollectionSummaryRequest(month="2026-04"))
    assert (april.arrived.fen, april.claimed.fen, april.automatic_share) == (5_200_000, 5_200_000, 1.0)


@pytest.mark.spec("N4.2")
def test_a_draft_s_receivable_is_not_open_for_other_money(drawn: World) -> None:
    receive(drawn, 2, [Line("0002", "52000.00", remark="HT-2026-001")], opening="52000.00")
    assert claimed(drawn) == []
    [_, other] = sorted(drawn.rows(bank_entry), key=lambda row: str(row.serial))
    assert (other.state, other.reason) == ("waiting", "contract HT-2026-001 has nothing open")


@pytest.mark.spec("N4.2")
def test_a_claim_on_a_draft_taken_back_before_it_matures_never_counted(drawn: World, rpc: Rpc) -> None:
    claim = the_receipt(drawn, rpc).claims[0]
    stub = collections(drawn, rpc)
    stub.UndoClaim(pb.UndoClaimRequest(request_id="1", claim_id=claim.claim_id, reason="退票"))
    mature(drawn)
    assert (claimed(drawn), drawn.events("integration.receipt_unclaimed")) == ([], [])


@pytest.mark.spec("N4.2")
def test_a_claim_on_a_matured_draft_is_taken_back_like_any_other(drawn: World, rpc: Rpc) -> None:
    mature(drawn)
    claim = the_receipt(drawn, rpc).claims[0]
    stub = collections(drawn, rpc)
    stub.UndoClaim(pb.UndoClaimRequest(request_id="1", claim_id=claim.claim_id, reason="退票"))
    assert [each.message.claim_id for each in drawn.events("integration.receipt_unclaimed")] == [claim.claim_id]


@pytest.mark.spec("N4.2")
def test_the_money_of_a_draft_is_not_collected_twice(drawn: World, rpc: Rpc) -> None:
    drawn.owe(receivable("AR-2"))
    mature(drawn)
    line = Line("0002", "52000.00", remark=f"银承托收款 票号{NUMBER}", booked_on="2026-04-20")
    receive(drawn, 2, [line], opening="52000.00")
    waiting = the_receipt(drawn, rpc, at=1)
    assert waiting.reason == f"the money of draft {NUMBER}, which counts already"
    assert waiting.reason_zh == f"票据 {NUMBER} 的到期款，该票据已计入"


@pytest.mark.spec("N4.2")
def test_a_draft_without_maturity_waits_for_a_person(staffed: World, rpc: Rpc) -> None:
    staffed.owe(receivable())
    receive(staffed, 1, [Line("0001", "52000.00", remark="承兑汇票 HT-2026-001")])
    assert the_receipt(staffed, rpc).reason == "a draft that doesn't say when it matures"
