"""Labelled receipts through the door, the same transactions in three formats: counted once and claimed once."""

from __future__ import annotations

from collections import defaultdict
from itertools import permutations

import pytest

from chassis.testing.rpc import Rpc
from integration.claiming.rules import Part
from integration.tables import bank_entry, claim
from services.integration.tests.bank_samples import ccb_csv, mt940
from services.integration.tests.conftest import World
from services.integration.tests.labelled import figures, labelled
from services.integration.tests.test_bank_twins import Desk
from services.integration.tests.world import Line, receivable, statement
from tools.receipt_lab.books import Owed
from tools.receipt_lab.payments import MAIN_ACCOUNT, Payment

FORMATS = ("camt.053", "mt940", "csv")


def owed(each: Owed) -> dict[str, object]:
    return receivable(
        each.receivable_id, ContractNo=each.contract, CustomerCode=each.customer.code, CustomerName=each.customer.name,
        Amount=f"{each.fen // 100}.{each.fen % 100:02d}", DueOn=each.due_on.isoformat(),
        VirtualAccount=each.virtual_account or None, PayerNames=list(each.payers),
    )  # fmt: skip


def line(paid: Payment) -> Line:
    return Line(paid.id, f"{paid.fen // 100}.{paid.fen % 100:02d}", payer=paid.payer, remark=paid.remark)


def told(lines: list[Line]) -> dict[str, bytes]:
    return {
        "camt.053": statement(1, lines).encode(),
        "mt940": mt940(1, lines).encode(),
        "csv": ccb_csv(lines).encode("gb18030"),
    }


@pytest.mark.spec("N4.3", "N1.3")
@pytest.mark.parametrize("order", list(permutations(FORMATS))[::2])
def test_the_same_transactions_in_three_formats_are_claimed_once(
    world: World, rpc: Rpc, order: tuple[str, ...]
) -> None:
    made, every = labelled(310, 60)
    # Only camt.053 knows virtual accounts and reversals, and a draft counts later.
    plain = [each for each in every if each.credited == MAIN_ACCOUNT and not each.reversal and not each.matures_on][:60]
    world.owe(*(owed(each) for each in made.owed))
    files, desk = told([line(each) for each in plain]), Desk(world, rpc)
    assert [desk.hand_in(files[name]).records_new for name in order] == [len(plain), 0, 0]
    payments = {row.id: row.end_to_end_id.removeprefix("E2E-") for row in world.rows(bank_entry)}
    assert sorted(payments.values()) == sorted(each.id for each in plain)
    claimed: defaultdict[str, tuple[Part, ...]] = defaultdict(tuple)
    for row in world.rows(claim):
        claimed[payments[row.receipt_id]] += (Part(row.receivable_id, row.amount_fen, row.fee_fen),)
    found = figures(made, plain, claimed)
    assert found.wrong == []
    assert found.recall >= 0.90
    assert len(world.events("integration.receipt_claimed")) == len(world.rows(claim))
