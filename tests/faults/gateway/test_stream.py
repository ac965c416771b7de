"""Live streams through kills of the gateways that carry them: what each page was told is counted against the inbox."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle

import httpx
import pytest
from sqlalchemy import select

from chassis.identity import of_service
from integration.duties.policy import DutiesPolicy
from integration.notifications.notify import notify
from integration.notifications.policy import NotificationsPolicy
from integration.notifications.rules import Notice
from integration.tables import notification
from tests.faults.gateway.page import Page
from tests.faults.gateway.system import Replica, System, moments
from tests.faults.programs import wait_for
from tests.faults.scale import scaled

SEED = 20260311
PEOPLE = [f"E5{number:04}" for number in range(20)]
# Each goes to everybody.
NOTICES = scaled(500, least=30)
KILLS = scaled(6, least=2)
ME = of_service("integration")


def tell(system: System, people: Sequence[str], numbers: Sequence[int]) -> None:
    """By the code that tells people of real events; integration's relay does the rest."""
    with system.uow.begin(ME) as tx:
        for number in numbers:
            values = {"company_name": f"临安电子{number}", "grade": "A", "assigned_at": tx.now, "lead_id": str(number)}
            notice = Notice("lead_assigned", f"n{number}", values, people=tuple(people))
            notify(tx, notice, DutiesPolicy(), NotificationsPolicy())
        tx.commit()


def inbox(system: System, person: str) -> list[int]:
    query = select(notification.c.id).where(notification.c.recipient_id == person).order_by(notification.c.id)
    with system.databases["integration"].connect() as connection:
        return list(connection.execute(query).scalars())


@contextmanager
def following(pages: Sequence[Page]) -> Iterator[None]:
    """All of them at once, in a thread of their own."""
    stop = threading.Event()

    async def follow() -> None:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(timeout=httpx.Timeout(60, read=None), limits=limits, trust_env=False) as client:
            tasks = [asyncio.create_task(each.follow(client)) for each in pages]
            await asyncio.to_thread(stop.wait)
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(follow()))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)


class Sleeper:
    """A page whose computer reads nothing more after the first words, until it is woken."""

    def __init__(self, replica: Replica, token: str) -> None:
        self._wire = socket.socket()
        # What fits into the buffers on the way is as good as read.
        self._wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self._wire.settimeout(30)
        self._wire.connect(("127.0.0.1", replica.port))
        head = f"GET /api/v1/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
        self._wire.sendall(head.encode())
        self._read = b""
        while b"event: ready" not in self._read:
            self._read += self._wire.recv(1024)

    def wake(self, page: Page) -> None:
        """It hears what was on the way, until the door's end of the line."""
        while piece := self._wire.recv(65536):
            self._read += piece
        self._wire.close()
        text = "".join(_chunks(self._read.partition(b"\r\n\r\n")[2]))
        event: dict[str, str] = {}
        for line in text.splitlines():
            event = page.hear(line, event)


def _chunks(body: bytes) -> Iterator[str]:
    """The whole pieces of a chunked body; the last may have been cut off."""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size or b"0", 16)
        if length == 0 or len(rest) < length:
            return
        yield rest[:length].decode()
        body = rest[length + 2 :]


@pytest.mark.timeout(600)
@pytest.mark.spec("P1.2")
def test_a_page_that_stops_reading_is_cut_off_and_misses_nothing(system: System) -> None:
    replica, person, quick_one = system.replicas[0], "E60001", "E60002"
    system.employ(person, quick_one)
    token = replica.token(person)
    cut = replica.program.metric("closeloop_streams_cut_total", reason="slow")
    quick = Page([replica.url], replica.token(quick_one))
    sleeper = Sleeper(replica, token)
    page = Page([replica.url], token)
    with following([quick]):
        wait_for(lambda: quick.is_open, what="the other page")
        number = 0
        while replica.program.metric("closeloop_streams_cut_total", reason="slow") == cut:
            assert number < 10_000, "nobody noticed that the page sleeps"
            tell(system, [person, quick_one], range(number, number + 100))
            number += 100
            wait_for(lambda told=number: len(quick.ids) == told, what="the other page's notifications")
        sleeper.wake(page)
    heard = len(page.ids)
    with following([page]):
        wait_for(lambda: len(page.ids) >= number, what="what it had missed")
    print(f"\n{number} notifications, {heard} of them read before the door cut the page off, {number - heard} after")
    assert (page.ids, page.resets) == (inbox(system, person), 0)
    assert (quick.ids, quick.lost) == (inbox(system, quick_one), 0)
    assert heard < number


@pytest.mark.timeout(1200)
@pytest.mark.spec("P1.2", "P7.1", "P7.3")
def test_pages_miss_nothing_and_hear_nothing_twice_while_gateways_are_killed(system: System) -> None:
    one, two = system.replicas
    system.employ(*PEOPLE)
    ways = [one.url, two.url], [two.url, one.url]
    pages = {person: [Page(way, one.token(person)) for way in ways] for person in PEOPLE}
    everybody = [page for each in pages.values() for page in each]
    killed_after = set(moments(SEED, KILLS - 1, NOTICES))
    # All pages are at the one that was not killed last.
    victims = cycle([two, one])
    with following(everybody):
        wait_for(lambda: all(page.is_open for page in everybody), what="all pages")
        # The first dies before anybody was told anything: where a page left off is known all the same.
        one.program.kill()
        tell(system, PEOPLE, [0])
        one.program.start().wait_until_ready()
        for number in range(1, NOTICES):
            tell(system, PEOPLE, [number])
            if number in killed_after:
                next(victims).restart()
        wait_for(lambda: all(len(page.ids) >= NOTICES for page in everybody), what="all notifications")
        told = {person: inbox(system, person) for person in PEOPLE}
    lost = sum(page.lost for page in everybody)
    print(f"\n{KILLS} kills, {lost} connections of {len(everybody)} pages lost, "
          f"{sum(len(page.ids) for page in everybody)} notifications told, none twice, none missed")  # fmt: skip
    assert all(len(each) == NOTICES for each in told.values())
    for person, opened in pages.items():
        assert [(page.ids, page.resets) for page in opened] == [(told[person], 0)] * len(ways)
    assert lost > len(everybody)
