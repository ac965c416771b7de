"""Events that people hear of. Integration projects nothing of others."""

from __future__ import annotations

from collections.abc import Callable

from chassis.consumer import Handler, on
from integration.duties.policy import DutiesPolicy
from integration.notifications.notices import NOTICES
from integration.notifications.notify import notifier


def consumers(policy: Callable[[], DutiesPolicy]) -> list[Handler]:
    tell = notifier(policy)
    return [on(type_, tell) for type_ in NOTICES]
