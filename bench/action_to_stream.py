"""How soon an action is on another person's live stream (P1.2), and how soon an order has its slip (I2.1).

`python -m bench.action_to_stream`: 200 reps, each with an open stream. Headquarters takes leads in by REST at 5/s, 100
of them; each is assigned, told by leads to the broker, made a notice by integration, read by the gateway and written to
its owner's stream. Timed from the intended start of the request to the first byte of the event at the rep's socket. 10
leads warm up. Then orders reach integration's outbox at 100/s, 300 of them, under one rule without caps, and a look
each 20 ms says which slips are committed. All share the two cores, the load generator and the 200 listeners too.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import Any

from google.protobuf.json_format import MessageToDict
from sqlalchemy import text

from bench.captures import Captures
from bench.listeners import Listeners
from bench.load import Taken, open_loop
from bench.orders import Orders
from bench.people import HQ, hire, rep
from bench.report import figure, machine, options, say
from bench.rest import Person
from bench.stand import Stand, open_stand
from tests.faults.programs import wait_for

ACTIONS_RATE, ORDERS_RATE = 5, 100
LOOK = 0.02
PATIENCE = 60.0


@dataclass(frozen=True)
class Size:
    people: int
    actions: int
    orders: int


FULL, QUICK = Size(200, 100, 300), Size(20, 5, 20)


def streams(stand: Stand, size: Size) -> None:
    acting = Person(stand, HQ)
    tokens = [_token(stand, rep(number)) for number in range(size.people)]
    listeners = Listeners(stand, tokens)
    try:
        _act(stand, acting, listeners, Captures(1), 10, "warm-up")
        work = stand.work()
        taken = _act(stand, acting, listeners, Captures(2), size.actions, "")
        figure(f"action → another person's stream, {size.people} connected, {ACTIONS_RATE}/s", str(taken),
               "p50 < 300 ms, p99 < 1 s")  # fmt: skip
        say(f"  {work.per(size.actions)}")
    finally:
        listeners.close()
        acting.close()


def _act(stand: Stand, acting: Person, listeners: Listeners, leads: Captures, count: int, name: str) -> Taken:
    """Seconds from the intended start of each to its first sight."""
    began: dict[str, float] = {}
    start, lock = time.perf_counter(), Lock()

    def act(number: int) -> None:
        request: dict[str, Any] = MessageToDict(leads.request(number))
        key = str(request.pop("requestId"))
        with lock:  # one connection
            lead = acting.post("/api/v1/leads", request, key)["lead"]
        began[lead["leadId"]] = start + number / ACTIONS_RATE

    asked = open_loop(act, ACTIONS_RATE, count / ACTIONS_RATE)
    assert not asked.errors, asked.errors
    if not name:
        say(f"  of that, until the request was answered: {asked}")
    give_up = time.perf_counter() + PATIENCE
    while not began.keys() <= listeners.first_seen.keys() and time.perf_counter() < give_up:
        time.sleep(LOOK)
    taken = Taken([listeners.first_seen[each] - at for each, at in began.items() if each in listeners.first_seen])
    taken.errors["not told in time"] = count - len(taken.seconds)
    return taken


def _token(stand: Stand, employee: str) -> str:
    person = Person(stand, employee)
    person.close()
    return person.token


def slips(stand: Stand, size: Size) -> None:
    orders = Orders(stand, size.people)
    try:
        orders.record(-1)
        wait_for(lambda: _slips(stand), PATIENCE, "the first slip")
        work = stand.work()
        began, seen = time.perf_counter(), _Seen(stand)
        sent = open_loop(orders.record, ORDERS_RATE, size.orders / ORDERS_RATE, workers=2)
        assert not sent.errors, sent.errors
        at = seen.until(size.orders + 1, PATIENCE)
        late = {each: began + each / ORDERS_RATE for each in range(size.orders)}
        taken = Taken([at[orders.number(each)] - since for each, since in late.items() if orders.number(each) in at])
        taken.errors["no slip in time"] = size.orders - len(taken.seconds)
        figure(f"order event → slip, {ORDERS_RATE}/s", str(taken), "p99 < 2 s")
        say(f"  {work.per(size.orders)}")
    finally:
        orders.close()


class _Seen:
    """Looks every 20 ms which slips are there."""

    def __init__(self, stand: Stand) -> None:
        self._stand = stand
        self._at: dict[str, float] = {}
        self._stop = Event()
        self._thread = Thread(target=self._look, daemon=True)
        self._thread.start()

    def until(self, slips: int, seconds: float) -> dict[str, float]:
        """When each was first seen, once so many are or the time is over."""
        give_up = time.perf_counter() + seconds
        while len(self._at) < slips and time.perf_counter() < give_up:
            time.sleep(LOOK)
        self._stop.set()
        self._thread.join()
        return self._at

    def _look(self) -> None:
        while not self._stop.wait(LOOK):
            for each in _slips(self._stand):
                self._at.setdefault(each, time.perf_counter())


def _slips(stand: Stand) -> list[str]:
    """Order numbers that have one."""
    with stand.databases["incentives"].connect() as connection:
        return [str(each) for each in connection.execute(text("SELECT order_id FROM slip")).scalars()]


def main() -> int:
    asked = options(__doc__ or "")
    size = QUICK if asked.quick else FULL
    machine()
    with open_stand() as stand:
        stand.start("integration", "leads", "incentives", gateway=True)
        hire(stand, size.people)
        streams(stand, size)
        slips(stand, size)
    return 0


if __name__ == "__main__":
    sys.exit(main())
