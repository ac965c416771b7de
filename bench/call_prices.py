"""What each operation of the mixed load costs each process, in CPU milliseconds (P8.1).

`python -m bench.call_prices [--calls 60]`: the same system and people as `bench.mixed_load`, one call after the other,
so that nothing waits for anything; then 2 s for what a write sets off in the neighbours. What the processes cost while
nobody calls is measured before and taken off. The sum by share is what a call of the mixed load costs beside idling.
"""

from __future__ import annotations

import random
import sys
import time
from collections import defaultdict
from collections.abc import Mapping

from bench.cpu import LOAD
from bench.mixed_load import MIX, OWN_LEADS, Size, User, prepare
from bench.people import rep
from bench.report import machine, options, say
from bench.rest import Person
from bench.stand import SERVICES, Stand, open_stand

CALLS, PEOPLE, WARM_UP, SETTLES = 60, 20, 10, 2.0
Prices = dict[str, float]


def prices(stand: Stand, calls: int, reps: int, idle: Mapping[str, float]) -> None:
    people = [User(Person(stand, rep(n)), n, random.Random(n), reps) for n in range(min(PEOPLE, reps))]
    whole: Prices = defaultdict(float)
    for name, (share, do) in MIX.items():
        for number in range(WARM_UP):
            do(people[number % len(people)])
        time.sleep(SETTLES)
        work, began = stand.work(), time.monotonic()
        for number in range(calls):
            do(people[number % len(people)])
        asked = time.monotonic() - began
        time.sleep(SETTLES if name.startswith("write") else 0.0)
        wall = time.monotonic() - began
        each = {who: max(0.0, s - idle[who] * wall) * 1000 / calls for who, s in work.seconds().items() if who != LOAD}
        for who, price in each.items():
            whole[who] += price * share / 100
        say(f"  {name}: {asked * 1000 / calls:.1f} ms by the clock; CPU ms {shown(each)}")
    say(f"a call of the mixed load beside idle loops: CPU ms {shown(whole)}")
    for user in people:
        user.person.close()


def idling(stand: Stand, seconds: float) -> Prices:
    """Cores of each process while nobody calls."""
    work = stand.work()
    time.sleep(seconds)
    return {who: spent / seconds for who, spent in work.seconds().items()}


def shown(each: Mapping[str, float]) -> str:
    busiest = sorted(each.items(), key=lambda pair: -pair[1])
    return (
        f"{sum(each.values()):.2f} (" + ", ".join(f"{who} {price:.2f}" for who, price in busiest if price >= 0.05) + ")"
    )


def main() -> int:
    asked = options(__doc__ or "", calls="of each operation")
    calls, reps = int(asked.calls or CALLS), 1_000
    if asked.quick:
        calls, reps = 5, 20
    machine()
    with open_stand() as stand:
        stand.start(*SERVICES, gateway=True)
        prepare(stand, Size(1, 0.0, reps, reps * OWN_LEADS))
        prices(stand, calls, reps, idling(stand, 1.0 if asked.quick else 8.0))
    return 0


if __name__ == "__main__":
    sys.exit(main())
