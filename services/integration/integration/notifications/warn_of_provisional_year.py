"""In December, tell who keeps the system that next year's make-up workdays are not published to it (P11.2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from chassis.identity import of_service
from chassis.kernel.calendar import BusinessCalendar, local_date
from chassis.unit_of_work import UnitOfWork
from integration.duties.policy import DutiesPolicy
from integration.notifications.notify import notify
from integration.notifications.policy import NotificationsPolicy
from integration.notifications.rules import Notice

DECEMBER = 12


def notice_on(day: date, provisional: Callable[[int], bool]) -> Notice | None:
    """Once per person and year, however often it is asked."""
    year = day.year + 1
    if day.month != DECEMBER or not provisional(year):
        return None
    return Notice("calendar_provisional", str(year), {"year": year}, duties=("cio", "ops"), email_all=True)


def warn_of_provisional_year(uow: UnitOfWork, duties: DutiesPolicy, policy: NotificationsPolicy) -> None:
    with uow.begin(of_service("integration"), source="calendar.watch") as tx:
        notice = notice_on(local_date(tx.now), BusinessCalendar().provisional)
        if notice is not None:
            notify(tx, notice, duties, policy)
            tx.commit()
