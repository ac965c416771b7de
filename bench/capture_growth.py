"""Whether capture and assignment grow with the number of reps (LD3.12): from 100 to 100,000, or fewer by `--largest`.

`python -m bench.capture_growth [--largest 10000]`: one caller by gRPC, 20 captures warm up, then 100 of each size; the
company grows on one stand. What counts is the CPU time of leads and PostgreSQL, which a busy machine does not change;
the ratio is that of the size to the smallest.
"""

from __future__ import annotations

import sys
import time

from bench.captures import Captures, by_grpc
from bench.crowd import grow
from bench.report import figure, machine, options, say
from bench.stand import Stand, open_stand

SIZES = (100, 1_000, 10_000, 100_000)
QUICK = (40, 80)
CAPTURES = 100
GOAL = "sub-linear"


def measure(stand: Stand, reps: int, captures: int, series: int) -> float:
    """CPU milliseconds of leads and PostgreSQL for one lead; prints the rest."""
    with by_grpc(stand, channels=1) as (stub,):
        warm, leads = Captures(series), Captures(series + 1)
        for number in range(captures // 5):
            stub.CaptureLead(warm.request(number))
        work, began = stand.work(), time.perf_counter()
        for number in range(captures):
            stub.CaptureLead(leads.request(number))
        spent, seconds = work.seconds(), time.perf_counter() - began
    cpu = (spent["leads"] + spent["postgres"]) * 1000 / captures
    say(f"  {reps} reps: {seconds * 1000 / captures:.1f} ms each; leads {spent['leads'] * 1000 / captures:.1f} CPU ms, "
        f"postgres {spent['postgres'] * 1000 / captures:.1f} CPU ms")  # fmt: skip
    return cpu


def main() -> int:
    asked = options(__doc__ or "", largest="reps of the largest company; 100000 when absent")
    sizes = QUICK if asked.quick else [each for each in SIZES if each <= int(asked.largest or SIZES[-1])]
    machine()
    with open_stand() as stand:
        stand.start("integration", "leads")
        there, smallest = 0, 0.0
        for at, reps in enumerate(sizes):
            began = time.monotonic()
            grow(stand, reps, there)
            there = reps
            say(f"  {reps} reps there after {time.monotonic() - began:.0f} s")
            cpu = measure(stand, reps, 5 if asked.quick else CAPTURES, series=2 * at + 1)
            smallest = smallest or cpu
            times = f"{reps / sizes[0]:.0f} times the reps"
            figure(f"capture and assignment, {reps} reps", f"{cpu:.1f} CPU ms; {times}", GOAL, f"{cpu / smallest:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
