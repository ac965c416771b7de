"""Bookings that share a reference: a fee, or a reversal, beside its main booking. Each counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.testing.identity import as_hq
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import feed_service_pb2 as pb
from closeloop.integration.v1 import feed_service_pb2_grpc as pb_grpc
from integration.feeds.rules import content_hash
from integration.receipts.ordinals import keyed
from integration.receipts.rules import Entry
from integration.tables import bank_entry
from services.integration.tests.bank_samples import ccb_csv, mt940
from services.integration.tests.conftest import World
from services.integration.tests.test_bank_twins import BASE, Desk
from services.integration.tests.world import Line, receivable, statement

PAID = Line("0001", "52000.00", remark="HT-2026-001")
FEE = Line("0001", "5.00", credit=False, payer="工商银行")
FILES = {
    "camt.053": lambda lines: statement(1, lines).encode(),
    "mt940": lambda lines: mt940(1, lines).encode(),
    "csv": lambda lines: ccb_csv(lines).encode(),
}


@pytest.fixture
def desk(world: World, rpc: Rpc) -> Desk:
    return Desk(world, rpc)


def booked(world: World) -> list[tuple[str, int]]:
    rows = world.rows(bank_entry)
    return sorted((row.serial.lstrip("RCB"), row.amount_fen if row.credit else -row.amount_fen) for row in rows)


@pytest.mark.spec("N1.3")
@pytest.mark.parametrize("format_", FILES)
@pytest.mark.parametrize("lines", [[PAID, FEE], [FEE, PAID]], ids=["fee behind", "fee before"])
def test_a_fee_under_the_reference_of_its_payment_is_a_booking_of_its_own(
    world: World, desk: Desk, format_: str, lines: list[Line]
) -> None:
    world.owe(receivable())
    file = FILES[format_](lines)
    first, again = desk.hand_in(file), desk.hand_in(file)
    assert (first.records_new, first.corrected, first.duplicates) == (2, 0, 0)
    assert (again.records_new, again.corrected, again.duplicates) == (0, 0, 2)
    assert sorted(fen for _, fen in booked(world)) == [-500, 5_200_000]
    assert world.feed("bank").holes == []
    assert len(world.events("integration.receipt_claimed")) == 1
    assert world.events("integration.receipt_unclaimed") == []


@pytest.mark.spec("N1.3")
def test_each_booking_under_a_reference_is_corrected_by_itself(world: World, desk: Desk) -> None:
    desk.hand_in(statement(1, [PAID, FEE]).encode())
    run = desk.hand_in(statement(1, [PAID, replace(FEE, amount="6.00")]).encode())
    assert (run.records_new, run.corrected, run.duplicates) == (0, 1, 1)
    assert booked(world) == [("0001", 5_200_000), ("0001#2", -600)]


@pytest.mark.spec("N1.2", "N1.3")
def test_bookings_replayed_from_the_quarantine_one_by_one_keep_apart(world: World, desk: Desk, rpc: Rpc) -> None:
    lines = [replace(each, booked_on="2026-03-13") for each in (PAID, FEE)]
    assert desk.hand_in(statement(1, lines).encode()).rejected == 2
    world.clock.advance(timedelta(days=3))
    stub = pb_grpc.FeedServiceStub(rpc(world.service, as_=as_hq("E00800", "finance")))
    assert stub.ReplayQuarantine(pb.ReplayQuarantineRequest(request_id="1", feed="bank")).replayed == 2
    assert booked(world) == [("0001", 5_200_000), ("0001#2", -500)]


def said_by(told: dict[tuple[date, str], Entry]) -> dict[tuple[date, str], set[bytes]]:
    return {key: {content_hash(each)} for key, each in told.items()}


amounts = st.lists(st.integers(1, 4), min_size=1, max_size=6)


@pytest.mark.spec("N1.3")
@given(amounts, st.randoms(use_true_random=False))
def test_what_is_told_again_in_any_order_keeps_its_key(fens: list[int], random: object) -> None:
    told = [replace(BASE, amount_fen=fen) for fen in fens]
    first = keyed(told, {})
    assert sorted(each.amount_fen for each in first.values()) == sorted(set(fens))
    assert [each.serial for each in first.values()] == [key[1] for key in first]
    random.shuffle(told)  # type: ignore[attr-defined]
    assert keyed(told, said_by(first)) == first


@pytest.mark.spec("N1.3")
@given(amounts, st.integers(0, 6))
def test_a_later_part_takes_no_key_that_an_earlier_one_gave(fens: list[int], cut: int) -> None:
    told = [replace(BASE, amount_fen=fen) for fen in dict.fromkeys(fens)]
    first = keyed(told[:cut], {})
    later = keyed(told[cut:], said_by(first), taken=set(first))
    assert not first.keys() & later.keys()
    assert first | later == keyed(told, {})


def test_a_reference_that_looks_like_an_ordinal_keeps_apart() -> None:
    told = [BASE, replace(BASE, amount_fen=5), replace(BASE, serial="1#2", amount_fen=7)]
    assert sorted(each.amount_fen for each in keyed(told, {}).values()) == [5, 7, 100]
