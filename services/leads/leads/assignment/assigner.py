"""What assigning needs, wired once per process."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

from chassis.identity import Identity, of_service
from chassis.policy import Policies
from chassis.unit_of_work import UnitOfWork
from leads.assignment.board import Board
from leads.assignment.policy import AssignmentPolicy
from leads.assignment.probe import Probe
from leads.assignment.tell_passed_over import Told
from leads.recycle.policy import RecyclePolicy
from leads.response_clock.policy import ResponsePolicy
from leads.response_clock.run_clocks import ClockPolicies


@dataclass(frozen=True)
class Assigner:
    """`told`: whom this process knows to have been told of the own load.

    `turn`: held while leads are decided on and reserved. Two threads of a process would choose the same reps and decide
    again; processes can't help it.
    """

    uow: UnitOfWork
    board: Board
    probe: Probe
    policies: Policies
    told: Told = field(default_factory=Told)
    turn: Lock = field(default_factory=Lock)

    @property
    def identity(self) -> Identity:
        return of_service(self.uow.service)

    def policy(self) -> tuple[int, AssignmentPolicy]:
        version, policy = self.policies.current("assignment")
        return version, policy

    def clocks(self) -> ClockPolicies:
        return clock_policies(self.policies)


def clock_policies(policies: Policies) -> ClockPolicies:
    response: tuple[int, ResponsePolicy] = policies.current("response")
    recycle: tuple[int, RecyclePolicy] = policies.current("recycle")
    return ClockPolicies(response[1], response[0], recycle[1], recycle[0])
