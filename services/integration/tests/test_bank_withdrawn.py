"""A corrected statement no longer tells a booking: it counts for nothing, and may be told again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import collection_service_pb2 as pb
from integration.tables import bank_entry, claim
from services.integration.tests.bank_samples import as_bytes, ccb_csv, front_machine, mt940
from services.integration.tests.conftest import World
from services.integration.tests.test_bank_twins import Desk
from services.integration.tests.test_collections import collections
from services.integration.tests.world import Line, receivable, statement

PAID = Line("0001", "52000.00", remark="HT-2026-001")
OTHER = Line("0002", "300.00", payer="陌生人")
FILES = {
    "camt.053": lambda lines: statement(1, lines).encode(),
    "mt940": lambda lines: mt940(1, lines).encode(),
    "csv": lambda lines: ccb_csv(lines).encode(),
}


@pytest.fixture
def desk(world: World, rpc: Rpc) -> Desk:
    return Desk(world, rpc)


def counted(world: World) -> list[tuple[int, str]]:
    return sorted((row.amount_fen, row.state) for row in world.rows(bank_entry))


@pytest.mark.spec("N1.3", "N4.1")
@pytest.mark.parametrize("format_", FILES)
def test_a_booking_that_is_no_longer_told_is_withdrawn_and_can_be_told_again(
    world: World, desk: Desk, format_: str
) -> None:
    world.owe(receivable())
    file = FILES[format_]
    desk.hand_in(file([OTHER, PAID]))
    desk.hand_in(file([OTHER]))
    assert counted(world) == [(0, "withdrawn"), (30_000, "waiting")]
    assert [row.undone_at is None for row in world.rows(claim)] == [False]
    told = world.events("integration.receipt_corrected")[-1].message
    assert (told.field, told.before, told.after) == ("amount_fen", "5200000", "0")
    again = desk.hand_in(file([OTHER, PAID]))
    assert (again.outcome, again.records_new, again.corrected) == ("ok", 0, 1)
    assert counted(world) == [(30_000, "waiting"), (5_200_000, "claimed")]
    assert sorted(row.undone_at is None for row in world.rows(claim)) == [False, True]
    assert world.feed("bank").holes == []


@pytest.mark.spec("N1.3")
def test_a_booking_that_another_format_tells_stays(world: World, desk: Desk) -> None:
    for file in (statement(1, [OTHER, PAID]), mt940(1, [OTHER, PAID]), statement(1, [OTHER])):
        desk.hand_in(file.encode())
    assert counted(world) == [(30_000, "waiting"), (5_200_000, "waiting")]
    again = desk.hand_in(statement(1, [OTHER, PAID]).encode())
    assert (again.outcome, again.records_new, again.duplicates) == ("ok", 0, 2)


@pytest.mark.spec("N1.3")
def test_what_another_format_tells_after_a_withdrawal_counts_once(world: World, desk: Desk) -> None:
    for file in (statement(1, [OTHER, PAID]), statement(1, [OTHER]), mt940(1, [OTHER, PAID])):
        desk.hand_in(file.encode())
    desk.hand_in(statement(1, [OTHER, PAID]).encode())
    assert sorted(fen for fen, _ in counted(world)) == [0, 30_000, 5_200_000]


@pytest.mark.spec("N1.3")
def test_a_shorter_piece_of_the_same_day_takes_nothing_back(world: World, desk: Desk) -> None:
    lines = [PAID, OTHER, replace(OTHER, serial="0003", amount="7.00")]
    desk.hand_in(ccb_csv(lines).encode())
    desk.hand_in(ccb_csv(lines[1:], opening="52000.00").encode())
    desk.hand_in(as_bytes(front_machine(lines)))
    desk.hand_in(as_bytes(front_machine(lines[1:], first=2, opening="52000.00")))
    assert sorted(fen for fen, _ in counted(world)) == [700, 30_000, 5_200_000]
    assert desk.hand_in(ccb_csv(lines).encode()).records_new == 0


@pytest.mark.spec("N1.2", "N1.3")
def test_a_telling_that_does_not_add_up_takes_nothing_back(world: World, desk: Desk) -> None:
    desk.hand_in(statement(1, [OTHER, PAID]).encode())
    desk.hand_in(statement(1, [OTHER], closing="52300.00").encode())
    assert sorted(fen for fen, _ in counted(world)) == [30_000, 5_200_000]
    assert world.feed("bank").holes != []
    assert desk.hand_in(statement(1, [OTHER, PAID]).encode()).records_new == 0
    assert world.feed("bank").holes == []


@pytest.mark.spec("N1.3", "N4.2")
def test_a_withdrawn_refund_is_put_to_no_receipt(world: World, desk: Desk) -> None:
    back = Line("0009", "52000.00", credit=False, remark="退款")
    world.owe(receivable())
    desk.hand_in(statement(1, [PAID, back]).encode())
    assert [row.method for row in world.rows(claim) if row.undone_at is None] == ["refund"]
    desk.hand_in(statement(1, [PAID]).encode())
    assert counted(world) == [(0, "withdrawn"), (5_200_000, "claimed")]
    assert [row.method for row in world.rows(claim) if row.undone_at is None] == ["exact_contract"]


@pytest.mark.spec("N4.1")
def test_a_booking_that_is_no_longer_told_is_not_among_the_receipts_of_its_month(
    world: World, desk: Desk, rpc: Rpc
) -> None:
    asked = pb.GetCollectionSummaryRequest(month="2026-03")
    desk.hand_in(statement(1, [OTHER, PAID]).encode())
    assert collections(world, rpc).GetCollectionSummary(asked).receipts == 2
    desk.hand_in(statement(1, [OTHER]).encode())
    left = collections(world, rpc).GetCollectionSummary(asked)
    assert (left.receipts, left.arrived.fen) == (1, 30_000)
