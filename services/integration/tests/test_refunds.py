"""Money that goes back to a customer takes back what it was claimed for (N4.2)."""

from __future__ import annotations

from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from chassis.errors import CloseloopError, PermissionDenied
from chassis.identity import Identity
from chassis.testing.identity import as_hq, as_rep, as_service
from chassis.testing.locks import until_blocked
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import collection_service_pb2 as pb
from closeloop.integration.v1 import collection_service_pb2_grpc as pb_grpc
from integration.claiming.claim_receipt import claim_receipt
from integration.claiming.match_waiting import match_waiting
from integration.claiming.policy import ClaimingPolicy
from integration.claiming.refund_receipt import refund_receipt
from integration.claiming.refund_rules import Standing, to_take_back
from integration.claiming.rules import Part
from integration.receipts import store as receipts
from integration.receipts.books_store import share_books
from integration.tables import bank_entry, feed
from integration.tables import receivable as receivable_table
from services.integration.tests.conftest import World
from services.integration.tests.world import Line, receivable, statement

FINANCE = as_hq("E00800", "finance")
PAYER = "杭州市财政局"


def collections(world: World, rpc: Rpc, who: Identity = FINANCE) -> pb_grpc.CollectionServiceStub:
    return pb_grpc.CollectionServiceStub(rpc(world.service, as_=who))


def book(world: World, *days: list[Line]) -> dict[str, str]:
    """One statement for each list; ids of entries by serial."""
    opening = 0.0
    for number, lines in enumerate(days, start=1):
        world.vault.statements[number] = statement(number, lines, opening=f"{opening:.2f}")
        opening += float(sum(each.signed for each in lines))
    assert world.run("bank").outcome == "ok"
    return {row.serial: row.id for row in world.rows(bank_entry)}


@pytest.fixture
def paid(staffed: World) -> World:
    staffed.owe(receivable("AR-1"), receivable("AR-2", ContractNo="HT-2026-002", Amount="1000.00"))
    return staffed


def open_now(world: World) -> list[int]:
    return [row.amount_fen - row.claimed_fen for row in world.rows(receivable_table)]


def told(world: World) -> list[tuple[str, int]]:
    kinds = ("integration.receipt_claimed", "integration.receipt_unclaimed")
    return [(each.type.split("_")[-1], each.message.amount.fen) for each in world.events() if each.type in kinds]


@pytest.mark.spec("N4.2")
def test_a_refund_of_a_whole_receipt_is_put_to_it_and_its_claim_taken_back(paid: World, rpc: Rpc) -> None:
    sold = [Line("0001", "52000.00", remark="HT-2026-001")]
    book(paid, sold)
    ids = book(paid, sold, [Line("0002", "52000.00", credit=False, remark="退款")])
    assert told(paid) == [("claimed", 5_200_000), ("unclaimed", 5_200_000)]
    assert open_now(paid) == [5_200_000, 100_000]
    receipt = collections(paid, rpc).GetReceipt(pb.GetReceiptRequest(receipt_id=ids["0001"])).receipt
    [refund] = [each for each in receipt.claims if not each.HasField("undone_at")]
    assert (refund.method, refund.receivable_id, receipt.state) == ("refund", ids["0002"], pb.RECEIPT_STATE_CLAIMED)
    summary = collections(paid, rpc).GetCollectionSummary(pb.GetCollectionSummaryRequest(month="2026-03"))
    assert (summary.arrived.fen, summary.claimed.fen) == (0, 0)


@pytest.mark.spec("N4.2")
def test_what_went_back_before_it_was_claimed_is_not_claimed(paid: World) -> None:
    sold = [Line("0001", "52000.00", remark="HT-2026-001")]
    book(paid, sold, [Line("0002", "52000.00", credit=False, remark="退款")])
    assert (told(paid), open_now(paid)) == ([], [5_200_000, 100_000])


@pytest.mark.spec("N4.2")
def test_a_partial_refund_is_a_person_s_and_leaves_the_rest_claimed(paid: World, rpc: Rpc) -> None:
    sold = [Line("0001", "52000.00", remark="HT-2026-001")]
    ids = book(paid, sold, [Line("0002", "2000.00", credit=False, remark="部分退款")])
    stub = collections(paid, rpc)
    [shown] = stub.ListRefunds(pb.ListRefundsRequest()).refunds
    assert (shown.refund_id, shown.amount.fen, list(shown.receipt_ids)) == (ids["0002"], 200_000, [ids["0001"]])
    asked = pb.RefundReceiptRequest(request_id="1", receipt_id=ids["0001"], refund_id=ids["0002"])
    receipt = stub.RefundReceipt(asked).receipt
    assert told(paid) == [("claimed", 5_200_000), ("unclaimed", 5_200_000), ("claimed", 5_000_000)]
    assert (receipt.state, open_now(paid)) == (pb.RECEIPT_STATE_CLAIMED, [200_000, 100_000])
    assert list(stub.ListRefunds(pb.ListRefundsRequest()).refunds) == []
    summary = stub.GetCollectionSummary(pb.GetCollectionSummaryRequest(month="2026-03"))
    assert (summary.arrived.fen, summary.claimed.fen, summary.automatic_share) == (5_000_000, 5_000_000, 1.0)
    assert stub.RefundReceipt(asked).receipt.receipt_id == ids["0001"]


@pytest.mark.spec("N4.2")
def test_a_refund_put_to_the_wrong_receipt_is_taken_back(paid: World, rpc: Rpc) -> None:
    ids = book(paid, [Line("0001", "52000.00", remark="HT-2026-001")],
               [Line("0002", "2000.00", credit=False, remark="退款")])  # fmt: skip
    stub = collections(paid, rpc)
    asked = pb.RefundReceiptRequest(request_id="1", receipt_id=ids["0001"], refund_id=ids["0002"])
    refund = next(each for each in stub.RefundReceipt(asked).receipt.claims if each.method == "refund")
    undone = stub.UndoClaim(pb.UndoClaimRequest(request_id="2", claim_id=refund.claim_id, reason="退错")).receipt
    assert (undone.state, undone.claimed.fen) == (pb.RECEIPT_STATE_PARTLY_CLAIMED, 5_000_000)
    assert [each.refund_id for each in stub.ListRefunds(pb.ListRefundsRequest()).refunds] == [ids["0002"]]


@pytest.mark.spec("N4.2")
def test_a_refund_that_a_person_took_back_is_not_put_to_its_receipt_again(paid: World, rpc: Rpc) -> None:
    days = [[Line("0001", "52000.00", remark="HT-2026-001")], [Line("0002", "52000.00", credit=False, remark="退款")]]
    ids = book(paid, *days)
    stub = collections(paid, rpc)
    [refund] = stub.GetReceipt(pb.GetReceiptRequest(receipt_id=ids["0001"])).receipt.claims
    stub.UndoClaim(pb.UndoClaimRequest(request_id="1", claim_id=refund.claim_id, reason="退的是别的款"))
    book(paid, *days, [Line("0003", "1.00", payer="路人")])
    assert stub.GetReceipt(pb.GetReceiptRequest(receipt_id=ids["0001"])).receipt.claimed.fen == 0
    assert [each.refund_id for each in stub.ListRefunds(pb.ListRefundsRequest()).refunds] == [ids["0002"]]
    with paid.service.uow.read(FINANCE) as tx:
        audited = tx.execute(text("SELECT why, entity_id FROM audit_row WHERE action = 'receipt.unrefund'")).one()
    assert tuple(audited) == ("退的是别的款", ids["0001"])


@pytest.mark.spec("N4.2")
@pytest.mark.parametrize(
    ("corrected", "open_refunds", "state"),
    [
        (Line("0002", "500.00", credit=False, remark="退款"), ["0002"], "none"),
        (Line("0002", "52000.00", payer="路人", remark="退款"), [], "waiting"),
    ],
)
def test_a_refund_that_the_bank_corrects_gives_its_receipt_back(
    paid: World, rpc: Rpc, corrected: Line, open_refunds: list[str], state: str
) -> None:
    sold = [Line("0001", "52000.00", remark="HT-2026-001")]
    book(paid, sold)
    ids = book(paid, sold, [Line("0002", "52000.00", credit=False, remark="退款")])
    assert open_now(paid) == [5_200_000, 100_000]
    with paid.service.uow.begin(as_service("integration")) as tx:
        tx.execute(feed.update().values(checkpoint=""))
        tx.commit()
    book(paid, sold, [corrected])
    assert open_now(paid) == [0, 100_000]
    assert told(paid) == [("claimed", 5_200_000), ("unclaimed", 5_200_000), ("claimed", 5_200_000)]
    listed = collections(paid, rpc).ListRefunds(pb.ListRefundsRequest()).refunds
    assert [each.refund_id for each in listed] == [ids[each] for each in open_refunds]
    refund = paid.row(bank_entry, id=ids["0002"])
    assert (refund.state, refund.claimed_fen) == (state, 0)


@pytest.mark.spec("N4.2")
def test_what_a_partial_refund_leaves_is_claimed_with_the_bank_s_fee(paid: World, rpc: Rpc) -> None:
    ids = book(paid, [Line("0001", "51960.00", remark="HT-2026-001")])
    assert open_now(paid) == [0, 100_000]
    ids = book(paid, [Line("0001", "51960.00", remark="HT-2026-001")],
               [Line("0002", "2000.00", credit=False, remark="部分退款")])  # fmt: skip
    asked = pb.RefundReceiptRequest(request_id="1", receipt_id=ids["0001"], refund_id=ids["0002"])
    receipt = collections(paid, rpc).RefundReceipt(asked).receipt
    assert (receipt.state, open_now(paid)) == (pb.RECEIPT_STATE_CLAIMED, [200_000, 100_000])


@pytest.mark.spec("N4.2")
def test_a_refund_that_a_person_is_just_putting_to_its_receipt_stops_no_run(paid: World) -> None:
    sold = [Line("0001", "52000.00", remark="HT-2026-001")]
    book(paid, sold)
    ids = book(paid, sold, [Line("0002", "52000.00", credit=False, remark="转账")])
    with paid.service.uow.begin(as_service("integration")) as tx:
        tx.execute(bank_entry.update().where(bank_entry.c.id == ids["0002"]).values(remark="退款"))
        tx.commit()
    matched: list[int] = []

    def match() -> None:
        with paid.service.uow.begin(as_service("integration")) as tx:
            matched.append(match_waiting(tx, ClaimingPolicy()))
            tx.commit()

    with paid.service.uow.begin(FINANCE) as tx:
        refund_receipt(tx, ids["0001"], ids["0002"])
        thread = Thread(target=match)
        thread.start()
        until_blocked(paid.service.uow.database)
        tx.commit()
    thread.join()
    assert matched == [0]
    assert told(paid) == [("claimed", 5_200_000), ("unclaimed", 5_200_000)]


@pytest.mark.spec("N4.2")
def test_a_person_claiming_another_receipt_for_the_same_contract_and_a_refund_do_not_wait_for_each_other(
    paid: World,
) -> None:
    sold = [Line("0001", "40000.00", remark="HT-2026-001"), Line("0003", "70.00", payer="路人")]
    book(paid, sold)
    ids = book(paid, sold, [Line("0002", "40000.00", credit=False, remark="转账")])
    with paid.service.uow.begin(as_service("integration")) as tx:
        tx.execute(bank_entry.update().where(bank_entry.c.id == ids["0002"]).values(remark="退款"))
        tx.commit()

    def match() -> None:
        with paid.service.uow.begin(as_service("integration")) as tx:
            match_waiting(tx, ClaimingPolicy())
            tx.commit()

    with paid.service.uow.begin(FINANCE) as tx:
        share_books(tx)
        receipts.locked_receipt(tx, ids["0003"])
        thread = Thread(target=match)
        thread.start()
        until_blocked(paid.service.uow.database)
        claim_receipt(tx, ids["0003"], [Part("AR-1", 7_000)], ClaimingPolicy())
        tx.commit()
    thread.join()
    assert open_now(paid) == [5_193_000, 100_000]


@pytest.mark.spec("N4.2")
def test_a_statement_and_a_matching_under_way_do_not_wait_for_each_other(paid: World) -> None:
    sold = [Line("0001", "70.00", payer="路人")]
    book(paid, sold)
    with paid.service.uow.begin(as_service("integration")) as tx:
        tx.execute(feed.update().values(checkpoint=""))
        tx.commit()
    thread = Thread(target=book, args=(paid, [Line("0001", "71.00", payer="路人")]))
    with paid.service.uow.begin(as_service("integration")) as tx:
        match_waiting(tx, ClaimingPolicy())
        thread.start()
        until_blocked(paid.service.uow.database)
        receipts.accounts(tx)
        tx.commit()
    thread.join()
    assert [row.amount_fen for row in paid.rows(bank_entry)] == [7_100]


@pytest.mark.spec("N4.2")
def test_two_receipts_that_a_refund_may_give_back_are_a_person_s_decision(paid: World, rpc: Rpc) -> None:
    ids = book(paid, [Line("0001", "700.00"), Line("0002", "700.00")],
               [Line("0003", "700.00", credit=False, remark="退货款")])  # fmt: skip
    [shown] = collections(paid, rpc).ListRefunds(pb.ListRefundsRequest()).refunds
    assert set(shown.receipt_ids) == {ids["0001"], ids["0002"]}


@pytest.mark.spec("N4.2")
@pytest.mark.parametrize(
    ("receipt", "refund", "reason"),
    [
        ("0001", "0003", "REFUND_EXCEEDS_RECEIPT"),
        ("0001", "0001", "REFUND_NOT_FOUND"),
        ("0003", "0003", "RECEIPT_NOT_FOUND"),
    ],
)
def test_what_is_no_refund_of_a_receipt_is_refused(
    paid: World, rpc: Rpc, receipt: str, refund: str, reason: str
) -> None:
    ids = book(
        paid, [Line("0001", "700.00", payer="甲")], [Line("0003", "700.01", credit=False, remark="退款", payer="甲")]
    )
    asked = pb.RefundReceiptRequest(request_id="1", receipt_id=ids[receipt], refund_id=ids[refund])
    with pytest.raises(CloseloopError) as refused:
        collections(paid, rpc).RefundReceipt(asked)
    assert refused.value.reason == reason


@pytest.mark.spec("N4.2")
def test_a_refund_is_used_once_and_by_finance(paid: World, rpc: Rpc) -> None:
    ids = book(paid, [Line("0001", "52000.00", remark="HT-2026-001"), Line("0004", "900.00", payer="乙")],
               [Line("0002", "500.00", credit=False, remark="退款")])  # fmt: skip
    asked = pb.RefundReceiptRequest(request_id="1", receipt_id=ids["0001"], refund_id=ids["0002"])
    with pytest.raises(PermissionDenied):
        collections(paid, rpc, as_rep()).RefundReceipt(asked)
    collections(paid, rpc).RefundReceipt(asked)
    again = pb.RefundReceiptRequest(request_id="2", receipt_id=ids["0004"], refund_id=ids["0002"])
    with pytest.raises(CloseloopError) as refused:
        collections(paid, rpc).RefundReceipt(again)
    assert refused.value.reason == "REFUND_ALREADY_USED"


@pytest.mark.spec("N4.2")
@given(st.lists(st.integers(1, 50), max_size=8), st.integers(1, 200))
def test_what_is_taken_back_is_the_excess_to_the_fen(claims: list[int], excess: int) -> None:
    standing = [Standing(f"C{at}", fen) for at, fen in enumerate(claims)]
    taken, stays = to_take_back(standing, excess)
    back = sum(each.fen for each in standing if each.claim_id in taken) - (stays.fen if stays else 0)
    assert back == min(excess, sum(claims))
    assert taken == [each.claim_id for each in standing[: len(taken)]]
    assert stays is None or 0 < stays.fen < next(each.fen for each in standing if each.claim_id == stays.claim_id)
