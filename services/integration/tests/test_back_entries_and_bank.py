"""What was entered by hand and what the bank tells: each money once, in whatever order they come (N6.1, N1.3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import AlreadyExists, FailedPrecondition
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import back_entry_service_pb2 as pb
from closeloop.integration.v1 import collection_service_pb2 as collections_pb
from closeloop.integration.v1 import collection_service_pb2_grpc as collections_grpc
from integration.receipts.by_hand_rules import is_same_booking
from integration.receipts.rules import Entry
from integration.tables import bank_entry, bank_line, claim
from services.integration.tests.back_entry_desk import CLERK, DIRECTOR, SUPERVISOR, Desk
from services.integration.tests.bank_samples import mt940
from services.integration.tests.conftest import World
from services.integration.tests.world import Line, instant, receivable, statement

PAID = Line("0003", "52000.00", payer="杭州市财政局")
FIRST = [Line("0001", "100.00", payer="陌生人")]


@pytest.fixture
def desk(staffed: World, rpc: Rpc) -> Desk:
    staffed.clock.set(instant("2026-03-10T18:00:00+08:00"))
    staffed.owe(receivable("AR-1"))
    staffed.vault.balance = "100.00"
    staffed.vault.statements = {1: statement(1, FIRST)}
    assert staffed.run("bank").outcome == "ok"
    return Desk(staffed, rpc)


def comes(desk: Desk, *lines: Line, number: int = 2, opening: str = "100.00") -> None:
    """The bank's next statement."""
    desk.world.vault.statements[number] = statement(number, lines, opening=opening, until="2026-03-10T17:00:00+08:00")
    assert desk.world.run("bank").outcome == "ok"


def collected(desk: Desk) -> tuple[int, int, int]:
    """Arrived, claimed, receipts."""
    stub = collections_grpc.CollectionServiceStub(desk.rpc(desk.world.service, as_=CLERK))
    told = stub.GetCollectionSummary(collections_pb.GetCollectionSummaryRequest(month="2026-03"))
    return told.arrived.fen, told.claimed.fen, told.receipts


@pytest.mark.spec("N6.1", "N1.3")
def test_the_bank_s_row_takes_the_place_and_the_sum_and_the_claim_stay(desk: Desk) -> None:
    entry = desk.posted()
    before = collected(desk)
    claims = desk.world.rows(claim)
    comes(desk, PAID)
    assert collected(desk) == before == (5_210_000, 5_200_000, 2)
    assert desk.world.rows(claim) == claims, "the claim is on the bank's row now"
    row = desk.world.row(bank_entry, id=entry.receipt_id)
    assert (row.format, row.serial, row.end_to_end_id, row.bank_reference) == (
        "camt.053", "0003", "E2E-0003", "R0003",
    )  # fmt: skip
    assert [each.format for each in desk.world.rows(bank_line, entry_id=row.id)] == ["camt.053"]
    told = desk.load(entry)
    assert told.HasField("confirmed_at")
    assert not told.differences
    [event] = desk.world.events("integration.backfill_confirmed")
    assert (event.message.receipt_id, list(event.message.differences)) == (entry.receipt_id, [])


@pytest.mark.spec("N6.1", "N1.3")
def test_replaying_everything_from_the_start_changes_nothing_more(desk: Desk) -> None:
    desk.posted()
    comes(desk, PAID)
    before, events = collected(desk), len(desk.world.events())
    for _ in range(2):
        desk.world.clock.advance(timedelta(minutes=31))
        assert desk.world.run("bank").outcome == "ok"
    assert (collected(desk), len(desk.world.events("integration.backfill_confirmed"))) == (before, 1)
    assert len(desk.world.events("integration.receipt_arrived")) == 2
    assert len(desk.world.events()) >= events


@pytest.mark.spec("N6.1")
def test_what_the_bank_told_first_is_not_entered_again(desk: Desk) -> None:
    comes(desk, PAID)
    with pytest.raises(FailedPrecondition) as refused:
        desk.draft()
    assert refused.value.reason == "ALREADY_TOLD_BY_BANK"
    assert "52,000.00" in refused.value.text_en or "52000.00" in refused.value.text_en
    assert collected(desk) == (5_210_000, 5_200_000, 2)


@pytest.mark.spec("N6.1")
def test_what_the_bank_tells_between_the_approvals_is_linked_and_added_once(desk: Desk) -> None:
    entry = desk.approve(desk.submitted(amount={"fen": 5_100_000, "currency": "CNY"}), SUPERVISOR)
    comes(desk, PAID)
    done = desk.approve(entry, DIRECTOR)
    assert collected(desk) == (5_210_000, 5_200_000, 2)
    assert done.receipt_id == str(desk.world.row(bank_entry, serial="0003").id)
    assert done.HasField("confirmed_at")
    assert [(each.field, each.entered, each.told) for each in done.differences] == [
        ("amount_fen", "5100000", "5200000")
    ]
    [event] = desk.world.events("integration.backfill_approved")
    assert event.message.linked


@pytest.mark.spec("N6.1")
def test_where_the_bank_says_otherwise_it_is_believed_and_told(desk: Desk) -> None:
    entry = desk.posted(amount={"fen": 5_000_000, "currency": "CNY"}, remark="HT-2026-001")
    assert collected(desk)[:2] == (5_010_000, 5_000_000)
    comes(desk, Line("0003", "52000.00", payer="杭州市财政局", remark="HT-2026-001"))
    assert collected(desk) == (5_210_000, 5_200_000, 2)
    told = desk.load(entry)
    assert [(each.field, each.entered, each.told) for each in told.differences] == [
        ("amount_fen", "5000000", "5200000")
    ]
    [event] = desk.world.events("integration.backfill_confirmed")
    assert [each.field for each in event.message.differences] == ["amount_fen"]
    corrected = desk.world.events("integration.receipt_corrected")
    assert [(each.message.before, each.message.after) for each in corrected] == [("5000000", "5200000")]
    undone = desk.world.events("integration.receipt_unclaimed")
    assert [each.message.reason for each in undone] == ["corrected by the bank"]


@pytest.mark.spec("N6.1")
def test_the_day_may_be_copied_wrong_when_serial_and_amount_agree(desk: Desk) -> None:
    entry = desk.posted(booked_on="2026-03-09", bank_serial="R0003")
    comes(desk, PAID)
    assert collected(desk) == (5_210_000, 5_200_000, 2)
    assert [each.field for each in desk.load(entry).differences] == ["booked_on"]


@pytest.mark.spec("N6.1", "N1.3")
def test_a_serial_copied_wrong_is_still_one_money_when_payer_day_and_amount_agree(desk: Desk) -> None:
    entry = desk.posted(bank_serial="8888")
    comes(desk, PAID)
    assert collected(desk) == (5_210_000, 5_200_000, 2)
    assert desk.load(entry).HasField("confirmed_at")


@pytest.mark.spec("N6.1")
def test_equal_instalments_of_one_day_stay_two(desk: Desk) -> None:
    """One came by the feed, the other was entered: the author has to say that they are two."""
    desk.world.owe(receivable("AR-1"), receivable("AR-2", ContractNo="HT-2026-002"))
    comes(desk, PAID)
    with pytest.raises(FailedPrecondition) as doubtful:
        desk.draft(bank_serial="0004")
    assert doubtful.value.reason == "LOOKS_LIKE_A_RECEIPT"
    second = desk.posted(bank_serial="0004", is_another_receipt=True)
    assert collected(desk)[0] == 10_410_000
    comes(desk, Line("0004", "52000.00", payer="杭州市财政局"), number=3, opening="52100.00")
    assert collected(desk)[0] == 10_410_000
    assert desk.load(second).HasField("confirmed_at")


@pytest.mark.spec("N6.1", "N1.3")
def test_another_format_may_be_the_first_to_tell(desk: Desk) -> None:
    entry = desk.posted(bank_serial="R0003")
    desk.world.vault.statements[2] = mt940(1, [PAID], opening="100.00")
    assert desk.world.run("bank").outcome == "ok"
    assert desk.world.row(bank_entry, id=entry.receipt_id).format == "mt940"
    comes(desk, PAID, number=3)
    assert collected(desk) == (5_210_000, 5_200_000, 2)


@pytest.mark.spec("N6.1")
def test_a_second_voucher_for_what_is_linked_already_is_refused(desk: Desk) -> None:
    desk.posted()
    comes(desk, PAID)
    with pytest.raises(AlreadyExists) as refused:
        desk.draft("PZ-2026-0099")
    assert refused.value.reason == "SERIAL_ALREADY_ENTERED"


@pytest.mark.spec("N6.1")
def test_those_that_only_a_voucher_vouches_for_are_listed(desk: Desk) -> None:
    confirmed, waiting = desk.posted(), desk.posted("PZ-2", bank_serial="0009", amount={"fen": 7, "currency": "CNY"})
    comes(desk, PAID)
    asked = pb.ListBackEntriesRequest(unconfirmed_only=True)
    listed = desk.as_(CLERK).ListBackEntries(asked).back_entries
    assert [each.back_entry_id for each in listed] == [waiting.back_entry_id]
    assert confirmed.back_entry_id != waiting.back_entry_id


@pytest.mark.spec("N6.1")
@given(st.sampled_from(["0003", "3", "R0003", "r-0003", " 0003 "]), st.booleans(), st.booleans())
def test_a_booking_is_recognised_by_serial_and_day_or_amount(serial: str, same_day: bool, same_amount: bool) -> None:
    day = instant("2026-03-10T00:00:00+08:00").date()
    bank = Entry("0003", day, None, True, False, 100, "CNY", "甲", "", "", "", "", "R0003")
    hand = Entry(
        serial, day if same_day else day - timedelta(days=1), None, True, False, 100 if same_amount else 90,
        "CNY", "乙", "", "", "", "", "",
    )  # fmt: skip
    assert is_same_booking(hand, bank) == (same_day or same_amount)
