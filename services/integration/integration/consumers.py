"""Events that people hear of, and customers whom the company register is asked about."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chassis.consumer import Handler, on_batch
from chassis.events import Incoming
from chassis.unit_of_work import Transaction
from integration.duties.policy import DutiesPolicy
from integration.notifications.notices import NOTICES
from integration.notifications.notify import Groups, notifier
from integration.notifications.policy import NotificationsPolicy
from integration.registry.watch_customers import Customer, watch_customers


def consumers(
    duties: Callable[[], DutiesPolicy], policy: Callable[[], NotificationsPolicy], robots: Groups = ()
) -> list[Handler]:
    tell = notifier(duties, policy, robots)
    watched = [on_batch(type_, _watch) for type_ in ("customers.created", "customers.updated")]
    return [*(on_batch(type_, tell) for type_ in NOTICES), *watched]


def _watch(tx: Transaction, events: Sequence[Incoming]) -> None:
    told = (event.message.customer for event in events)
    watch_customers(tx, [Customer(each.customer_id, each.version, each.name, each.uscc) for each in told])
