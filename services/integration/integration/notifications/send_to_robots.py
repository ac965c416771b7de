"""Says in groups what is queued for them: twenty a minute each, the rest waits its turn (N9.1)."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event

from chassis.unit_of_work import UnitOfWork
from integration.feeds.pace import Pace
from integration.notifications import store
from integration.notifications.policy import NotificationsPolicy
from integration.notifications.robot_rules import PER_MINUTE, Verdict
from integration.notifications.robots import Robot, Robots
from integration.notifications.settle_delivery import ME, delay, fail

POLL = 1.0
# Longer than a post can take.
HOLD_SECONDS = 60.0


class RobotSender:
    def __init__(self, uow: UnitOfWork, robots: Robots, pace: Pace, policy: Callable[[], NotificationsPolicy]) -> None:
        self._uow = uow
        self._robots = robots
        self._pace = pace
        self._policy = policy

    def run(self, stop: Event) -> None:
        while not stop.is_set():
            if not self.turn():
                stop.wait(POLL)

    def turn(self) -> int:
        """One message of each robot whose turn it is; how many were tried."""
        return sum(self._next_of(robot) for robot in self._robots.all)

    def _next_of(self, robot: Robot) -> bool:
        """No transaction is open while the chat system is asked. A turn that is not ours costs no attempt."""
        if not store.any_due(self._uow, robot.channel, robot.name):
            return False
        if not self._pace.is_turn(f"{robot.channel}/{robot.name}", PER_MINUTE):
            return False
        with self._uow.begin(ME) as tx:
            due = store.take_due(tx, 1, HOLD_SECONDS, robot.channel, robot.name)
            tx.commit()
        for row in due:
            told = self._robots.say(robot, row.subject, row.body, row.id, int(time.time() * 1000))
            match told:
                case Verdict.TAKEN, _:
                    self._mark(row.id)
                case Verdict.LATER, error:
                    delay(self._uow, self._policy(), row, error)
                case _, error:
                    fail(self._uow, row, error)
        return bool(due)

    def _mark(self, delivery_id: str) -> None:
        with self._uow.begin(ME) as tx:
            store.sent(tx, [delivery_id])
            tx.commit()
