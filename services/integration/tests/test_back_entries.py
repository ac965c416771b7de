"""Money entered by hand: what is refused, who may approve, and that its states allow nothing else (N6.1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import (
    AlreadyExists,
    CloseloopError,
    FailedPrecondition,
    IllegalCommand,
    InvalidInput,
    NotFound,
    PermissionDenied,
)
from chassis.testing.identity import as_rep, identity
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import back_entry_service_pb2 as pb
from closeloop.integration.v1 import collection_service_pb2 as collections_pb
from closeloop.integration.v1 import collection_service_pb2_grpc as collections_grpc
from integration.back_entries.rules import TABLE, Actor, Command, Hands, State, decide
from integration.receipts.by_hand_rules import key_of
from integration.tables import back_entry, bank_entry
from services.integration.tests.back_entry_desk import CLERK, DIRECTOR, SUPERVISOR, Desk
from services.integration.tests.conftest import World
from services.integration.tests.world import Line, receivable, statement


@pytest.fixture
def desk(staffed: World, rpc: Rpc) -> Desk:
    """The bank's first statement is there, one receivable is open."""
    staffed.owe(receivable("AR-1"))
    staffed.vault.balance = "100.00"
    staffed.vault.statements = {1: statement(1, [Line("0001", "100.00", payer="陌生人")])}
    assert staffed.run("bank").outcome == "ok"
    return Desk(staffed, rpc)


@pytest.mark.spec("N6.1")
def test_two_others_approve_it_then_it_counts_and_is_claimed_like_any_receipt(desk: Desk) -> None:
    entry = desk.submitted()
    assert (entry.state, list(entry.allowed)) == (
        pb.BACK_ENTRY_STATE_SUBMITTED, ["approve", "refuse", "withdraw"],
    )  # fmt: skip
    first = desk.approve(entry, SUPERVISOR)
    assert (first.state, first.receipt_id) == (pb.BACK_ENTRY_STATE_APPROVED_BY_FINANCE, "")
    assert len(desk.world.rows(bank_entry)) == 1, "one approval posts nothing"
    done = desk.approve(first, DIRECTOR)
    assert (done.state, list(done.allowed), done.HasField("confirmed_at")) == (pb.BACK_ENTRY_STATE_POSTED, [], False)
    row = desk.world.row(bank_entry, id=done.receipt_id)
    assert (row.format, row.amount_fen, row.claimed_fen, row.state) == ("back_entry", 5_200_000, 5_200_000, "claimed")
    stub = collections_grpc.CollectionServiceStub(desk.rpc(desk.world.service, as_=CLERK))
    told = stub.GetCollectionSummary(collections_pb.GetCollectionSummaryRequest(month="2026-03"))
    assert (told.arrived.fen, told.claimed.fen) == (5_210_000, 5_200_000)
    [event] = desk.world.events("integration.backfill_approved")
    people = (event.message.author_id, event.message.finance_approver_id, event.message.sales_approver_id)
    assert people == ("E00800", "E00801", "E00300")
    assert (event.message.voucher_number, event.message.linked) == ("PZ-2026-0031", False)
    waited = [each.message.duty for each in desk.world.events("integration.backfill_waits")]
    assert waited == ["finance_supervisor", "director"]


@pytest.mark.spec("N6.1")
def test_a_posted_one_proves_nothing_about_the_bank_s_data(desk: Desk) -> None:
    desk.posted()
    desk.world.run("bank")
    assert desk.world.feed("bank").health == "healthy"
    assert desk.world.feed("bank").complete_until.isoformat() == "2026-03-10T02:00:00+00:00"


@pytest.mark.spec("N6.1", "P1.5")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"voucher_number": ""}, "voucher_number"),
        ({"voucher_number": "——"}, "voucher_number"),
        ({"scan_file_id": ""}, "scan_file_id"),
        ({"bank_serial": ""}, "bank_serial"),
        ({"bank_serial": "000"}, "bank_serial"),
        ({"amount": {"fen": 0}}, "amount"),
        ({"amount": {"fen": -1}}, "amount"),
        ({"amount": {"fen": 1, "currency": "USD"}}, "amount"),
        ({"booked_on": "2026-02-30"}, "booked_on"),
        ({"booked_on": "2026-03-11"}, "booked_on"),
        ({"payer_name": ""}, "payer_name"),
        ({"account": "9999"}, "account"),
        ({"reason": ""}, "reason"),
    ],
)
def test_what_is_missing_or_wrong_is_refused_by_field(desk: Desk, changes: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        desk.draft(**changes)
    assert [each.field for each in refused.value.violations] == [field]
    assert not desk.world.rows(back_entry)


@pytest.mark.spec("N6.1")
def test_without_a_scan_that_is_one_there_is_no_back_entry(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.draft(scan_file_id="0" * 64)
    with pytest.raises(InvalidInput) as refused:
        desk.draft(scan_file_id=desk.scan(b"amount,52000", "voucher.csv"))
    assert refused.value.reason == "NOT_A_SCAN"
    assert not desk.world.rows(back_entry)


@pytest.mark.spec("N6.1")
@pytest.mark.parametrize("again", ["PZ-2026-0031", "pz2026 0031", "ＰＺ—２０２６—００３１", "00PZ.2026/0031"])
def test_a_voucher_is_used_once_however_it_is_written(desk: Desk, again: str) -> None:
    first = desk.posted()
    with pytest.raises(AlreadyExists) as refused:
        desk.draft(again, bank_serial="0009")
    assert refused.value.reason == "VOUCHER_ALREADY_USED"
    assert first.back_entry_id in refused.value.text_en


@pytest.mark.spec("N6.1")
def test_one_booking_is_entered_once_whatever_vouchers_are_named_for_it(desk: Desk) -> None:
    desk.submitted()
    with pytest.raises(AlreadyExists) as refused:
        desk.draft("PZ-2026-0099", bank_serial="3")
    assert refused.value.reason == "SERIAL_ALREADY_ENTERED"


@pytest.mark.spec("N6.1")
def test_a_refused_one_gives_its_voucher_free_and_stays_readable(desk: Desk) -> None:
    refused = desk.refuse(desk.submitted(), SUPERVISOR)
    assert (refused.state, refused.closed_by, refused.closing_reason) == (
        pb.BACK_ENTRY_STATE_REFUSED, "E00801", "凭证模糊",
    )  # fmt: skip
    withdrawn = desk.withdraw(desk.draft(amount={"fen": 1, "currency": "CNY"}))
    assert withdrawn.state == pb.BACK_ENTRY_STATE_WITHDRAWN
    assert desk.posted(amount={"fen": 2, "currency": "CNY"}).state == pb.BACK_ENTRY_STATE_POSTED
    listed = desk.as_(CLERK).ListBackEntries(pb.ListBackEntriesRequest()).back_entries
    assert [each.state for each in listed] == [
        pb.BACK_ENTRY_STATE_POSTED, pb.BACK_ENTRY_STATE_WITHDRAWN, pb.BACK_ENTRY_STATE_REFUSED,
    ]  # fmt: skip


BOTH = ("finance", "finance_supervisor", "director")


@pytest.mark.spec("N6.1")
@pytest.mark.parametrize("person", ["E00800", "E00801"])
def test_author_and_first_approver_can_t_approve_again_whatever_duties_they_hold(desk: Desk, person: str) -> None:
    everything = identity(person, duties=BOTH, level="company", unit="/HQ/")
    entry = desk.submitted()
    if person == "E00800":
        with pytest.raises(FailedPrecondition) as own:
            desk.approve(entry, everything)
        assert own.value.reason == "FOUR_EYES"
    first = desk.approve(entry, SUPERVISOR)
    with pytest.raises(FailedPrecondition) as second:
        desk.approve(first, identity(person, duties=(*BOTH, "hq"), level="company", unit="/HQ/"))
    assert second.value.reason == "FOUR_EYES"
    assert desk.load(entry).state == pb.BACK_ENTRY_STATE_APPROVED_BY_FINANCE


@pytest.mark.spec("N6.1")
def test_each_level_is_approved_by_its_own_duty(desk: Desk) -> None:
    entry = desk.submitted()
    with pytest.raises(FailedPrecondition) as early:
        desk.approve(entry, DIRECTOR)
    assert early.value.reason == "NOT_YET_YOURS"
    with pytest.raises(PermissionDenied):
        desk.approve(entry, CLERK)
    with pytest.raises(PermissionDenied):
        desk.draft("PZ-1", who=as_rep("E00001"))
    other = identity("E00802", duties=("finance", "finance_supervisor"), level="company", unit="/HQ/")
    first = desk.approve(entry, SUPERVISOR)
    with pytest.raises(FailedPrecondition) as again:
        desk.approve(first, other)
    assert (again.value.reason, again.value.metadata["duty"]) == ("NOT_YET_YOURS", "director")


@pytest.mark.spec("N6.1")
def test_only_its_author_submits_or_withdraws_it(desk: Desk) -> None:
    entry = desk.draft()
    for command in (desk.submit, desk.withdraw):
        with pytest.raises(FailedPrecondition) as refused:
            command(entry, identity("E00810", duties=("finance",), level="company", unit="/HQ/"))
        assert refused.value.reason == "ONLY_ITS_AUTHOR"


@pytest.mark.spec("N6.1")
def test_a_command_out_of_turn_names_what_is_possible(desk: Desk) -> None:
    entry = desk.draft()
    with pytest.raises(FailedPrecondition) as early:
        desk.approve(entry, SUPERVISOR)
    assert early.value.text_en == "“approve” is not possible in state “draft”. Possible: submit, withdraw."
    done = desk.posted("PZ-2", bank_serial="0004")
    with pytest.raises(FailedPrecondition) as late:
        desk.withdraw(done)
    assert late.value.reason == "ILLEGAL_COMMAND"


@pytest.mark.spec("N6.1")
def test_the_same_request_twice_approves_once(desk: Desk) -> None:
    entry = desk.approve(desk.submitted(), SUPERVISOR)
    assert desk.approve(entry, DIRECTOR, "once") == desk.approve(entry, DIRECTOR, "once")
    assert len(desk.world.events("integration.backfill_approved")) == 1
    assert len(desk.world.rows(bank_entry)) == 2


ACTORS = st.builds(
    Actor, st.sampled_from(["author", "first", "other"]), st.sets(st.sampled_from([*BOTH, "hq", "ops"])).map(frozenset)
)


@pytest.mark.spec("N6.1")
@given(st.lists(st.tuples(st.sampled_from(Command), ACTORS), max_size=12))
def test_whatever_is_tried_in_whatever_order_posting_took_three_people(tried: list[tuple[Command, Actor]]) -> None:
    state, first, second = State.DRAFT, "", ""
    for command, actor in tried:
        try:
            after = decide(state, command, actor, Hands("author", first))
        except (IllegalCommand, CloseloopError):
            continue
        assert TABLE[state, command][1] is after
        if after is State.APPROVED_BY_FINANCE:
            first = actor.id
            assert "finance_supervisor" in actor.duties
        if after is State.POSTED:
            second = actor.id
            assert "director" in actor.duties
        state = after
    if state is State.POSTED:
        assert len({"author", first, second}) == 3


@pytest.mark.spec("N6.1")
@given(st.text(max_size=20))
def test_a_key_says_the_same_of_itself(number: str) -> None:
    assert key_of(key_of(number)) == key_of(number)
