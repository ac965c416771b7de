"""Senders without end, without hurry and without number against one gateway: refused or bounded, memory measured."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import pytest

from gateway.server import allow_many_connections
from tests.faults.gateway.system import Replica, System
from tests.faults.gateway.test_stream import tell
from tests.faults.programs import wait_for
from tests.faults.scale import IS_FULL, scaled

MB = 1 << 20
CONNECTIONS = scaled(10_000, least=200)
UPLOAD = 1024 * MB if IS_FULL else 64 * MB
UPLOAD_LIMIT = 100 * MB if IS_FULL else 16 * MB
STREAMS_LIMIT = CONNECTIONS // 2
TIMEOUT = 5 if IS_FULL else 2
HEADER_LIMIT = 32 << 10
# Whoever behaves is still served, however many don't.
PATIENCE = 60.0 if IS_FULL else 15.0
# By when the last of those that trickle is given up.
LATEST = 3 * TIMEOUT + PATIENCE
# Seconds, as the door asks of whoever it sends away.
RETRY_AFTER = 1
PERSON, BYSTANDER = "E80001", "E80002"


@dataclass
class Wire:
    """One connection to the door."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def told(self, until: bytes = b"") -> bytes:
        """All until the door hangs up, or until it has said this."""
        found = b""
        try:
            while not (until and until in found) and (piece := await self.reader.read(65536)):
                found += piece
        except ConnectionError:
            pass
        return found

    def close(self) -> None:
        self.writer.transport.abort()


async def wire(replica: Replica) -> Wire:
    return Wire(*await asyncio.open_connection("127.0.0.1", replica.port))


def head(method: str, path: str, token: str = "", *lines: str) -> bytes:
    known = [f"authorization: Bearer {token}"] if token else []
    return "\r\n".join([f"{method} {path} HTTP/1.1", "host: x", *known, *lines, "", ""]).encode()


def status(told: bytes) -> int:
    """0 when no word came through: a sender who goes on after the line has ended loses what was said before."""
    return int(told.split()[1]) if told.startswith(b"HTTP/") else 0


def megabytes(replica: Replica) -> float:
    """Resident memory of the gateway's process."""
    found = subprocess.run(["ps", "-o", "rss=", "-p", str(replica.program.pid)], capture_output=True, check=True)
    return int(found.stdout) / 1024


class Gauge:
    """The most memory while something lasts, above what there was at its beginning; and how honest people fare."""

    def __init__(self, replica: Replica, token: str) -> None:
        self.replica = replica
        self._token = token
        self._before = megabytes(replica)
        self.most = self.longest = 0.0
        self.answers: Counter[int] = Counter()

    async def around(self, siege: Awaitable[None]) -> None:
        task = asyncio.ensure_future(siege)
        while not task.done():
            await self.look()
            await asyncio.wait([task], timeout=0.2)
        await task
        await self.look()

    async def look(self) -> None:
        began = time.monotonic()
        honest = await wire(self.replica)
        await honest.send(head("GET", "/api/v1/session", self._token, "connection: close"))
        self.answers[status(await honest.told())] += 1
        honest.close()
        self.longest = max(self.longest, time.monotonic() - began)
        self.most = max(self.most, await asyncio.to_thread(megabytes, self.replica) - self._before)

    def require_service(self) -> None:
        assert set(self.answers) == {200}
        assert self.longest < PATIENCE

    def __str__(self) -> str:
        return f"{self.most:.0f} MB more memory at most, others served in {self.longest:.2f} s at most"


@pytest.fixture(scope="module")
def door(system: System) -> Iterator[Replica]:
    allow_many_connections()
    system.employ(PERSON, BYSTANDER)
    replica = system.start_gateway(
        header_timeout=str(TIMEOUT),
        body_timeout=str(TIMEOUT),
        upload_limit=str(UPLOAD_LIMIT),
        streams_per_person=str(CONNECTIONS),
        streams_in_all=str(STREAMS_LIMIT),
    )
    replica.program.wait_until_ready()
    yield replica
    system.replicas.remove(replica)
    replica.program.end()


@pytest.fixture
def gauge(door: Replica) -> Gauge:
    return Gauge(door, door.token(BYSTANDER))


def besiege(gauge: Gauge, one: Callable[[int], Awaitable[None]], number: int = CONNECTIONS) -> None:
    async def all_at_once() -> None:
        await asyncio.gather(*[one(each) for each in range(number)])

    asyncio.run(gauge.around(all_at_once()))


@pytest.mark.timeout(900)
@pytest.mark.spec("P9.1")
def test_headers_and_bodies_that_trickle_in_are_given_up_and_others_are_served(door: Replica, gauge: Gauge) -> None:
    token = door.token(PERSON)
    announced = "content-type: application/json", "content-length: 1000"
    half_a_head = head("GET", "/api/v1/leads")[:-2] + b"x-slow: "
    answers: Counter[int] = Counter()
    took: list[float] = []

    async def trickle(number: int) -> None:
        slow = await wire(door)
        began = time.monotonic()
        await slow.send(half_a_head if number % 2 else head("POST", "/api/v1/plans", token, *announced))
        telling = asyncio.ensure_future(slow.told())
        while not telling.done() and time.monotonic() - began < LATEST:
            slow.writer.write(b" ")
            await asyncio.wait([telling], timeout=1)
        took.append(time.monotonic() - began)
        slow.close()
        answers[status(await telling)] += 1

    besiege(gauge, trickle)
    print(f"\n{CONNECTIONS} connections trickling, {TIMEOUT} s allowed: {dict(answers)}, "
          f"the last given up after {max(took):.1f} s; {gauge}")  # fmt: skip
    assert answers.total() == CONNECTIONS
    assert set(answers) <= {408, 0}
    assert max(took) < LATEST
    gauge.require_service()
    assert gauge.most < 30 + CONNECTIONS * 0.05


@pytest.mark.timeout(900)
@pytest.mark.spec("P9.1")
def test_headers_without_end_are_cut_off_at_their_limit(door: Replica, gauge: Gauge) -> None:
    answers: Counter[int] = Counter()
    sent: list[int] = []

    async def shout(number: int) -> None:
        loud = await wire(door)
        size = 0
        telling = asyncio.ensure_future(loud.told())
        loud.writer.write(head("GET", "/api/v1/leads")[:-2] + b"x-huge: ")
        while not telling.done() and size < 64 * MB:
            loud.writer.write(b"x" * 16384)
            size += 16384
            try:
                await loud.writer.drain()
            except ConnectionError:
                break
            await asyncio.sleep(0)
        answers[status(await telling)] += 1
        sent.append(size)
        loud.close()

    number = max(50, CONNECTIONS // 20)
    besiege(gauge, shout, number)
    print(f"\n{number} connections with headers without end: {dict(answers)}, "
          f"at most {max(sent) / MB:.1f} MB sent of 64; {gauge}")  # fmt: skip
    assert max(sent) < 8 * MB
    assert set(answers) <= {431, 408, 0}
    assert answers[431] > 0
    gauge.require_service()
    assert gauge.most < 60


@pytest.mark.timeout(900)
@pytest.mark.spec("P1.3", "P1.7", "P9.1")
@pytest.mark.parametrize("announced", [True, False])
def test_a_file_beyond_the_limit_is_refused_without_being_held(
    system: System, door: Replica, gauge: Gauge, announced: bool
) -> None:
    form = b'--b\r\ncontent-disposition: form-data; name="file"; filename="big.csv"\r\n\r\n'
    kind = "content-type: multipart/form-data; boundary=b"
    length = f"content-length: {UPLOAD}" if announced else "transfer-encoding: chunked"
    token, piece = door.token(PERSON), b"2026-03-10,EAST,US,U1,2,10.00\n" * 8192
    told: list[bytes] = []
    sent = [0]

    async def upload(_: int) -> None:
        big = await wire(door)
        telling = asyncio.ensure_future(big.told(until=b"BODY_TOO_LARGE"))
        await big.send(head("POST", "/api/v1/files", token, kind, length) + (form if announced else chunk(form)))
        while not telling.done() and sent[0] < UPLOAD:
            try:
                await big.send(piece if announced else chunk(piece))
            except ConnectionError:
                break
            sent[0] += len(piece)
        told.append(await telling)
        big.close()

    besiege(gauge, upload, 1)
    print(f"\n{UPLOAD // MB} MB {'announced' if announced else 'in chunks'}, {UPLOAD_LIMIT // MB} MB allowed: "
          f"{status(told[0])} after {sent[0] / MB:.0f} MB; {gauge}")  # fmt: skip
    assert status(told[0]) == 413
    assert b"BODY_TOO_LARGE" in told[0]
    assert sent[0] < (8 * MB if announced else UPLOAD_LIMIT + 8 * MB)
    assert gauge.most < 32
    gauge.require_service()
    assert not [each for each in (system.folder / "files").rglob("*") if each.is_file()]


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


@pytest.mark.timeout(1200)
@pytest.mark.spec("P1.2", "P1.3", "P9.1")
def test_more_streams_than_the_limit_are_refused_and_the_open_ones_are_told(
    system: System, door: Replica, gauge: Gauge
) -> None:
    token = door.token(PERSON)
    answers: Counter[int] = Counter()
    heard: list[float] = []
    later: Counter[int] = Counter()
    on_the_doorstep = asyncio.Semaphore(500)
    began = [0.0]

    async def listen(_: int) -> None:
        page, opening = await knock()
        answers[status(opening)] += 1
        if answers.total() == CONNECTIONS:
            began[0] = time.monotonic()
            await asyncio.to_thread(tell, system, [PERSON], [0])
        if status(opening) == 200:
            assert b"event: notification" in await page.told(until=b"event: notification")
            heard.append(time.monotonic() - began[0])
        page.close()

    async def knock() -> tuple[Wire, bytes]:
        """Until there is an answer for this stream: integration asks some of so many to come back later."""
        while True:
            async with on_the_doorstep:
                page = await wire(door)
                await page.send(head("GET", "/api/v1/stream", token))
                opening = await page.told(until=b"\r\n\r\n")
            if status(opening) not in (0, 200) and not opening.endswith(b"}"):
                opening += await page.told(until=b"}")
            if status(opening) == 200 or b"TOO_MANY_STREAMS" in opening:
                return page, opening
            page.close()
            later[status(opening)] += 1
            await asyncio.sleep(RETRY_AFTER)

    besiege(gauge, listen)
    refused = CONNECTIONS - STREAMS_LIMIT
    print(f"\n{CONNECTIONS} streams, {STREAMS_LIMIT} allowed: {dict(answers)}, {later.total()} times later, "
          f"all told within {max(heard):.2f} s; {gauge}")  # fmt: skip
    assert answers == {200: STREAMS_LIMIT, 429: refused}
    assert len(heard) == STREAMS_LIMIT
    assert set(later) <= {0, 429, 503, 504}
    gauge.require_service()
    assert gauge.most < 30 + STREAMS_LIMIT * 0.1
    wait_for(lambda: door.program.metric("closeloop_streams") == 0, what="the end of all streams")
