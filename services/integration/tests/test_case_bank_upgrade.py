"""The books that disagree by 1.27 million, without the rest of the system: the bridge is what the oracle computes.

In both orders: what was entered by hand before the bank told of it, between the two approvals, and after.
"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.errors import FailedPrecondition
from chassis.testing.identity import as_hq
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import back_entry_service_pb2 as entries_pb
from closeloop.integration.v1 import bridge_service_pb2 as pb
from closeloop.integration.v1 import bridge_service_pb2_grpc as pb_grpc
from closeloop.integration.v1 import collection_service_pb2 as collections_pb
from closeloop.integration.v1 import collection_service_pb2_grpc as collections_grpc
from closeloop_cli.demo.bank_upgrade.company import LOST, write_story
from integration.tables import bank_entry
from services.integration.tests.back_entry_desk import DIRECTOR, SUPERVISOR, Desk
from services.integration.tests.conftest import World
from services.integration.tests.world import Line, instant, statement
from tools.oracle.bank_upgrade import expected

FINANCE = as_hq("E00800", "finance")
FEBRUARY = {"first_on": "2026-02-01", "last_on": "2026-02-28"}


class Books:
    """The story's files, told to the service by its own bank and ERP."""

    def __init__(self, folder: Path, world: World, rpc: Rpc) -> None:
        write_story(folder)
        self.folder, self.world, self.rpc = folder, world, rpc
        self.expected = expected(folder)
        told = self.read("history/bank_statements.json")["statements"]
        self.statements = told + self.read("story/after_upgrade.json")["statements"]

    def read(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text(encoding="utf-8"))

    def bank_tells(self, *numbers: int) -> None:
        """Each with the balances it has at the bank."""
        balance = Decimal(0)
        for each in self.statements:
            lines = [_line(entry) for entry in each["entries"]]
            if each["sequence"] in numbers:
                until = each["createdAt"]
                text = statement(each["sequence"], lines, opening=f"{balance:.2f}", until=until)
                self.world.vault.statements[each["sequence"]] = text
            balance += sum((line.signed for line in lines), Decimal(0))
        self.world.vault.balance = f"{balance:.2f}"
        self.world.vault.as_of = self.world.clock.now().isoformat()
        assert self.world.run("bank").outcome == "ok"

    def bridge(self, figure_id: str, as_of: str) -> pb.CompareFiguresResponse:
        stamp = Timestamp()
        stamp.FromJsonString(as_of)
        return pb_grpc.BridgeServiceStub(self.rpc(self.world.service, as_=FINANCE)).CompareFigures(
            pb.CompareFiguresRequest(
                period=FEBRUARY,
                a=pb.BridgeSide(figure=pb.FIGURE_OUTSIDE, outside_figure_id=figure_id),
                b=pb.BridgeSide(figure=pb.FIGURE_COLLECTED_BY_DUE, as_of=stamp),
            )
        )

    def enter_board(self) -> str:
        sheet = Desk(self.world, self.rpc).scan((self.folder / "story/finance.csv").read_bytes(), "finance.csv")
        asked = pb.EnterOutsideFigureRequest(
            request_id="board", name="BI", period=FEBRUARY, file_id=sheet, total={"fen": self.expected["finance"]}
        )
        stub = pb_grpc.BridgeServiceStub(self.rpc(self.world.service, as_=FINANCE))
        return str(stub.EnterOutsideFigure(asked).figure.figure_id)


def _line(entry: dict[str, Any]) -> Line:
    return Line(
        entry["serial"], entry["amount"], credit=entry["direction"] == "CRDT", payer=entry["payerName"],
        remark=entry["remark"], booked_on=entry["bookedOn"],
    )  # fmt: skip


def sums(told: pb.CompareFiguresResponse, what: str) -> dict[str, int]:
    found = {}
    for each in told.classes:
        name = pb.BridgeClass.Name(getattr(each, "class")).removeprefix("BRIDGE_CLASS_").lower()
        found[name] = each.difference.fen if what == "fen" else each.rows
    return {name: count for name, count in found.items() if count}


def check(told: pb.CompareFiguresResponse, must: dict[str, Any]) -> None:
    assert (told.a.total.fen, told.b.total.fen) == (must["finance"], must["sales"]) == (523_240_000, 396_240_000)
    assert sums(told, "fen") == must["classes"]
    assert sums(told, "rows") == must["rows"]
    assert (told.difference.fen, told.residual.fen) == (127_000_000, 0)


@pytest.mark.spec("N6.1", "N7.2", "N1.3", "N2.2")
def test_1_270_000_are_explained_before_and_after_the_bank_tells_again(
    staffed: World, rpc: Rpc, tmp_path: Path
) -> None:
    books = Books(tmp_path / "story", staffed, rpc)
    staffed.clock.set(instant("2026-02-09T17:30:00+08:00"))
    staffed.owe(*books.read("systems/erp/receivables.json"))
    books.bank_tells(1, 2)
    staffed.clock.set(instant("2026-02-10T09:10:00+08:00"))
    books.bank_tells(12)
    assert "statement 3–11 missing, 1,341,340.00 unaccounted for" in staffed.feed("bank").reason

    desk = Desk(staffed, rpc)
    staffed.clock.set(instant("2026-02-12T10:00:00+08:00"))
    waiting: list[entries_pb.BackEntry] = []
    for each in books.read("story/back_entries.json"):
        voucher = each["voucher"]
        first = desk.approve(
            desk.submitted(
                voucher["voucherNumber"], account="6222", booked_on=voucher["bookedOn"], remark=voucher["remark"],
                bank_serial=voucher["bankSerial"], amount={"fen": int(voucher["amount"]["fen"]), "currency": "CNY"},
                payer_name=voucher["payerName"],
            ),
            SUPERVISOR,
        )  # fmt: skip
        if each["posted"]:
            desk.approve(first, DIRECTOR)
        else:
            waiting.append(first)
    staffed.clock.set(instant("2026-02-17T18:00:00+08:00"))
    books.bank_tells(13)
    staffed.clock.set(instant("2026-02-18T09:00:00+08:00"))
    board = books.enter_board()
    check(books.bridge(board, "2026-02-18T01:00:00Z"), books.expected)

    staffed.clock.set(instant("2026-02-18T10:00:00+08:00"))
    books.bank_tells(*LOST)
    linked = [desk.approve(each, DIRECTOR) for each in waiting]
    assert all(each.HasField("confirmed_at") for each in linked)
    lost = [row for row in staffed.rows(bank_entry) if row.serial in books.expected["hidden"] and row.credit]
    assert len(lost) == 37
    assert {row.state for row in lost} == {"claimed"}
    assert {row.format for row in lost} == {"camt.053"}
    check(books.bridge(board, "2026-02-18T01:00:00Z"), books.expected)
    _one_definition(books, desk)


def _one_definition(books: Books, desk: Desk) -> None:
    """Everything is here: one figure for both, and no voucher for what the bank has told."""
    stub = collections_grpc.CollectionServiceStub(books.rpc(books.world.service, as_=FINANCE))
    told = stub.GetCollectionSummary(collections_pb.GetCollectionSummaryRequest(month="2026-02"))
    assert (told.claimed.fen, told.provenance.provisional) == (books.expected["collected"], False)
    last = max(books.expected["hidden"])
    row = books.world.row(bank_entry, serial=last, credit=True)
    with pytest.raises(FailedPrecondition) as late:
        desk.draft(
            "PZ-9999", bank_serial=last, booked_on=row.booked_on.isoformat(), payer_name=row.payer_name,
            amount={"fen": row.amount_fen, "currency": "CNY"},
        )  # fmt: skip
    assert late.value.reason == "ALREADY_TOLD_BY_BANK"
    assert row.booked_on >= date(2026, 2, 1)
