"""The three-way board: the same figures for finance and sales, from the documents themselves (N5.1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.deadline_runner import DeadlineRunner
from chassis.errors import InvalidInput
from chassis.identity import Identity
from chassis.testing.identity import as_hq, as_manager, as_rep, as_service
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import collection_service_pb2 as collection_pb
from closeloop.integration.v1 import collection_service_pb2_grpc as collection_grpc
from closeloop.integration.v1 import three_way_service_pb2 as pb
from closeloop.integration.v1 import three_way_service_pb2_grpc as pb_grpc
from integration.board.policy import ThreeWayPolicy
from integration.board.refresh_board import refresh_board
from integration.claiming.reopen import reopen
from integration.jobs import App
from integration.receipts.withdraw import withdraw
from integration.tables import bank_entry, board_mark, board_row
from services.integration.tests.board_desk import (
    GREEN,
    RED,
    WHOLE,
    YELLOW,
    bill,
    board,
    book,
    deliver,
    due,
    enter_one,
    judged,
    of,
    thread,
)
from services.integration.tests.conftest import World
from services.integration.tests.erp_samples import as_finance, delivery, invoice
from services.integration.tests.world import Line, order, receivable, statement

HAPPENINGS = st.tuples(st.integers(1, 3), st.sampled_from(["order", "due", "goods", "bill"]), st.integers(1, 4))


@pytest.fixture
def matched(staffed: World) -> World:
    enter_one(staffed)
    return staffed


@pytest.mark.spec("N5.1")
def test_what_matches_is_green_and_finance_and_sales_see_the_same(matched: World, rpc: Rpc) -> None:
    seen = board(matched, rpc)
    [row] = seen.rows
    assert (row.colour, row.contract_number, list(row.order_ids)) == (GREEN, "HT-2026-001", ["SO-1"])
    sums = (row.contract, row.due, row.delivered, row.received, row.invoiced)
    assert [each.fen for each in sums] == [WHOLE] * 5
    assert (row.reason, row.day, row.salesperson_id) == ("", "2026-03-10", "E00001")
    for who in (as_rep(), as_manager(), as_hq("E00700", "ops"), as_hq("E00950", "auditor")):
        assert board(matched, rpc, who).rows == seen.rows
    assert not board(matched, rpc, as_rep("E00002", "/HQ/EAST/HZ2/")).rows
    assert not board(matched, rpc, as_manager("E00200", "/HQ/EAST/HZ2/")).totals


@pytest.mark.spec("N5.1")
def test_each_document_that_is_missing_turns_it_yellow(staffed: World, rpc: Rpc) -> None:
    missing: list[list[int]] = []

    def look() -> None:
        [row] = board(staffed, rpc).rows
        missing.append(list(row.missing))
        assert row.colour == (YELLOW if row.missing else GREEN)

    staffed.sell(order())
    look()
    deliver(staffed, delivery())
    look()
    bill(staffed, invoice())
    look()
    staffed.owe(receivable(DueOn="2026-03-10"))
    look()
    book(staffed, Line("0001", "52000.00", remark="HT-2026-001"))
    look()
    contract, owed, goods, money, paper = (pb.MatchSide.Value(f"MATCH_SIDE_{name}") for name in (
        "CONTRACT", "DUE", "DELIVERY", "RECEIPT", "INVOICE",
    ))  # fmt: skip
    assert contract not in missing[0]
    assert missing == [[owed, goods, paper], [owed, paper], [owed], [money], []]


@pytest.mark.spec("N5.1")
@pytest.mark.parametrize(("amount", "colour"), [("52500.00", GREEN), ("52500.01", RED), ("51499.99", RED)])
def test_red_is_above_500_yuan_and_the_threshold_is_a_policy(
    matched: World, rpc: Rpc, amount: str, colour: int
) -> None:
    bill(matched, invoice(Amount=amount, Version=2))
    [row] = board(matched, rpc).rows
    assert row.colour == colour
    refresh_board(matched.service.uow, ThreeWayPolicy(tolerance_fen=100_000), 7)
    assert [(each.colour, each.policy_version) for each in matched.rows(board_row)] == [("green", 7)]


@pytest.mark.spec("N5.1")
def test_money_for_a_contract_that_nobody_entered_is_red(staffed: World, rpc: Rpc) -> None:
    staffed.owe(receivable(DueOn="2026-03-10"))
    assert board(staffed, rpc).rows[0].colour == YELLOW
    book(staffed, Line("0001", "52000.00", remark="HT-2026-001"))
    [row] = board(staffed, rpc).rows
    assert (row.colour, row.paid_without_contract) == (RED, True)
    assert row.reason_zh == "已回款但未录入合同；缺少：合同、发货、发票"
    assert row.salesperson_id == "E00001", "of the receivable"
    staffed.sell(order())
    [entered] = board(staffed, rpc).rows
    assert (entered.colour, entered.paid_without_contract) == (YELLOW, False)


@pytest.mark.spec("N5.1")
def test_money_booked_to_the_wrong_contract_is_flagged_at_both(staffed: World, rpc: Rpc) -> None:
    contracts = ("HT-1001", "HT-1002", "HT-1003")
    staffed.sell(*(order(each.replace("HT", "SO"), ContractNo=each) for each in contracts))
    staffed.owe(*(due(each) for each in contracts))
    deliver(staffed, *(delivery(f"D-{each}", **of(each)) for each in contracts))
    right = invoice("F-3", **of("HT-1003"))
    # 10,000 of the second contract's invoice were written on the first one's.
    bill(
        staffed,
        invoice("F-1", **of("HT-1001"), Amount="62000.00"),
        invoice("F-2", **of("HT-1002"), Amount="42000.00"),
        right,
    )
    seen = board(staffed, rpc, customer_code="C0001")
    assert {total.invoiced.fen for total in seen.totals if total.colour == RED} == {2 * WHOLE}, "the sum looks right"
    flagged = {
        row.contract_number: [(each.other_contract_number, each.other_amount.fen) for each in row.offsets]
        for row in seen.rows
    }
    assert flagged == {"HT-1001": [("HT-1002", -1_000_000)], "HT-1002": [("HT-1001", 1_000_000)], "HT-1003": []}
    assert [row.contract_number for row in board(staffed, rpc, offsetting_only=True).rows] == ["HT-1002", "HT-1001"]
    # Put right on one of them: neither is flagged any more.
    bill(staffed, invoice("F-2", **of("HT-1002"), Version=2))
    assert not board(staffed, rpc, offsetting_only=True).rows


@pytest.mark.spec("N5.1")
def test_red_invoices_and_returns_take_back_what_was_told(matched: World, rpc: Rpc) -> None:
    bill(matched, invoice("F-2", Amount="-52000.00", RedOf="F-1"))
    deliver(matched, delivery("D-2", Amount="-52000.00"))
    [row] = board(matched, rpc).rows
    assert (row.colour, row.invoiced.fen, row.delivered.fen, list(row.missing)) == (RED, 0, 0, [])
    bill(matched, invoice("F-3"))
    deliver(matched, delivery("D-2", Amount="-52000.00", Version=2, Status="CANCELLED"))
    assert board(matched, rpc).rows[0].colour == GREEN


@pytest.mark.spec("N5.1", "N4.2")
def test_a_draft_counts_when_it_matures(staffed: World, rpc: Rpc) -> None:
    staffed.sell(order())
    staffed.owe(receivable(DueOn="2026-03-10"))
    deliver(staffed, delivery())
    bill(staffed, invoice())
    book(staffed, Line("0001", "52000.00", remark="银行承兑汇票 票号12345678 到期日20260420 HT-2026-001"))
    [row] = board(staffed, rpc).rows
    assert (row.colour, row.received.fen, row.drafts.fen) == (YELLOW, 0, WHOLE)
    assert judged(staffed) == 0, "nothing to do before it matures"
    staffed.clock.advance(timedelta(days=41))
    DeadlineRunner(staffed.service.uow, staffed.service.deadlines).turn()
    [row] = board(staffed, rpc).rows
    assert (row.colour, row.received.fen, row.drafts.fen) == (GREEN, WHOLE, 0)


@pytest.mark.spec("N5.1")
def test_what_falls_due_is_compared_from_that_day_on(staffed: World, rpc: Rpc) -> None:
    staffed.sell(order())
    staffed.owe(
        receivable("AR-1", Amount="2000.00", DueOn="2026-03-10"),
        receivable("AR-2", Amount="50000.00", DueOn="2026-03-12"),
    )
    deliver(staffed, delivery())
    bill(staffed, invoice())
    book(staffed, Line("0001", "2000.00", remark="HT-2026-001"))
    [row] = board(staffed, rpc).rows
    assert (row.colour, row.due.fen) == (GREEN, 200_000)
    staffed.clock.advance(timedelta(days=2))
    [row] = board(staffed, rpc).rows
    assert (row.colour, row.due.fen, row.differences[0].amount.fen) == (RED, WHOLE, -5_000_000)


@pytest.mark.spec("N5.1", "N4.2")
def test_money_that_went_back_or_was_withdrawn_counts_no_more(matched: World, rpc: Rpc) -> None:
    ids = {row.serial: row.id for row in matched.rows(bank_entry)}
    matched.vault.statements[2] = statement(
        2, [Line("0002", "2000.00", credit=False, remark="退款")], opening="52000.00"
    )
    assert matched.run("bank").outcome == "ok"
    refund = next(row.id for row in matched.rows(bank_entry) if row.serial == "0002")
    finance = collection_grpc.CollectionServiceStub(rpc(matched.service, as_=as_finance()))
    finance.RefundReceipt(collection_pb.RefundReceiptRequest(request_id="1", receipt_id=ids["0001"], refund_id=refund))
    [row] = board(matched, rpc).rows
    assert (row.colour, row.received.fen) == (RED, 5_000_000)
    # A corrected statement of the bank no longer tells of the money.
    with matched.service.uow.begin(as_service("integration")) as tx:
        reopen(tx, [ids["0001"]])
        withdraw(tx, [ids["0001"]])
        tx.commit()
    [row] = board(matched, rpc).rows
    assert (row.colour, row.received.fen, list(row.missing)) == (YELLOW, 0, [pb.MATCH_SIDE_RECEIPT])


@pytest.mark.spec("N5.1")
def test_a_claim_taken_back_shows_at_once(matched: World, rpc: Rpc) -> None:
    assert [row.colour for row in board(matched, rpc).rows] == [GREEN]
    finance = collection_grpc.CollectionServiceStub(rpc(matched.service, as_=as_finance()))
    receipt_id = matched.rows(bank_entry)[0].id
    claims = finance.GetReceipt(collection_pb.GetReceiptRequest(receipt_id=receipt_id)).receipt.claims
    finance.UndoClaim(collection_pb.UndoClaimRequest(request_id="1", claim_id=claims[0].claim_id, reason="认错"))
    assert [row.colour for row in board(matched, rpc).rows] == [YELLOW]


@pytest.mark.spec("N5.1")
def test_documents_find_their_contract_whatever_comes_first(staffed: World, rpc: Rpc) -> None:
    deliver(staffed, delivery(ContractNo=None))
    bill(staffed, invoice(ContractNo=None), invoice("F-2", ContractNo=None, OrderId=None, Amount="7.00"))
    assert {row.thread: row.colour for row in board(staffed, rpc).rows} == {"SO-1": YELLOW, "customer:C0001": YELLOW}
    staffed.sell(order())
    seen = {row.thread: (row.delivered.fen, row.invoiced.fen) for row in board(staffed, rpc).rows}
    assert seen == {"HT-2026-001": (WHOLE, WHOLE), "customer:C0001": (0, 700)}
    # The order moves to another contract; its documents follow.
    staffed.sell(order(ContractNo="HT-NEW", Version=2))
    assert {row.thread for row in board(staffed, rpc).rows} == {"HT-NEW", "customer:C0001"}


@pytest.mark.spec("N5.1")
def test_the_list_is_filtered_and_paged_and_its_totals_are_its_rows(staffed: World, rpc: Rpc) -> None:
    numbers = [f"HT-{number}" for number in range(1001, 1008)]
    staffed.sell(*(
        order(each.replace("HT", "SO"), ContractNo=each, SignedAt=f"2026-03-0{place}T09:00:00+08:00",
              CustomerCode=f"C{place % 2}", SalespersonId=f"E0000{place % 2 + 1}")
        for place, each in enumerate(numbers, start=1)
    ))  # fmt: skip
    bill(staffed, *(invoice(f"F-{each}", **of(each), Amount="60000.00") for each in numbers[:3]))
    pages, token = [], ""
    while True:
        told = board(staffed, rpc, page={"size": 3, "token": token})
        pages.append([row.contract_number for row in told.rows])
        token = told.page.next_token
        if not token:
            break
    assert pages == [numbers[:3:-1], numbers[3:0:-1], [numbers[0]]]

    def asked(**filters: Any) -> list[str]:
        told = board(staffed, rpc, **filters)
        for side in ("contract", "due", "delivered", "received", "invoiced", "drafts"):
            summed = sum(getattr(total, side).fen for total in told.totals)
            assert summed == sum(getattr(row, side).fen for row in told.rows), (side, filters)
        assert sum(total.rows for total in told.totals) == len(told.rows)
        return [row.contract_number[-1] for row in told.rows]

    assert asked(colours=[RED]) == ["3", "2", "1"]
    assert asked(colours=[RED, YELLOW], customer_code="C0") == ["6", "4", "2"]
    assert asked(salesperson_id="E00001") == ["6", "4", "2"]
    assert asked(since="2026-03-03", until="2026-03-04") == ["4", "3"]
    assert asked(contract_number="HT-1005") == ["5"]
    assert asked(colours=[GREEN]) == []
    with pytest.raises(InvalidInput):
        asked(since="2026-02-31")


@pytest.mark.spec("N5.1")
def test_a_customer_s_sum_hides_no_red_contract(staffed: World, rpc: Rpc) -> None:
    staffed.sell(
        order("SO-1001", ContractNo="HT-1001"), order("SO-1002", ContractNo="HT-1002"),
        order("SO-1003", ContractNo="HT-1003", CustomerCode="C0002", SalespersonId="E00002"),
    )  # fmt: skip
    bill(
        staffed, invoice("F-1", **of("HT-1001", Amount="62000.00")), invoice("F-2", **of("HT-1002", Amount="42000.00"))
    )
    judged(staffed)

    def asked(who: Identity, **page: Any) -> pb.ListThreeWayCustomersResponse:
        stub = pb_grpc.ThreeWayServiceStub(rpc(staffed.service, as_=who))
        told: pb.ListThreeWayCustomersResponse = stub.ListThreeWayCustomers(pb.ListThreeWayCustomersRequest(page=page))
        return told

    first = asked(as_finance(), size=1)
    second = asked(as_finance(), size=1, token=first.page.next_token)
    [one], [other] = first.customers, second.customers
    assert (one.customer_code, one.colour, one.red, one.yellow) == ("C0001", RED, 1, 1)
    assert (one.contract.fen, one.invoiced.fen) == (2 * WHOLE, 2 * WHOLE), "the sum looks right"
    assert (other.customer_code, other.colour, other.contract.fen) == ("C0002", YELLOW, WHOLE)
    assert second.page.next_token == ""
    assert [each.customer_code for each in asked(as_rep("E00002", "/HQ/EAST/HZ2/")).customers] == ["C0002"]


@pytest.mark.spec("N5.1", "N2.2")
def test_the_board_is_provisional_while_the_bank_s_data_are_incomplete(matched: World, rpc: Rpc) -> None:
    matched.vault.balance = "52000.00"
    matched.run("bank")
    assert not board(matched, rpc).provenance.provisional
    matched.vault.statements[3] = statement(3, [Line("0003", "5.00")], opening="52007.00")
    matched.run("bank")
    told = board(matched, rpc).provenance
    assert (told.provisional, told.definition) == (True, "three-way-1")
    assert told.note.startswith("provisional, bank data")
    assert thread(matched, rpc).provenance == told


@pytest.mark.spec("N5.1")
def test_a_mark_outlives_a_job_that_dies(matched: World) -> None:
    app: App = matched.service.app
    assert len(matched.rows(board_mark)) > 0
    version, policy = app.three_way()
    with pytest.raises(AttributeError):
        refresh_board(app.uow, None, version)  # type: ignore[arg-type]
    assert matched.rows(board_row) == []
    assert refresh_board(app.uow, policy, version) > 0
    assert (len(matched.rows(board_row)), matched.rows(board_mark)) == (1, [])
    assert refresh_board(app.uow, policy, version) == 0


@pytest.mark.spec("N5.1")
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(HAPPENINGS, max_size=8))
def test_the_board_is_what_the_documents_say_whatever_happened(
    staffed: World, rpc: Rpc, told: list[tuple[int, str, int]]
) -> None:
    """Judged step by step, or all at once from the documents: the same rows."""
    for number, kind, factor in told:
        contract, amount = f"HT-100{number}", f"{factor * 1000}.00"
        if kind == "order":
            staffed.sell(order(contract.replace("HT", "SO"), ContractNo=contract, TotalAmount=amount))
        elif kind == "due":
            staffed.owe(due(contract, Amount=amount))
        elif kind == "goods":
            deliver(staffed, delivery(f"D-{number}", **of(contract), Amount=amount))
        else:
            bill(staffed, invoice(f"F-{number}", **of(contract), Amount=amount))
        judged(staffed)
    step_by_step = staffed.rows(board_row)
    with staffed.service.uow.begin(as_service("integration")) as tx:
        tx.execute(board_row.delete())
        tx.execute(board_mark.insert(), [{"thread": f"HT-100{number}"} for number in range(1, 4)])
        tx.commit()
    judged(staffed)
    assert staffed.rows(board_row) == step_by_step
