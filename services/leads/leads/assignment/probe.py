"""The one door to the directory that every owner goes through (LD4.1, LD4.2).

Guarantee: nobody counts as verified without an answer of the directory that says active and is at most 15 minutes old
in business time. Active answers are remembered for at most 5 seconds and forgotten when the roster sees a newer version
of the employee, in whatever process the event arrived; departed stays until then.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

from chassis.errors import CloseloopError
from leads.assignment.policy import AssignmentPolicy
from leads.assignment.probe_rules import Answer, Checked, check

# Seconds an unverified answer is remembered: 100 waiting leads ask once, not 100 times.
_UNVERIFIED_SECONDS = 1.0


class Directory(Protocol):
    """Integration's employee directory."""

    def check_status(self, employee_ids: Sequence[str], timeout: float) -> Mapping[str, Answer]:
        """Answers by employee, in real seconds; those without an answer are absent. Raises the error family."""
        ...


@dataclass(frozen=True)
class _Kept:
    answer: Answer
    version: int
    asked_at: float


class Probe:
    """Shared by all threads of a process."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._kept: dict[str, _Kept] = {}
        self._lock = Lock()

    def check(
        self, employees: Mapping[str, int], now: datetime, policy: AssignmentPolicy, *, within: float | None = None
    ) -> dict[str, Checked]:
        """Verdicts for employee id → version on the roster. `within` (seconds) shortens the time the answer may take.

        Never call it inside a transaction.
        """
        answers = self._remembered(employees, policy)
        absent = [each for each in employees if each not in answers]
        if absent:
            seconds = policy.probe_milliseconds / 1000
            answers |= self._ask(absent, employees, seconds if within is None else min(seconds, within))
        limit = policy.status_age
        return {each: check(answers.get(each), now, limit) for each in employees}

    def forget(self, employee_ids: Sequence[str]) -> None:
        """Their state changed."""
        with self._lock:
            for each in employee_ids:
                self._kept.pop(each, None)

    def _remembered(self, employees: Mapping[str, int], policy: AssignmentPolicy) -> dict[str, Answer]:
        now = time.monotonic()
        with self._lock:
            found = {each: self._kept[each] for each in employees if each in self._kept}
        return {
            each: kept.answer
            for each, kept in found.items()
            if kept.version == employees[each] and now - kept.asked_at <= _life(kept.answer, policy)
        }

    def _ask(self, employee_ids: Sequence[str], versions: Mapping[str, int], seconds: float) -> dict[str, Answer]:
        if seconds <= 0:
            return {}
        try:
            answers = dict(self._directory.check_status(employee_ids, seconds))
        except CloseloopError:
            return {}
        asked_at = time.monotonic()
        with self._lock:
            for each, answer in answers.items():
                self._kept[each] = _Kept(answer, versions[each], asked_at)
        return answers


def _life(answer: Answer, policy: AssignmentPolicy) -> float:
    """Real seconds an answer is remembered."""
    if answer.status == "departed":
        return timedelta.max.total_seconds()
    return min(policy.probe_cache_seconds, 5.0 if answer.status == "active" else _UNVERIFIED_SECONDS)
