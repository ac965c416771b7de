"""The same transaction in several formats, in overlapping statements and in the same file again: once."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.files import FileStore
from chassis.testing.identity import as_hq
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import feed_service_pb2 as pb
from closeloop.integration.v1 import feed_service_pb2_grpc as pb_grpc
from integration.receipts.rules import Entry, completed, likeness, twins
from integration.tables import bank_entry, bank_line, bank_statement, quarantine
from services.integration.tests.bank_samples import as_bytes, camt054, ccb_csv, front_machine, mt940
from services.integration.tests.conftest import World
from services.integration.tests.world import Line, instant, receivable, statement

LINES = [
    Line("0001", "52000.00", remark="HT-2026-001"),
    Line("0002", "100.00", credit=False, payer="工商银行"),
    # Two payments of the same amount on one day are two.
    Line("0003", "300.00", payer="杭州第一医院"),
    Line("0004", "300.00", payer="杭州第一医院"),
]
FILES = {
    "camt.053": statement(1, LINES).encode(),
    "camt.054": camt054(LINES).encode(),
    "mt940": mt940(1, LINES).encode(),
    "csv": ccb_csv(LINES).encode("gb18030"),
    "json": as_bytes(front_machine(LINES)),
}


class Desk:
    """Finance hands files in."""

    def __init__(self, world: World, rpc: Rpc) -> None:
        self._store = FileStore(world.service.runtime.settings.files_url)
        self._stub = pb_grpc.FeedServiceStub(rpc(world.service, as_=as_hq("E00800", "finance")))
        self._number = 0

    def hand_in(self, content: bytes) -> pb.FeedRun:
        self._number += 1
        file_id = self._store.put([content], "statement", 10**8).id
        request = pb.ImportStatementRequest(request_id=str(self._number), file_id=file_id)
        return self._stub.ImportStatement(request).run


@pytest.fixture
def desk(world: World, rpc: Rpc) -> Desk:
    return Desk(world, rpc)


@pytest.mark.spec("N1.3")
@pytest.mark.parametrize("order", [("camt.054", "mt940", "csv", "json", "camt.053"), tuple(FILES), tuple(FILES)[::-1]])
def test_a_transaction_in_five_formats_counts_once(world: World, desk: Desk, order: tuple[str, ...]) -> None:
    runs = [desk.hand_in(FILES[name]) for name in order]
    assert [run.outcome for run in runs] == ["ok"] * 5
    assert [run.records_new for run in runs] == [4, 0, 0, 0, 0]
    assert [run.duplicates for run in runs] == [0, 4, 4, 4, 4]
    assert sorted(row.amount_fen for row in world.rows(bank_entry)) == [10_000, 30_000, 30_000, 5_200_000]
    assert len(world.rows(bank_line)) == 20
    assert len(world.events("integration.receipt_arrived")) == 3
    again = [desk.hand_in(FILES[name]) for name in order]
    assert [run.duplicates for run in again] == [4] * 5
    assert world.feed("bank").holes == []


@pytest.mark.spec("N1.3", "N4.1")
def test_a_notification_is_claimed_when_the_statement_tells_its_contract(world: World, desk: Desk) -> None:
    stranger = [Line("0001", "52000.00", payer="陌生人", remark="HT-2026-001")]
    world.owe(receivable())
    desk.hand_in(camt054(stranger).encode())
    assert world.events("integration.receipt_claimed") == []
    assert world.feed("bank").complete_until is None
    desk.hand_in(statement(1, stranger).encode())
    [told] = world.events("integration.receipt_claimed")
    assert told.message.contract_number == "HT-2026-001"
    filled = [(each.message.field, each.message.after) for each in world.events("integration.receipt_corrected")]
    assert ("remark", "HT-2026-001") in filled


@pytest.mark.spec("N1.3")
def test_each_format_corrects_itself_and_contradicts_no_other(world: World, desk: Desk) -> None:
    for name in ("camt.053", "csv"):
        desk.hand_in(FILES[name])
    corrected = [replace(LINES[0], amount="50000.00"), *LINES[1:]]
    run = desk.hand_in(ccb_csv(corrected).encode())
    assert (run.corrected, run.duplicates) == (1, 3)
    told = [(each.message.field, each.message.after) for each in world.events("integration.receipt_corrected")]
    assert ("amount_fen", "5000000") in told
    # The first format still says what it said: that is no news.
    assert desk.hand_in(FILES["camt.053"]).corrected == 0
    assert max(row.amount_fen for row in world.rows(bank_entry)) == 5_000_000


@pytest.mark.spec("N2.2")
def test_statements_that_overlap_count_once_and_leave_no_hole(world: World, desk: Desk) -> None:
    days = [replace(LINES[2], serial=f"{day:04d}", booked_on=f"2026-03-{day:02d}") for day in range(1, 9)]
    desk.hand_in(ccb_csv(days[:5]).encode())
    run = desk.hand_in(ccb_csv(days[3:], opening="900.00").encode())
    assert (run.records_new, run.duplicates) == (3, 2)
    assert world.feed("bank").holes == []
    assert len(world.rows(bank_entry)) == 8
    # A week that nobody exported shows by the balances.
    later = replace(days[0], serial="0020", booked_on="2026-03-10")
    desk.hand_in(ccb_csv([later], opening="9999.00").encode())
    assert "opens 7,599.00 away" in world.feed("bank").holes[0]["en"]


@pytest.mark.spec("N2.2")
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_an_export_within_another_leaves_no_hole(world: World, desk: Desk, order: tuple[int, ...]) -> None:
    days = [replace(LINES[2], serial=f"{day:04d}", booked_on=f"2026-03-{day:02d}") for day in range(1, 8)]
    exports = [ccb_csv(days[:5]), ccb_csv(days[1:4], opening="300.00"), ccb_csv(days[5:], opening="1500.00")]
    for index in order:
        desk.hand_in(exports[index].encode())
    assert world.feed("bank").holes == []
    assert len(world.rows(bank_entry)) == 7
    # What is missing beside them still shows.
    desk.hand_in(ccb_csv([replace(days[0], serial="0020", booked_on="2026-03-09")], opening="9999.00").encode())
    assert "opens 7,899.00 away" in world.feed("bank").holes[0]["en"]


@pytest.mark.spec("N2.2")
def test_another_format_fills_a_hole(world: World, desk: Desk) -> None:
    world.clock.set(instant("2026-03-12T12:00:00+08:00"))
    days = [replace(LINES[0], serial=f"00{day}", booked_on=f"2026-03-{day}", amount="10.00") for day in (10, 11, 12)]
    desk.hand_in(statement(1, days[:1]).encode())
    desk.hand_in(statement(3, days[2:], opening="20.00", until="2026-03-12T10:00:00+08:00").encode())
    assert world.feed("bank").holes != []
    for number, day in enumerate(days, start=70):
        opening = f"{(number - 70) * 10}.00"
        desk.hand_in(mt940(number, [day], opening=opening, day=day.booked_on[2:].replace("-", "")).encode())
    state = world.feed("bank")
    assert (state.holes, len(world.rows(bank_entry))) == ([], 3)
    # A day's closing balance proves the day, but never more than now.
    assert state.complete_until == world.clock.now()


@pytest.mark.spec("N2.2")
def test_mt940_numbers_begin_anew_with_the_year(world: World, desk: Desk) -> None:
    world.clock.set(instant("2026-01-05T12:00:00+08:00"))
    old = [replace(LINES[0], booked_on="2025-12-31")]
    desk.hand_in(mt940(249, old, day="251231").encode())
    new = [replace(LINES[0], serial="0009", booked_on="2026-01-04")]
    desk.hand_in(mt940(1, new, opening="52000.00", day="260104").encode())
    assert world.feed("bank").holes == []
    desk.hand_in(mt940(3, [], opening="104000.00", day="260105").encode())
    assert world.feed("bank").holes[0]["en"] == "account 6222: statement 202600002 missing, 0.00 unaccounted for"


@pytest.mark.spec("N1.2")
def test_a_file_with_another_checksum_than_announced_is_refused(world: World) -> None:
    whole = statement(1, LINES)
    world.vault.statements, world.vault.balance = {1: whole}, "52500.00"
    world.vault.checksums = {1: hashlib.sha256(b"another file").hexdigest()}
    assert world.run("bank").rejected == 1
    [kept] = world.rows(quarantine)
    assert kept.reason == "the checksum differs from the one the bank announced"
    assert (world.rows(bank_entry), world.feed("bank").health) == ([], "degraded")
    world.vault.checksums = {1: hashlib.sha256(whole.encode()).hexdigest().upper()}
    assert world.run("bank").records_new == 4
    assert (world.rows(quarantine)[0].state, world.feed("bank").health) == ("superseded", "healthy")


@pytest.mark.spec("N1.1")
def test_a_bank_that_lays_out_several_formats_is_pulled(world: World) -> None:
    world.vault.balance = "52600.00"
    more = [Line("0005", "100.00", payer="甲")]
    world.vault.statements = {
        1: FILES["camt.054"],
        2: FILES["camt.053"],
        3: statement(2, more, opening="52500.00"),
    }
    run = world.run("bank")
    assert (run.outcome, run.records_new, run.duplicates) == ("ok", 5, 4)
    assert (world.feed("bank").health, world.feed("bank").checkpoint) == ("healthy", '{"6222": 3}')
    assert [row.format for row in world.rows(bank_statement)].count("camt.053") == 2


@pytest.mark.spec("N1.2")
def test_a_zero_amount_waits_for_nobody_and_another_currency_is_not_added(world: World, desk: Desk) -> None:
    desk.hand_in(statement(1, [Line("0001", "0.00"), Line("0002", "5.00")]).encode())
    assert [(row.amount_fen, row.state) for row in world.rows(bank_entry)] == [(0, "none"), (500, "waiting")]
    dollars = statement(1, [Line("0001", "7.00")], account="6333").replace('"CNY"', '"USD"')
    run = desk.hand_in(dollars.replace("<Ccy>CNY<", "<Ccy>USD<").encode())
    assert (run.records_new, run.rejected) == (1, 0)
    assert [each.message.amount.currency for each in world.events("integration.receipt_arrived")] == ["CNY", "USD"]


BASE = Entry(
    serial="1", booked_on=date(2026, 3, 10), value_on=date(2026, 3, 10), credit=True, reversal=False, amount_fen=100,
    currency="CNY", payer_name="甲公司", payer_account="", credited_account="", remark="", end_to_end_id="E2E-1",
    bank_reference="R1",
)  # fmt: skip


@pytest.mark.spec("N1.3")
@pytest.mark.parametrize(
    ("change", "surely"),
    [
        ({}, 4),
        ({"serial": "9", "bank_reference": "R9"}, 3),
        ({"serial": "9", "end_to_end_id": "E2E-9"}, 4),
        ({"serial": "9", "bank_reference": "", "end_to_end_id": "E2E-9"}, 0),
        ({"serial": "9", "bank_reference": "", "end_to_end_id": "NOTPROVIDED"}, 2),
        ({"serial": "9", "bank_reference": "", "end_to_end_id": "", "payer_name": "乙公司"}, 0),
        ({"serial": "9", "bank_reference": "", "end_to_end_id": "", "payer_name": ""}, 1),
        ({"serial": "9", "bank_reference": "R9", "end_to_end_id": "", "payer_name": ""}, 0),
        ({"serial": "9", "bank_reference": "", "end_to_end_id": "", "payer_name": "（甲公司）"}, 2),
        ({"amount_fen": 101}, 0),
        ({"credit": False}, 0),
        ({"reversal": True}, 0),
        ({"currency": "USD"}, 0),
        ({"value_on": date(2026, 3, 11)}, 0),
        ({"value_on": None, "booked_on": date(2026, 3, 10)}, 4),
    ],
)
def test_when_two_entries_are_one_transaction(change: dict[str, object], surely: int) -> None:
    assert likeness(BASE, replace(BASE, **change)) == surely  # type: ignore[arg-type]


@pytest.mark.spec("N1.3")
def test_a_reference_that_mt940_cut_off_is_the_same() -> None:
    whole = replace(BASE, serial="8", bank_reference="", end_to_end_id="CONTRACT-2026-000-17")
    assert likeness(replace(whole, serial="9", end_to_end_id="CONTRACT-2026-00"), whole) == 3
    assert likeness(replace(whole, serial="9", end_to_end_id="CONTRACT-2026"), whole) == 0


@pytest.mark.spec("N1.3")
@given(st.lists(st.sampled_from("ABC"), min_size=1, max_size=6), st.integers(0, 5))
def test_equal_entries_pair_off_one_by_one(payers: list[str], others: int) -> None:
    told = [replace(BASE, serial=f"t{n}", payer_name=each, bank_reference="", end_to_end_id="")
            for n, each in enumerate(payers)]  # fmt: skip
    known = [replace(each, serial=f"k{n}") for n, each in enumerate(told[:others])]
    found = twins(told, known)
    assert len(found) == len(known)
    assert len(set(found.values())) == len(found)
    assert all(told[one].payer_name == known[other].payer_name for one, other in found.items())


@pytest.mark.spec("N1.3")
def test_the_order_in_which_entries_come_changes_no_sure_pair() -> None:
    named = replace(BASE, serial="a", bank_reference="", end_to_end_id="")
    sure, vague = replace(named, serial="b", end_to_end_id="E"), replace(named, serial="c", payer_name="")
    known = [replace(sure, serial="k1", value_on=None), replace(vague, serial="k2")]
    for told in permutations([sure, vague]):
        found = twins(told, known)
        assert {told[one].serial: known[other].serial for one, other in found.items()} == {"b": "k1", "c": "k2"}


@pytest.mark.spec("N1.3")
@pytest.mark.parametrize("csv_first", [True, False])
def test_a_reversal_that_a_csv_can_t_tell_is_the_same_booking(world: World, desk: Desk, csv_first: bool) -> None:
    back = [Line("0001", "100.00", credit=False)]
    files = [ccb_csv(back).encode(), mt940(1, back).replace("0310D100", "0310RC100").encode()]
    runs = [desk.hand_in(each) for each in (files if csv_first else files[::-1])]
    assert [run.records_new for run in runs] == [1, 0]
    [row] = world.rows(bank_entry)
    assert (row.credit, row.reversal) == (False, True)


def test_another_format_fills_in_and_overwrites_nothing() -> None:
    known = replace(BASE, remark="", payer_name="甲公司")
    after = completed(known, replace(BASE, remark="货款", payer_name="乙公司", booked_on=BASE.booked_on + timedelta(1)))
    assert after == replace(known, remark="货款")
