"""Files larger than memory: streamed, kept in parts, begun anew after a crash.

CLOSELOOP_LARGE_FILE_MB sets the size of the generated statement; 1024 is the size the product promises.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import BinaryIO

import pytest
from sqlalchemy.exc import OperationalError

from chassis.files import FileStore
from chassis.testing.identity import as_hq
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import feed_service_pb2 as pb
from closeloop.integration.v1 import feed_service_pb2_grpc as pb_grpc
from integration.feeds import import_large_file
from integration.feeds.import_large_file import import_queued
from integration.jobs import App
from integration.receipts.policy import StatementsPolicy
from integration.receipts.statement_file import AT_ONCE, EXCERPT, BankFile, facts_of, pages_of
from integration.tables import bank_entry, feed_run
from services.integration.tests.conftest import World
from services.integration.tests.world import Line, statement

MEGABYTES = int(os.environ.get("CLOSELOOP_LARGE_FILE_MB", "8"))
# What reading may add to the memory of the process, whatever the size of the file.
ROOM_MB = 16
READ = """
import io, resource, sys
from datetime import date
from integration.receipts.documents import open_document
from integration.receipts.policy import StatementsPolicy
from services.integration.tests.test_large_files import Endless

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

kind, megabytes = sys.argv[1], int(sys.argv[2])
def read(size):
    document = open_document(Endless(kind, size), "big", StatementsPolicy(), date(2026, 3, 11))
    return sum(len(part.entries) for part in document.parts())
read(1 << 20)
before = peak()
entries = read(megabytes << 20)
print(entries, peak() - before)
"""


class Endless:
    """A generated statement as a seekable file that exists nowhere: head, the same entry again and again, end."""

    def __init__(self, kind: str, size: int) -> None:
        self.kind = kind
        head, entry, end = _pieces(kind)
        self.count = max(size // len(entry % 0), 1)
        self._head, self._entry, self._end = head, entry, end % self.count
        self._source: Iterator[bytes] = iter(())
        self._rest = b""
        self._at = 0
        self.size = len(head) + self.count * len(entry % 0) + len(self._end)

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == 2:
            return self.size
        assert offset == 0
        self._source, self._rest, self._at = self._pieces(), b"", 0
        return 0

    def read(self, size: int = -1) -> bytes:
        held = [self._rest]
        length = len(self._rest)
        while size < 0 or length < size:
            piece = next(self._source, b"")
            if not piece:
                break
            held.append(piece)
            length += len(piece)
        whole = b"".join(held)
        cut = len(whole) if size < 0 else size
        self._rest = whole[cut:]
        return whole[:cut]

    def _pieces(self) -> Iterator[bytes]:
        yield self._head
        for start in range(0, self.count, 500):
            yield b"".join(self._entry % number for number in range(start, min(start + 500, self.count)))
        yield self._end


def _pieces(kind: str) -> tuple[bytes, bytes, bytes]:
    """Amounts of 1.00; the end names the sum."""
    if kind == "mt940":
        return (
            b":20:BIG\r\n:25:6222\r\n:28C:7\r\n:60F:C260310CNY0,00\r\n",
            b":61:2603100310C1,00NTRFNONREF//R%09d\r\n:86:/EREF/E2E/NAME/PAYER/REMI/HT-2026-001\r\n",
            b":62F:C260310CNY%d,00\r\n-\r\n",
        )
    if kind == "csv":
        header = "账号,交易时间,借方发生额（支取）,贷方发生额（收入）,余额,币种,对方户名,对方账号,摘要,备注,"
        header += "账户明细编号-交易流水号,企业流水号\r\n"
        row = "6222,20260310 09:00:00,0.00,1.00,1.00,人民币,杭州市财政局,330501,货款,,%09d,E2E\r\n"
        return header.encode("gb18030"), row.encode("gb18030"), "合计,%d\r\n".encode("gb18030")
    whole = statement(7, [Line("SERIAL", "1.00", remark="HT-2026-001")], closing="0.00").encode()
    start, end = whole.index(b"<Ntry>"), whole.index(b"</Ntry>") + len(b"</Ntry>")
    entry = whole[start:end].replace(b"%", b"%%").replace(b"SERIAL", b"%09d", 1).replace(b"SERIAL", b"S")
    return whole[:start], entry, whole[end:] + b"<!-- %d -->"


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize("kind", ["camt.053", "mt940", "csv"])
def test_a_file_of_any_size_is_read_in_bounded_memory(kind: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", READ, kind, str(MEGABYTES)], check=True, capture_output=True, text=True
    )
    entries, grown = map(int, done.stdout.split())
    assert entries == Endless(kind, MEGABYTES << 20).count
    assert grown < ROOM_MB, f"{MEGABYTES} MB took {grown} MB"


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize(("size", "kept"), [(AT_ONCE, AT_ONCE), (AT_ONCE + 1, EXCERPT)])
def test_the_beginning_of_a_file_that_can_t_be_read_is_not_replayed_as_the_file(size: int, kept: int) -> None:
    [page] = pages_of(BytesIO(b"?" * size), BankFile("file"), StatementsPolicy(), datetime.now(UTC), "")
    facts = facts_of(page)
    assert facts is not None
    assert facts.refusal is not None
    assert (len(facts.refusal.raw.body), facts.refusal.alone) == (kept, size == kept)


def large(world: World, lines: int, monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[Line]]:
    """A file over the limit of what is kept while the caller waits, which is lowered for the test."""
    monkeypatch.setattr(import_large_file, "SMALL", 1000)
    monkeypatch.setattr("integration.receipts.statement_file.AT_ONCE", 1000)
    told = [Line(f"{number:06d}", "1.00", payer="甲") for number in range(lines)]
    store = FileStore(world.service.runtime.settings.files_url)
    return store.put([statement(1, told).encode()], "big.xml", 10**8).id, told


def hand_in(world: World, rpc: Rpc, file_id: str) -> pb.FeedRun:
    stub = pb_grpc.FeedServiceStub(rpc(world.service, as_=as_hq("E00800", "finance")))
    return stub.ImportStatement(pb.ImportStatementRequest(request_id="1", file_id=file_id)).run


def work(world: World) -> int:
    app: App = world.service.app
    return import_queued(app.uow, app.connectors, app.rule_of, app.files)


@pytest.mark.spec("N1.1", "N1.2")
def test_a_large_file_is_queued_and_kept_in_parts(world: World, rpc: Rpc, monkeypatch: pytest.MonkeyPatch) -> None:
    file_id, _ = large(world, 2500, monkeypatch)
    assert hand_in(world, rpc, file_id).outcome == "running"
    assert work(world) == 1
    [run] = world.rows(feed_run)
    assert (run.outcome, run.records_in, run.records_new) == ("ok", 2500, 2500)
    assert work(world) == 0
    assert world.feed("bank").holes == []


class Died(BaseException):
    """The worker, in the middle of a file."""


@pytest.mark.spec("N1.3")
def test_a_worker_that_dies_in_a_file_leaves_it_to_the_next(
    world: World, rpc: Rpc, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id, told = large(world, 2500, monkeypatch)
    hand_in(world, rpc, file_id)
    app: App = world.service.app
    bank = app.connectors["bank"]
    pages = bank.pages_of  # type: ignore[attr-defined]

    def dying(*args: object) -> Iterator[object]:
        yield from list(pages(*args))[:2]
        raise Died

    bank.pages_of = dying  # type: ignore[attr-defined]
    with pytest.raises(Died):
        work(world)
    assert len(world.rows(bank_entry)) == 2000
    bank.pages_of = pages  # type: ignore[attr-defined]
    work(world)
    [run] = world.rows(feed_run)
    assert (run.outcome, run.records_new, run.duplicates) == ("ok", 500, 2000)
    assert len(world.rows(bank_entry)) == len(told)


@pytest.mark.spec("N1.1", "N1.2")
def test_a_file_that_can_t_be_kept_fails_alone(world: World, rpc: Rpc, monkeypatch: pytest.MonkeyPatch) -> None:
    good, _ = large(world, 1500, monkeypatch)
    files = FileStore(world.service.runtime.settings.files_url)
    bad = files.put([b"poison" * 1000], "bad.xml", 10**8).id
    stub = pb_grpc.FeedServiceStub(rpc(world.service, as_=as_hq("E00800", "finance")))
    for number, file_id in enumerate([bad, good]):
        stub.ImportStatement(pb.ImportStatementRequest(request_id=str(number), file_id=file_id))
    app: App = world.service.app
    bank = app.connectors["bank"]
    pages = bank.pages_of  # type: ignore[attr-defined]

    def poisoned(content: BinaryIO, place: str, sha256: str, now: datetime) -> Iterator[object]:
        if content.read(6) == b"poison":
            raise IndexError("list index out of range")
        return iter(pages(content, place, sha256, now))

    bank.pages_of = poisoned  # type: ignore[attr-defined]
    assert work(world) == 2
    first, second = sorted(world.rows(feed_run), key=lambda row: row.id)
    assert (first.outcome, first.error_class) == ("failed", "internal")
    assert first.error == "the file can't be kept: IndexError"
    assert (second.outcome, second.records_new) == ("ok", 1500)
    assert work(world) == 0


@pytest.mark.spec("N1.1")
def test_trouble_of_the_database_leaves_the_file_waiting(
    world: World, rpc: Rpc, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id, _ = large(world, 1500, monkeypatch)
    hand_in(world, rpc, file_id)
    bank = world.service.app.connectors["bank"]
    pages = bank.pages_of

    def away(*args: object) -> Iterator[object]:
        raise OperationalError("SELECT 1", {}, Exception("connection refused"))

    bank.pages_of = away
    with pytest.raises(OperationalError):
        work(world)
    bank.pages_of = pages
    assert work(world) == 1
    assert [row.outcome for row in world.rows(feed_run)] == ["ok"]


@pytest.mark.spec("N1.2")
def test_a_large_file_that_is_cut_short_gives_nothing_and_says_why(
    world: World, rpc: Rpc, monkeypatch: pytest.MonkeyPatch
) -> None:
    large(world, 1, monkeypatch)
    whole = statement(1, [Line(f"{number:06d}", "1.00") for number in range(1500)]).encode()
    file_id = FileStore(world.service.runtime.settings.files_url).put([whole[:-100]], "cut.xml", 10**8).id
    hand_in(world, rpc, file_id)
    work(world)
    [run] = world.rows(feed_run)
    assert (run.outcome, run.error_class, run.rejected) == ("failed", "parse", 1)
    assert world.rows(bank_entry) == []


@pytest.mark.spec("N1.1")
def test_a_large_statement_is_pulled_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, told = large(world, 2500, monkeypatch)
    monkeypatch.setattr("integration.connectors.bank.AT_ONCE", 1000)
    world.vault.statements, world.vault.balance = {1: statement(1, told)}, "2500.00"
    run = world.run("bank")
    assert (run.outcome, run.records_new) == ("ok", 2500)
    assert (world.feed("bank").health, world.feed("bank").checkpoint) == ("healthy", '{"6222": 1}')
    world.clock.advance(timedelta(minutes=30))
    assert world.run("bank").records_in == 0
