"""Relays and consumers are killed at random moments and at the worst ones: each event takes effect once, in order."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from tests.faults.depot import Depot
from tests.faults.programs import Program, wait_for
from tests.faults.scale import IS_FULL, scaled

SEED = 20261122
EVENTS = scaled(20_000)
CRATES = [f"crate-{number}" for number in range(100)]
RELAY = ("after-commit-before-publish", "after-publish-before-mark")
CONSUMER = ("after-effect-before-offset", "before-commit")
AT_RANDOM = ""


@dataclass
class Victim:
    """A process with several lives. Each ends at a fault point it was started with, or at a random moment."""

    program: Program
    ends: list[str]
    lives: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.lives = list(self.ends)
        self.start()

    @property
    def end(self) -> str:
        return self.lives[0] if self.lives else AT_RANDOM

    @property
    def is_at_work(self) -> bool:
        """With a life that ends at random, and past its start."""
        return bool(self.lives) and self.end == AT_RANDOM and not self.program.not_ready()

    def start(self) -> None:
        self.program.start(CLOSELOOP_FAULT=self.end)

    def live_again(self) -> None:
        self.lives.pop(0)
        self.start()


class Feed:
    """Records event after event of each crate."""

    def __init__(self, depot: Depot) -> None:
        self._depot = depot
        self.steps = 0

    @property
    def events(self) -> int:
        return self.steps * len(CRATES)

    def more(self, steps: int) -> None:
        for step in range(self.steps, self.steps + steps):
            self._depot.record(CRATES, [step])
        self.steps += steps


def cast(depot: Depot) -> list[Victim]:
    """Two relays, two consumers. Full size: each ends three times at random and once at each of its points."""
    full = {"relay": [*RELAY, *[AT_RANDOM] * 3], "consume": [*CONSUMER, *[AT_RANDOM] * 3]}
    if IS_FULL:
        return [Victim(depot.program(role), ends) for role, ends in full.items() for _ in range(2)]
    small = [("relay", RELAY[0]), ("relay", AT_RANDOM), ("consume", CONSUMER[0]), ("consume", AT_RANDOM)]
    return [Victim(depot.program(role), [end]) for role, end in small]


@pytest.mark.timeout(900)
@pytest.mark.spec("P3.2", "P7.1")
def test_each_event_takes_effect_once_and_in_order_whoever_is_killed(depot: Depot) -> None:
    chance, feed, victims = random.Random(SEED), Feed(depot), cast(depot)
    kills = sum(len(each.ends) for each in victims)
    while any(each.lives for each in victims):
        before = feed.events
        feed.more(max(1, EVENTS // len(CRATES) // kills) if before < EVENTS else 1)
        goal = before + chance.random() * (feed.events - before)
        wait_for(lambda goal=goal: revive(victims) or depot.count("effect") >= goal, what=f"{goal:.0f} effects")
        at_work = [each for each in victims if each.is_at_work]
        if at_work:
            victim = chance.choice(at_work)
            victim.program.kill()
            victim.live_again()
    feed.more(max(0, EVENTS // len(CRATES) - feed.steps))
    wait_for(lambda: depot.count("effect") >= feed.events, what=f"{feed.events} effects")
    wait_for(lambda: depot.count("outbox") == 0, what="an empty outbox")
    one, other = (each.program for each in victims[2:])
    one.end()  # a last redelivery: what its offsets do not cover comes again, to the other
    wait_for(lambda: not other.not_ready() and other.is_settled(), what="rest")
    assert depot.effects() == {crate: list(range(feed.steps)) for crate in CRATES}
    assert (depot.count("inbox"), depot.count("parked_event")) == (feed.events, 0)
    print(f"\n{feed.events} events, {kills} kills with -9: {depot.count('effect')} effects, each once, in order")


def revive(victims: list[Victim]) -> bool:
    """Whether somebody died at a fault point and lives again."""
    dead = [each for each in victims if each.lives and each.program.died_at_fault_point()]
    for each in dead:
        each.live_again()
    return bool(dead)
