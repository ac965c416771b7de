"""Whatever happens in whatever order: everything has one owner who was verified, or is held (LD10.1)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from chassis.errors import CloseloopError
from chassis.testing.events import deliver
from closeloop.leads.v1 import handover_service_pb2 as pb
from leads import tables
from leads.handover.move_ownership import move_handovers

from .company import UNIT, Company
from .handing_over import (
    check_off,
    customers,
    decide,
    door,
    fire,
    handovers,
    leave,
    manager,
    move,
    owners,
    release,
    rep,
    the_handover,
    wait_for_the_move,
)

STEPS = ("leave", "close", "return", "again", "release", "wait", "move", "taker", "giver", "decide", "away", "lead")
_NUMBER = count(1)


@dataclass
class Story:
    """Three reps with customers and leads, of one example."""

    company: Company
    number: int
    people: list[str]
    versions: dict[str, int] = field(default_factory=dict)
    # Who has left by HR's word; an account may be closed before HR says so.
    gone: set[str] = field(default_factory=set)
    by_hand: set[str] = field(default_factory=set)
    leads: list[str] = field(default_factory=list)
    customers: list[str] = field(default_factory=list)

    def play(self, step: str, who: int) -> None:
        one = self.people[who]
        try:
            self._play(step, one)
        except CloseloopError:
            """Refused, as it may be: nothing has changed then."""
        self.company.clock.advance(timedelta(minutes=1))

    def _play(self, step: str, one: str) -> None:
        company = self.company
        match step:
            case "leave" if one not in self.gone:
                self._hr(one, "departed")
            case "close":
                company.directory.status[one] = "departed"
                company.app.assigner.probe.forget(self.people)
            case "return" if one in company.directory.status:
                self._hr(one, "active")
            case "again":
                status = "departed" if one in self.gone else "active"
                told = company.employee(one, version=self.versions[one], status=status)
                deliver(company.service, told, times=2)
            case "wait":
                wait_for_the_move(company)
            case "move":
                move(company)
            case "away":
                company.directory.away = not company.directory.away
                company.app.assigner.probe.forget(self.people)
            case "lead":
                phone = f"139{self.number:04d}{len(self.leads):04d}"
                self.leads.append(company.capture(f"线索{phone}", phone=phone).lead.lead_id)
            case "release" | "decide" | "taker" | "giver":
                for each in self._open():
                    self._answer(step, one, each.handover_id)
        fire(company)

    def _answer(self, step: str, one: str, handover_id: str) -> None:
        company = self.company
        match step:
            case "release":
                release(company, handover_id)
            case "decide":
                decide(company, handover_id, one)
                self.by_hand.add(one)
            case "taker":
                check_off(company, handover_id, rep(one), "taker", accept_gaps=True)
            case "giver":
                check_off(company, handover_id, manager(), "giver")

    def _hr(self, one: str, status: str) -> None:
        self.versions[one] += 1
        if status == "active":
            self.company.directory.status.pop(one, None)
            self.gone.discard(one)
        else:
            self.company.directory.status[one] = status
            self.gone.add(one)
        deliver(self.company.service, self.company.employee(one, version=self.versions[one], status=status))

    def _open(self) -> list[pb.Handover]:
        return [
            each
            for each in handovers(self.company)
            if each.employee_id in self.people and not each.HasField("closed_at")
        ]

    def owners(self) -> dict[str, str]:
        """Of customers, and of the leads that somebody has."""
        c, lead = tables.customer.c, tables.lead.c
        with self.company.service.runtime.database.connect() as conn:
            firms = conn.execute(select(c.customer_id, c.owner_id).where(c.owner_id.in_(self.people)))
            found = {row.customer_id: row.owner_id for row in firms}
            given_out = select(lead.lead_id, lead.owner_id).where(lead.lead_id.in_(self.leads), lead.owner_id != "")
            return found | {row.lead_id: row.owner_id for row in conn.execute(given_out)}

    def closed(self) -> set[str]:
        """Who gets nothing. While the directory is away, managers may choose whom HR calls active (LD4.2)."""
        trusted = self.by_hand - self.gone if self.company.directory.away else set()
        return self.company.directory.status.keys() - trusted

    def pending(self) -> set[tuple[str, str]]:
        """Giver and subject of what waits in a handover."""
        h, i = tables.handover.c, tables.handover_item.c
        query = select(h.employee_id, i.subject_id).join_from(tables.handover_item, tables.handover)
        waiting = query.where(i.state.in_(("waiting", "held")), h.state.in_(("drafted", "moving")))
        with self.company.service.runtime.database.connect() as conn:
            return {(row.employee_id, row.subject_id) for row in conn.execute(waiting)}

    def double_owned(self) -> list[str]:
        given_to = tables.assignment.c
        with self.company.service.runtime.database.connect() as conn:
            current = select(given_to.lead_id, given_to.employee_id).where(given_to.ended_at.is_(None))
            rows = {row.lead_id: row.employee_id for row in conn.execute(current)}
        return [each for each, owner in self.owners().items() if each in rows and rows[each] != owner]


def begin(company: Company) -> Story:
    number = next(_NUMBER)
    with company.service.runtime.database.begin() as conn:
        # Those of earlier examples are no candidates.
        conn.execute(tables.rep.update().where(tables.rep.c.employee_id != "M1").values(grades=["X"]))
    company.directory.away = False
    people = [f"P{number}-{each}" for each in range(3)]
    company.hire(*people)
    customers(company, people[0], 3, first=number * 100)
    customers(company, people[1], 2, first=number * 100 + 50)
    story = Story(company, number, people, dict.fromkeys(people, 1))
    story.customers = list(story.owners())
    return story


@pytest.mark.spec("LD10.1", "LD4.1", "LD4.2")
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@example(steps=[("leave", 0), ("close", 1), ("decide", 1), ("away", 0), ("wait", 0)])
@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 2)), min_size=3, max_size=14))
def test_in_any_order_everything_has_one_verified_owner_or_is_held(
    company: Company, steps: list[tuple[str, int]]
) -> None:
    story = begin(company)
    for step, who in steps:
        before = story.owners()
        story.play(step, who)
        now = story.owners()
        assert set(story.customers) <= set(now), "no customer is lost"
        changed = {now[each] for each in set(now) & set(before) if now[each] != before[each]}
        assert not changed & story.closed(), f"{step}: a closed account got something"
        assert story.double_owned() == []
        pending = story.pending()
        gone = {(owner, each) for each, owner in now.items() if owner in story.gone}
        assert gone <= pending, f"{step}: what somebody who is gone has is about to move"
    company.directory.away = False
    company.app.assigner.probe.forget(story.people)
    for _ in range(2):
        wait_for_the_move(company)
    if len(company.directory.status.keys() & set(story.people)) < 3:
        assert not set(story.owners().values()) & story.gone, "all have found somebody"


@pytest.mark.spec("LD10.1", "LD3.9")
def test_replicas_that_move_at_once_move_everything_once(company: Company) -> None:
    company.hire("E1", "E2", "E3")
    customers(company, "E1", 30)
    leave(company, "E1")
    release(company, the_handover(company).handover_id)
    fire(company)
    with ThreadPoolExecutor(3) as replicas:
        moved = list(replicas.map(move_handovers, [company.app.assigner] * 3))
    assert sum(moved) == 30
    assert len(company.events("customers.owner_changed")) == 30
    assert sorted(owners(company).values()).count("E2") == 15
    (told,) = company.events("customers.handover_moved")
    assert (told.message.moved, list(told.message.taker_ids)) == (30, ["E2", "E3"])


@pytest.mark.spec("LD10.1", "LD4.1")
def test_who_leaves_between_the_answer_and_the_move_gets_nothing(company: Company) -> None:
    company.hire("E1", "E2", "E3")
    customers(company, "E1", 2)
    leave(company, "E1")
    release(company, the_handover(company).handover_id)
    gone = company.employee("E2", version=2, status="departed")

    def meanwhile() -> None:
        company.directory.meanwhile = lambda: None
        company.directory.status["E2"] = "departed"
        deliver(company.service, gone)

    company.directory.meanwhile = meanwhile
    move(company)
    move(company)
    assert set(owners(company).values()) == {"E3"}


@pytest.mark.spec("LD10.1")
def test_a_second_release_and_a_repeated_call_change_nothing(company: Company) -> None:
    company.hire("E1", "E2")
    customers(company, "E1", 1)
    leave(company, "E1")
    found = the_handover(company)
    same = pb.ReleaseHandoverRequest(request_id="one", handover_id=found.handover_id)
    first = door(company).ReleaseHandover(same)
    assert move(company) == 1
    assert door(company).ReleaseHandover(same) == first
    assert move(company) == 0
    assert UNIT in first.handover.unit
