"""Orders, receivables, receipts and claims at the door: who sees what, what a person may claim, what is refused."""

from __future__ import annotations

from collections import Counter
from datetime import date
from threading import Thread

import pytest

from chassis.errors import CloseloopError, FailedPrecondition, InvalidInput, NotFound, PermissionDenied
from chassis.identity import Identity
from chassis.metrics import metrics
from chassis.testing.identity import as_hq, as_manager, as_rep, as_service
from chassis.testing.locks import until_blocked
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import collection_service_pb2 as pb
from closeloop.integration.v1 import collection_service_pb2_grpc as pb_grpc
from integration.claiming.book import load_book, load_candidates
from integration.claiming.claim_receipt import claim_receipt
from integration.claiming.count_waiting import count_waiting
from integration.claiming.decision_rules import decide
from integration.claiming.match_waiting import match_waiting
from integration.claiming.policy import ClaimingPolicy
from integration.claiming.ranking_rules import rank
from integration.claiming.record import Claiming, record_claims
from integration.claiming.rules import SPLIT, Arrived, Part
from integration.receipts import store as receipts
from integration.receivables import store as receivables
from integration.tables import bank_entry
from integration.tables import receivable as receivable_table
from services.integration.tests.conftest import World
from services.integration.tests.world import Line, order, receivable, statement

POLICY = ClaimingPolicy()
FINANCE = as_hq("E00800", "finance")


def collections(world: World, rpc: Rpc, who: Identity = FINANCE) -> pb_grpc.CollectionServiceStub:
    return pb_grpc.CollectionServiceStub(rpc(world.service, as_=who))


@pytest.fixture
def owed(staffed: World) -> World:
    """Two contracts of one payer with the same amount open, and the money that could be for either."""
    staffed.owe(receivable("AR-1"), receivable("AR-2", ContractNo="HT-2026-002", SalespersonId="E00002"))
    staffed.vault.balance = "52000.00"
    staffed.vault.statements = {1: statement(1, [Line("0001", "52000.00")])}
    assert staffed.run("bank").outcome == "ok"
    return staffed


def waiting(world: World, rpc: Rpc) -> pb.Receipt:
    stub = collections(world, rpc)
    [found] = stub.ListReceipts(pb.ListReceiptsRequest(states=[pb.RECEIPT_STATE_WAITING])).receipts
    return stub.GetReceipt(pb.GetReceiptRequest(receipt_id=found.receipt_id)).receipt


def claim(receipt: pb.Receipt, fen: int, receivable_id: str = "AR-1", request_id: str = "1") -> pb.ClaimReceiptRequest:
    part = pb.ClaimPart(receivable_id=receivable_id, amount={"fen": fen, "currency": "CNY"})
    return pb.ClaimReceiptRequest(request_id=request_id, receipt_id=receipt.receipt_id, parts=[part])


@pytest.mark.spec("N4.1")
def test_an_ambiguous_receipt_waits_with_ranked_candidates(owed: World, rpc: Rpc) -> None:
    found = waiting(owed, rpc)
    assert found.reason == "2 contracts of this payer have exactly this amount open"
    assert [(each.rank, each.receivable_id) for each in found.candidates] == [(1, "AR-1"), (2, "AR-2")]
    assert found.candidates[0].why == "known payer, same amount, due 5 days from the booking"
    assert found.candidates[0].why_zh == "已知付款人，金额相等，与到期日相差 5 天"


@pytest.mark.spec("P6.1")
def test_waiting_receipts_are_a_figure_until_they_are_claimed(owed: World, rpc: Rpc) -> None:
    def figure(state: str) -> float | None:
        count_waiting(owed.service.uow)
        return metrics.registry.get_sample_value("closeloop_receipts_waiting", {"state": state})

    assert (figure("waiting"), figure("partly_claimed")) == (1, 0)
    receipt = waiting(owed, rpc)
    collections(owed, rpc).ClaimReceipt(claim(receipt, 2_000_000))
    assert (figure("waiting"), figure("partly_claimed")) == (0, 1)


@pytest.mark.spec("N4.1")
def test_a_person_s_claim_counts_and_names_the_person(owed: World, rpc: Rpc) -> None:
    stub = collections(owed, rpc)
    done = stub.ClaimReceipt(claim(waiting(owed, rpc), 5_200_000, "AR-2")).receipt
    assert (done.state, done.reason) == (pb.RECEIPT_STATE_CLAIMED, "")
    assert [(each.method, each.claimed_by, each.contract_number) for each in done.claims] == [
        ("person", "E00800", "HT-2026-002")
    ]
    [told] = owed.events("integration.receipt_claimed")
    assert (told.message.salesperson_id, told.message.method) == ("E00002", "person")
    open_now = {
        each.receivable_id: each.open.fen for each in stub.ListReceivables(pb.ListReceivablesRequest()).receivables
    }
    assert open_now == {"AR-1": 5_200_000, "AR-2": 0}


@pytest.mark.spec("N4.1")
def test_a_claim_undone_waits_again_and_is_left_to_people(owed: World, rpc: Rpc) -> None:
    stub = collections(owed, rpc)
    done = stub.ClaimReceipt(claim(waiting(owed, rpc), 5_200_000)).receipt
    undone = stub.UndoClaim(
        pb.UndoClaimRequest(request_id="2", claim_id=done.claims[0].claim_id, reason="认错")
    ).receipt
    assert (undone.state, undone.claimed.fen, undone.claims[0].HasField("undone_at")) == (
        pb.RECEIPT_STATE_WAITING, 0, True,
    )  # fmt: skip
    [told] = owed.events("integration.receipt_unclaimed")
    assert (told.message.reason, told.message.actor) == ("认错", "E00800")
    owed.owe(receivable("AR-2", Version=2, Status="x", Amount="1.00", ContractNo="HT-2026-002"))
    assert waiting(owed, rpc).receipt_id == done.receipt_id
    with pytest.raises(FailedPrecondition) as twice:
        stub.UndoClaim(pb.UndoClaimRequest(request_id="3", claim_id=done.claims[0].claim_id, reason="再撤"))
    assert twice.value.reason == "CLAIM_ALREADY_UNDONE"


@pytest.mark.spec("N4.1")
@pytest.mark.parametrize(
    ("fen", "receivable_id", "reason"),
    [
        (5_200_001, "AR-1", "CLAIM_EXCEEDS_RECEIPT"),
        (100, "AR-404", "RECEIVABLE_NOT_FOUND"),
        (0, "AR-1", "INVALID_INPUT"),
        (-100, "AR-1", "INVALID_INPUT"),
    ],
)
def test_what_can_t_be_claimed_is_refused_and_nothing_changes(
    owed: World, rpc: Rpc, fen: int, receivable_id: str, reason: str
) -> None:
    with pytest.raises(CloseloopError) as refused:
        collections(owed, rpc).ClaimReceipt(claim(waiting(owed, rpc), fen, receivable_id))
    assert refused.value.reason == reason
    assert waiting(owed, rpc).claimed.fen == 0


@pytest.mark.spec("N4.1")
def test_more_than_a_receivable_has_open_is_refused_in_both_languages(owed: World, rpc: Rpc) -> None:
    fewer = [receivable(name, Version=2, Amount="100.00") for name in ("AR-1", "AR-2")]
    owed.owe(*fewer)
    with pytest.raises(FailedPrecondition) as refused:
        collections(owed, rpc).ClaimReceipt(claim(waiting(owed, rpc), 10_001))
    assert refused.value.text_en == "Receivable AR-1 has 100.00 CNY open, 100.01 CNY were asked for."
    assert refused.value.text_zh == "应收款 AR-1 未收 100.00 CNY，本次申请 100.01 CNY。"


@pytest.mark.spec("N4.1")
def test_two_people_claiming_at_once_claim_it_once(owed: World, rpc: Rpc) -> None:
    stub, receipt = collections(owed, rpc), waiting(owed, rpc)
    outcomes: list[str] = []

    def claim_it(number: int) -> None:
        try:
            stub.ClaimReceipt(claim(receipt, 5_200_000, f"AR-{number % 2 + 1}", str(number)))
            outcomes.append("claimed")
        except FailedPrecondition as refused:
            outcomes.append(refused.reason)

    threads = [Thread(target=claim_it, args=(number,)) for number in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(outcomes) == ["CLAIM_EXCEEDS_RECEIPT"] * 5 + ["claimed"]


@pytest.mark.spec("N4.1")
def test_a_person_teaches_the_payer_and_an_undo_forgets_it(staffed: World, rpc: Rpc) -> None:
    staffed.owe(receivable("AR-1", PayerNames=[]), receivable("AR-2", PayerNames=[], Amount="70.00"))
    lines = [Line("0001", "52000.00", payer="张三"), Line("0002", "70.00", payer="张三", booked_on="2026-03-11")]
    staffed.vault.statements = {1: statement(1, lines[:1])}
    staffed.run("bank")
    stub = collections(staffed, rpc)
    done = stub.ClaimReceipt(claim(waiting(staffed, rpc), 5_200_000)).receipt
    staffed.vault.statements[2] = statement(2, lines[1:], opening="52000.00")
    staffed.run("bank")
    assert [each.message.method for each in staffed.events("integration.receipt_claimed")] == [
        "person",
        "strong_payer_amount",
    ]
    stub.UndoClaim(pb.UndoClaimRequest(request_id="9", claim_id=done.claims[0].claim_id, reason="认错"))
    [known] = stub.ListReceivables(pb.ListReceivablesRequest(open_only=True)).receivables
    assert (known.receivable_id, list(known.known_payers)) == ("AR-1", [])


@pytest.mark.spec("N4.1")
def test_the_summary_counts_what_arrived_and_was_claimed(owed: World, rpc: Rpc) -> None:
    stub, asked = collections(owed, rpc), pb.GetCollectionSummaryRequest(month="2026-03")
    before = stub.GetCollectionSummary(asked)
    assert (before.arrived.fen, before.claimed.fen, before.waiting_receipts) == (5_200_000, 0, 1)
    assert not before.HasField("automatic_share")
    stub.ClaimReceipt(claim(waiting(owed, rpc), 5_000_000))
    after = stub.GetCollectionSummary(asked)
    assert (after.claimed.fen, after.waiting.fen, after.automatic_share) == (5_000_000, 200_000, 0.0)
    other = stub.GetCollectionSummary(pb.GetCollectionSummaryRequest(month="2026-12"))
    assert (other.arrived.fen, other.receipts) == (0, 0)


@pytest.mark.spec("N4.1")
def test_the_summary_adds_no_other_currency_and_nothing_waits_with_a_booking_of_nothing(owed: World, rpc: Rpc) -> None:
    nothing = Line("0002", "0.00")
    dollars = statement(3, [Line("0003", "7.00"), Line("0004", "9.00", remark="HT-USD-1")], opening="52000.00")
    owed.owe(receivable("AR-3", ContractNo="HT-USD-1", Amount="9.00", Currency="USD"))
    owed.vault.statements |= {2: statement(2, [nothing], opening="52000.00"), 3: dollars.replace("CNY", "USD")}
    assert owed.run("bank").outcome == "ok"
    assert owed.row(receivable_table, receivable_id="AR-3").claimed_fen == 900
    stub, asked = collections(owed, rpc), pb.GetCollectionSummaryRequest(month="2026-03")
    found = stub.GetCollectionSummary(asked)
    assert (found.arrived.fen, found.claimed.fen, found.receipts, found.waiting_receipts) == (5_200_000, 0, 2, 1)
    assert not found.HasField("automatic_share")


def test_only_finance_claims(owed: World, rpc: Rpc) -> None:
    receipt = waiting(owed, rpc)
    for who in (as_rep(), as_manager(), as_hq("E00700", "ops")):
        with pytest.raises(PermissionDenied):
            collections(owed, rpc, who).ClaimReceipt(claim(receipt, 1))
    with pytest.raises(PermissionDenied):
        collections(owed, rpc, as_rep()).ListReceipts(pb.ListReceiptsRequest())


def test_a_rep_sees_own_orders_a_manager_the_team_s_and_headquarters_all(staffed: World, rpc: Rpc) -> None:
    staffed.sell(order("SO-1"), order("SO-2", SalespersonId="E00002", SignedAt="2026-03-10T09:40:00+08:00"))

    def seen(who: Identity) -> list[str]:
        listed = collections(staffed, rpc, who).ListOrders(pb.ListOrdersRequest())
        return [each.order_id for each in listed.orders]

    assert seen(as_rep("E00001")) == ["SO-1"]
    assert seen(as_manager("E00100", "/HQ/EAST/HZ1/")) == ["SO-1"]
    assert seen(as_manager("E00200", "/HQ/EAST/HZ2/")) == ["SO-2"]
    assert seen(FINANCE) == ["SO-2", "SO-1"]
    with pytest.raises(NotFound):
        collections(staffed, rpc, as_rep("E00001")).GetOrder(pb.GetOrderRequest(order_id="SO-2"))
    told = collections(staffed, rpc).GetOrder(pb.GetOrderRequest(order_id="SO-2")).order
    assert (told.unit, told.amount.fen, told.lines[0].quantity) == ("/HQ/EAST/HZ2/", 5_200_000, "2")


def test_receivables_are_filtered_and_seen_by_level(owed: World, rpc: Rpc) -> None:
    def seen(who: Identity, **which: object) -> list[str]:
        listed = collections(owed, rpc, who).ListReceivables(pb.ListReceivablesRequest(**which))  # type: ignore[arg-type]
        return [each.receivable_id for each in listed.receivables]

    assert seen(FINANCE) == ["AR-1", "AR-2"]
    assert seen(FINANCE, contract_number="HT-2026-002") == ["AR-2"]
    assert seen(as_rep("E00001")) == ["AR-1"]


def test_pages_of_receipts_stay_in_order_while_more_arrive(staffed: World, rpc: Rpc) -> None:
    lines = [Line(f"{number:04}", "1.00", payer="陌生人") for number in range(5)]
    staffed.vault.statements = {1: statement(1, lines)}
    staffed.run("bank")
    stub = collections(staffed, rpc)
    first = stub.ListReceipts(pb.ListReceiptsRequest(page={"size": 2}))
    staffed.vault.statements[2] = statement(
        2, [Line("9999", "7.00", payer="陌生人", booked_on="2026-03-11")], opening="5.00"
    )
    staffed.run("bank")
    rest = stub.ListReceipts(pb.ListReceiptsRequest(page={"size": 50, "token": first.page.next_token}))
    assert len({each.serial for each in [*first.receipts, *rest.receipts]}) == 5
    assert rest.page.next_token == ""
    with pytest.raises(InvalidInput):
        stub.ListReceipts(pb.ListReceiptsRequest(page={"token": "made up"}))


def test_receipts_are_found_by_month_and_text(staffed: World, rpc: Rpc) -> None:
    lines = [Line("0001", "1.00", payer="甲"), Line("0002", "2.00", payer="乙", remark="100%", booked_on="2026-02-27")]
    staffed.vault.statements = {1: statement(1, lines)}
    staffed.run("bank")
    stub = collections(staffed, rpc)
    assert [each.payer_name for each in stub.ListReceipts(pb.ListReceiptsRequest(month="2026-02")).receipts] == ["乙"]
    assert [each.payer_name for each in stub.ListReceipts(pb.ListReceiptsRequest(text="0%")).receipts] == ["乙"]
    assert list(stub.ListReceipts(pb.ListReceiptsRequest(text="%9")).receipts) == []


OWED = [
    receivable("AR-1", ContractNo="HT-2026-001", CustomerCode="C1", CustomerName="杭州第一医院", PayerNames=["财政局"]),
    receivable("AR-2", ContractNo="HT-2026-002", CustomerCode="C1", CustomerName="杭州第一医院", Amount="70.00"),
    receivable("AR-3", ContractNo="沪销2026-001", CustomerCode="C2", CustomerName="上海学校", VirtualAccount="V1"),
    receivable("AR-4", ContractNo="HT-2026-004", CustomerCode="C3", CustomerName="广州诊所", PayerNames=["财政局"]),
    receivable("AR-5", ContractNo="HT-2026-005", CustomerCode="C4", CustomerName="北京中心", Amount="0.00"),
]
PAID = [
    Arrived(5_200_000, "CNY", date(2026, 3, 10), payer, account, remark)
    for payer in ("财政局", "杭州第一医院", "（杭州）第一医院", "路人", "")
    for account in ("6222", "V1")
    for remark in ("", "HT-2026-004", "ht2026005", "沪销2026-001 尾款", "HT-2026-001 HT-2026-002")
]


@pytest.mark.spec("N4.1")
def test_the_rules_decide_over_what_a_receipt_points_at_as_over_everything(world: World) -> None:
    """Each receipt alone, and all of them in one book: what is not pointed at never changes a decision."""
    world.owe(*OWED)
    with world.service.uow.read(as_hq()) as tx:
        everything = load_book(tx, PAID, POLICY)
        assert set(everything.due) == {"AR-1", "AR-2", "AR-3", "AR-4"}
        for paid in PAID:
            alone = load_book(tx, [paid], POLICY)
            assert decide(paid, alone, POLICY) == decide(paid, everything, POLICY), paid
            best = rank(paid, everything, POLICY)[:1]
            assert rank(paid, load_candidates(tx, paid, POLICY), POLICY)[:1] == best, paid


@pytest.mark.spec("N4.1")
def test_a_match_that_waits_for_a_person_sees_what_the_person_claimed(world: World) -> None:
    """Two receipts for one receivable: the person's claim is under way while the rules look for the other one's."""
    world.owe(receivable())
    lines = [Line("0001", "52000.00", payer="路人"), Line("0002", "52000.00", payer="路人甲")]
    world.vault.statements = {1: statement(1, lines)}
    world.run("bank")
    mine, other = (row.id for row in world.rows(bank_entry))
    with world.service.uow.begin(as_service("integration")) as tx:
        tx.execute(bank_entry.update().where(bank_entry.c.id == other).values(remark="HT-2026-001"))
        receipts.leave_to_people(tx, mine)
        tx.commit()
    matched: list[int] = []

    def match() -> None:
        with world.service.uow.begin(as_service("integration")) as tx:
            matched.append(match_waiting(tx, POLICY))
            tx.commit()

    with world.service.uow.begin(FINANCE) as tx:
        claim_receipt(tx, mine, [Part("AR-1", 5_200_000)], POLICY)
        thread = Thread(target=match)
        thread.start()
        until_blocked(world.service.uow.database)
        tx.commit()
    thread.join()
    assert matched == [0]
    assert world.row(receivable_table, receivable_id="AR-1").claimed_fen == 5_200_000


@pytest.mark.spec("N4.2")
def test_receipts_that_together_ask_for_more_than_is_open_wait_whatever_was_decided(staffed: World, rpc: Rpc) -> None:
    staffed.owe(receivable())
    staffed.vault.statements = {1: statement(1, [Line("0001", "40000.00", payer="甲"), Line("0002", "12000.01")])}
    staffed.run("bank")
    with staffed.service.uow.begin(as_service("integration")) as tx:
        rows, due = receipts.waiting(tx, 10), receivables.locked(tx, ["AR-1"])
        claimings = [Claiming(row, [Part("AR-1", row.amount_fen)], SPLIT, 1.0) for row in rows]
        assert record_claims(tx, claimings, due) == []
        tx.commit()
    assert staffed.row(receivable_table, receivable_id="AR-1").claimed_fen == 0
    listed = collections(staffed, rpc).ListReceipts(pb.ListReceiptsRequest()).receipts
    assert {(each.state, each.reason) for each in listed} == {
        (pb.RECEIPT_STATE_WAITING, "more than the receivable has open")
    }


@pytest.mark.spec("N4.2")
def test_what_one_batch_claimed_is_not_open_for_the_next_of_the_same_transaction(staffed: World) -> None:
    """The receivables were read before both."""
    staffed.owe(receivable())
    staffed.vault.statements = {1: statement(1, [Line("0001", "40000.00", payer="甲"), Line("0002", "12000.01")])}
    staffed.run("bank")
    with staffed.service.uow.begin(as_service("integration")) as tx:
        rows, due, taken = receipts.waiting(tx, 10), receivables.locked(tx, ["AR-1"]), Counter[str]()
        batches = [[Claiming(row, [Part("AR-1", row.amount_fen)], SPLIT, 1.0)] for row in rows]
        claimed = [len(record_claims(tx, batch, due, taken)) for batch in batches]
        tx.commit()
    assert claimed == [1, 0]
    first = rows[0].amount_fen
    assert staffed.row(receivable_table, receivable_id="AR-1").claimed_fen == first
    states = {row.amount_fen: (row.state, row.reason) for row in staffed.rows(bank_entry)}
    assert states.pop(first)[0] == "claimed"
    assert list(states.values()) == [("waiting", "more than the receivable has open")]


@pytest.mark.spec("N4.2")
def test_four_receipts_pay_two_equal_instalments_once_each(staffed: World) -> None:
    owed = {"Amount": "1000.00", "ContractNo": "HT-2026-001"}
    staffed.owe(receivable("AR-1", **owed), receivable("AR-2", **owed))
    lines = [Line(f"{at:04}", f"{yuan}.00") for at, yuan in enumerate((600, 400, 700, 300))]
    staffed.vault.statements = {1: statement(1, lines)}
    staffed.run("bank")
    assert [row.claimed_fen for row in staffed.rows(receivable_table)] == [100_000, 100_000]
