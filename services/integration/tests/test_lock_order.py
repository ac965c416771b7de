"""Pages of the bank, matching and people lock the same receipts and receivables: in one order, nobody ends another.

Each test holds back both sides at one row, the person first, where two orders would close a circle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from chassis.kernel.ids import new_id
from chassis.testing.identity import as_service
from chassis.testing.locks import until_blocked
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import back_entry_service_pb2 as back_entry_pb
from closeloop.integration.v1 import collection_service_pb2 as pb
from integration.claiming.match_waiting import match_waiting
from integration.claiming.policy import ClaimingPolicy
from integration.receipts.books_store import have_books_alone, share_books
from integration.tables import back_entry, bank_entry, claim
from integration.tables import receivable as receivables
from services.integration.tests.back_entry_desk import DIRECTOR, SUPERVISOR
from services.integration.tests.back_entry_desk import Desk as Finance
from services.integration.tests.conftest import World
from services.integration.tests.test_bank_twins import Desk
from services.integration.tests.test_collections import collections
from services.integration.tests.test_replay import hand_in
from services.integration.tests.world import Line, receivable, statement

PAGE_END = "</BkToCstmrStmt></Document>"
FIRST, SECOND = Line("0001", "500.00", payer="甲公司"), Line("0002", "100.00", payer="乙公司")


def file_of(*lines: Line) -> bytes:
    """A statement for each of them, all in one file: they are kept in one transaction, one after the other."""
    statements = [statement(number, [line], opening=opening) for number, line, opening in numbered(lines)]
    head = statements[0].removesuffix(PAGE_END)
    more = [each[each.index("<Stmt>") :].removesuffix(PAGE_END) for each in statements[1:]]
    return "".join([head, *more, PAGE_END]).encode()


def numbered(lines: tuple[Line, ...]) -> Iterator[tuple[int, Line, str]]:
    opening = 0
    for number, line in enumerate(lines, 1):
        yield number, line, f"{opening}.00"
        opening += int(line.signed)


@contextmanager
def held_back(world: World, query: Any) -> Iterator[Callable[[int], None]]:
    """Others wait at these rows. Call it with how many shall wait before it goes on."""
    database = world.service.uow.database
    with database.connect() as gate:
        gate.execute(query.with_for_update())
        yield lambda count: until_blocked(database, count)
        gate.rollback()


def both(world: World, at: Any, person: Callable[[], object], machine: Callable[[], object]) -> None:
    """The person comes first; neither is refused."""
    with ThreadPoolExecutor(2) as pool:
        futures: list[Future[object]] = []
        with held_back(world, at) as until_waiting:
            for count, each in enumerate((person, machine), 1):
                futures.append(pool.submit(each))
                until_waiting(count)
        for each in futures:
            each.result(60)


def receipt_of(world: World, line: Line) -> str:
    return str(world.row(bank_entry, serial=line.serial).id)


def claimed(receipt_id: str, *parts: tuple[str, int]) -> pb.ClaimReceiptRequest:
    named = [pb.ClaimPart(receivable_id=id_, amount={"fen": fen, "currency": "CNY"}) for id_, fen in parts]
    return pb.ClaimReceiptRequest(request_id=f"{receipt_id} {len(parts)}", receipt_id=receipt_id, parts=named)


def standing(world: World) -> set[tuple[str, str, int]]:
    rows = world.rows(claim, undone_at=None)
    return {(str(row.receipt_id), row.receivable_id, row.amount_fen) for row in rows}


@pytest.mark.spec("N1.3", "N4.1")
def test_a_page_that_corrects_claimed_money_and_a_person_who_claims_let_each_other_through(
    staffed: World, rpc: Rpc
) -> None:
    staffed.owe(receivable(Amount="60000.00"))
    desk, stub = Desk(staffed, rpc), collections(staffed, rpc)
    desk.hand_in(file_of(FIRST, SECOND))
    first, second = receipt_of(staffed, FIRST), receipt_of(staffed, SECOND)
    stub.ClaimReceipt(claimed(first, ("AR-1", 50_000)))
    corrected = file_of(Line("0001", "400.00", payer="甲公司"), SECOND)
    both(
        staffed,
        select(bank_entry).where(bank_entry.c.id == second),
        lambda: stub.ClaimReceipt(claimed(second, ("AR-1", 10_000)), timeout=40),
        lambda: desk.hand_in(corrected),
    )
    assert standing(staffed) == {(second, "AR-1", 10_000)}
    assert [row.claimed_fen for row in staffed.rows(receivables)] == [10_000]
    assert staffed.row(bank_entry, id=first).amount_fen == 40_000


@pytest.mark.spec("N4.1")
def test_matching_in_batches_and_a_person_who_claims_what_rules_leave_to_people_let_each_other_through(
    staffed: World, rpc: Rpc
) -> None:
    staffed.owe(
        receivable("AR-1", ContractNo="HT-2026-001", Amount="500.00", PayerNames=[]),
        receivable("AR-2", ContractNo="HT-2026-002", Amount="900.00", PayerNames=[]),
    )
    desk, stub = Desk(staffed, rpc), collections(staffed, rpc)
    desk.hand_in(file_of(SECOND))
    mine = receipt_of(staffed, SECOND)
    [wrong] = stub.ClaimReceipt(claimed(mine, ("AR-2", 10_000))).receipt.claims
    stub.UndoClaim(pb.UndoClaimRequest(request_id="undo", claim_id=wrong.claim_id, reason="认错"))
    assert staffed.row(bank_entry, id=mine).left_to_people
    staffed.put(bank_entry, waiting("HT-2026-002", 9_000), waiting("HT-2026-001", 5_000))

    def match() -> None:
        with staffed.service.uow.begin(as_service("integration")) as tx:
            match_waiting(tx, ClaimingPolicy(), 1)
            tx.commit()

    both(
        staffed,
        select(receivables).where(receivables.c.receivable_id == "AR-1"),
        lambda: stub.ClaimReceipt(claimed(mine, ("AR-1", 4_000), ("AR-2", 6_000)), timeout=40),
        match,
    )
    assert {(mine, "AR-1", 4_000), (mine, "AR-2", 6_000)} <= standing(staffed)


@pytest.mark.spec("N4.1")
def test_receivables_by_hand_and_a_person_who_claims_one_of_them_let_each_other_through(
    staffed: World, rpc: Rpc
) -> None:
    staffed.owe(receivable(Amount="60000.00"))
    desk, stub = Desk(staffed, rpc), collections(staffed, rpc)
    desk.hand_in(file_of(SECOND))
    mine = receipt_of(staffed, SECOND)
    columns = "应收单号,合同号,客户编码,金额,到期日,付款单位,版本"
    both(
        staffed,
        select(bank_entry).where(bank_entry.c.id == mine),
        lambda: stub.ClaimReceipt(claimed(mine, ("AR-1", 10_000)), timeout=40),
        lambda: hand_in(staffed, f"{columns}\nAR-1,HT-2026-001,C0001,70000,20260315,,2\n", "erp_receivables"),
    )
    assert standing(staffed) == {(mine, "AR-1", 10_000)}
    assert [(row.amount_fen, row.claimed_fen) for row in staffed.rows(receivables)] == [(7_000_000, 10_000)]


@pytest.mark.spec("N4.1", "N4.2")
@pytest.mark.parametrize("command", ["claim", "undo", "refund"])
def test_a_person_waits_for_whoever_has_the_books_alone_and_holds_nothing_meanwhile(
    staffed: World, rpc: Rpc, command: str
) -> None:
    staffed.owe(receivable(Amount="60000.00"))
    stub, database = collections(staffed, rpc), staffed.service.uow.database
    Desk(staffed, rpc).hand_in(file_of(FIRST, SECOND))
    first = receipt_of(staffed, FIRST)
    [done] = stub.ClaimReceipt(claimed(first, ("AR-1", 50_000))).receipt.claims
    gone = waiting("退款", 10_000) | {"credit": False}
    staffed.put(bank_entry, gone)
    undoing = pb.UndoClaimRequest(request_id="undo", claim_id=done.claim_id, reason="认错")
    refunding = pb.RefundReceiptRequest(request_id="refund", receipt_id=first, refund_id=gone["id"])
    calls: dict[str, Callable[[], object]] = {
        "claim": lambda: stub.ClaimReceipt(claimed(receipt_of(staffed, SECOND), ("AR-1", 10_000)), timeout=40),
        "undo": lambda: stub.UndoClaim(undoing, timeout=40),
        "refund": lambda: stub.RefundReceipt(refunding, timeout=40),
    }
    with ThreadPoolExecutor(1) as pool, staffed.service.uow.begin(as_service("integration")) as page:
        have_books_alone(page)
        asked = pool.submit(calls[command])
        until_blocked(database, unless=asked.done)
        assert not asked.done()
        for each in (bank_entry, receivables, claim):
            free = select(func.count()).select_from(select(each).with_for_update(skip_locked=True).subquery())
            assert page.execute(free).scalar_one() == len(staffed.rows(each)), each.name
        page.commit()
        asked.result(30)


@pytest.mark.spec("N4.1", "N6.1")
def test_an_approval_waits_for_people_who_claim_before_it_locks_its_back_entry(staffed: World, rpc: Rpc) -> None:
    Desk(staffed, rpc).hand_in(file_of(FIRST))
    staffed.run("bank")
    desk, database = Finance(staffed, rpc), staffed.service.uow.database
    entry = desk.approve(desk.submit(desk.draft()), SUPERVISOR)
    with ThreadPoolExecutor(1) as pool, staffed.service.uow.begin(as_service("integration")) as person:
        share_books(person)
        approved = pool.submit(desk.approve, entry, DIRECTOR)
        until_blocked(database, unless=approved.done)
        assert not approved.done()
        free = select(back_entry.c.id).with_for_update(skip_locked=True)
        assert person.execute(free).scalars().all() == [entry.back_entry_id]
        person.commit()
        assert approved.result(30).state == back_entry_pb.BACK_ENTRY_STATE_POSTED


def waiting(remark: str, fen: int) -> dict[str, Any]:
    """A receipt that nobody has looked at."""
    id_ = new_id()
    return {
        "id": id_, "statement_id": new_id(), "bank": "B", "account": "6222", "serial": id_, "remark": remark,
        "booked_on": date(2026, 3, 10), "credit": True, "reversal": False, "amount_fen": fen, "content_hash": b"",
        "state": "waiting",
    }  # fmt: skip
