"""Events that people hear of. Integration projects nothing of others."""

from __future__ import annotations

from collections.abc import Callable

from chassis.consumer import Handler, on_batch
from integration.duties.policy import DutiesPolicy
from integration.notifications.notices import NOTICES
from integration.notifications.notify import Groups, notifier
from integration.notifications.policy import NotificationsPolicy


def consumers(
    duties: Callable[[], DutiesPolicy], policy: Callable[[], NotificationsPolicy], robots: Groups = ()
) -> list[Handler]:
    tell = notifier(duties, policy, robots)
    return [on_batch(type_, tell) for type_ in NOTICES]
