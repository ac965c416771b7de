"""Repeated work and clocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time, timedelta

from chassis.deadline_runner import Handler
from chassis.files import FileStore
from chassis.jobs import Job
from chassis.unit_of_work import UnitOfWork
from integration.board.policy import ThreeWayPolicy
from integration.board.refresh_board import refresh_board
from integration.callbacks.tidy import tidy
from integration.claiming.count_waiting import count_waiting
from integration.claiming.record import MATURES
from integration.claiming.tell_matured import tell_matured
from integration.duties.policy import DutiesPolicy
from integration.feeds.connector import Connector, RuleOf
from integration.feeds.errors import FeedIsRunning
from integration.feeds.import_large_file import import_queued
from integration.feeds.run_due import is_due
from integration.feeds.run_feed import FeedRunner
from integration.feeds.watch_feeds import watch_feeds
from integration.grants.end_grant import expiry
from integration.grants.grant_duty import EXPIRE
from integration.notifications.policy import NotificationsPolicy
from integration.notifications.warn_of_provisional_year import warn_of_provisional_year
from integration.pos.tell_months import tell_months

# Cadences are of the policy and change at runtime; this is how often a feed looks whether it is its turn.
TICK = timedelta(seconds=5)


@dataclass(frozen=True)
class App:
    uow: UnitOfWork
    runner: FeedRunner
    connectors: Mapping[str, Connector]
    rule_of: RuleOf
    duties: Callable[[], DutiesPolicy]
    notifications: Callable[[], NotificationsPolicy]
    files: FileStore
    three_way: Callable[[], tuple[int, ThreeWayPolicy]]


def jobs(connectors: Mapping[str, Connector]) -> list[Job[App]]:
    feeds = [Job(f"feed.{name}", run=_run(name), every=TICK) for name, each in connectors.items() if each.access.url]
    watch = Job("feeds.watch", run=_watch, every=TICK)
    count: Job[App] = Job("receipts.count", run=lambda app: count_waiting(app.uow), every=timedelta(minutes=1))
    files = Job("files.import", run=_import_files, every=TICK)
    months = Job("pos.tell", run=_tell_months, every=TICK)
    board: Job[App] = Job("board.refresh", run=_refresh_board, every=TICK)
    tidied: Job[App] = Job("callbacks.tidy", run=lambda app: tidy(app.uow), every=timedelta(hours=1))
    calendar = Job("calendar.watch", run=_look_at_calendar, daily_at=time(9, 0))
    return [*feeds, watch, board, files, months, count, tidied, calendar]


def deadlines(policy: Callable[[], DutiesPolicy]) -> dict[str, Handler]:
    return {EXPIRE: expiry(policy), MATURES: tell_matured}


def _run(name: str) -> Callable[[App], None]:
    def run(app: App) -> None:
        if is_due(app.uow, name, TICK / 2):
            try:
                app.runner.run(name)
            except FeedIsRunning:
                return

    return run


def _look_at_calendar(app: App) -> None:
    warn_of_provisional_year(app.uow, app.duties(), app.notifications())


def _refresh_board(app: App) -> None:
    version, policy = app.three_way()
    refresh_board(app.uow, policy, version)


def _import_files(app: App) -> None:
    import_queued(app.uow, app.connectors, app.rule_of, app.files)


def _tell_months(app: App) -> None:
    tell_months(app.uow)


def _watch(app: App) -> None:
    watch_feeds(app.uow, app.connectors, app.rule_of, TICK)
