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
from leads.assignment.probe_rules import Answer, Checked, Verdict, check

# Seconds an unverified answer is remembered: 100 waiting leads ask once, not 100 times.
_UNVERIFIED_SECONDS = 1.0


class Directory(Protocol):
    """Integration's employee directory."""

    def check_status(self, employee_ids: Sequence[str], timeout: float) -> Mapping[str, Answer]:
        """Answers by employee, in real seconds; those without an answer are absent. Raises the error family."""
        ...


@dataclass(frozen=True)
class _Kept:
    """`asked_at` is an instant of the monotonic clock; `verified` what the answer was worth then."""

    answer: Answer
    version: int
    asked_at: float
    verified: bool


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
        found = self._remembered(employees, now, policy)
        absent = {each: version for each, version in employees.items() if each not in found}
        if absent:
            seconds = policy.probe_milliseconds / 1000
            found |= self._ask(absent, now, policy, seconds if within is None else min(seconds, within))
        return found

    def ask(self, employee_ids: Sequence[str], seconds: float) -> Mapping[str, Answer]:
        """What the directory says now, remembered by nobody; who has no answer is absent."""
        return self._answers(list(employee_ids), seconds)

    def forget(self, employee_ids: Sequence[str]) -> None:
        """Their state changed."""
        with self._lock:
            for each in employee_ids:
                self._kept.pop(each, None)

    def _remembered(self, employees: Mapping[str, int], now: datetime, policy: AssignmentPolicy) -> dict[str, Checked]:
        """An answer that has grown too old since it was asked for is asked for again."""
        with self._lock:
            kept = {each: self._kept[each] for each in employees if each in self._kept}
        found: dict[str, Checked] = {}
        for each, one in kept.items():
            checked = check(one.answer, now, policy.status_age)
            aged = one.verified and checked.verdict is not Verdict.VERIFIED
            recent = time.monotonic() - one.asked_at <= _life(one.answer, policy)
            if one.version == employees[each] and recent and not aged:
                found[each] = checked
        return found

    def _ask(
        self, employees: Mapping[str, int], now: datetime, policy: AssignmentPolicy, seconds: float
    ) -> dict[str, Checked]:
        answers = self._answers(list(employees), seconds)
        found = {each: check(answers.get(each), now, policy.status_age) for each in employees}
        asked_at = time.monotonic()
        with self._lock:
            for each, answer in answers.items():
                verified = found[each].verdict is Verdict.VERIFIED
                self._kept[each] = _Kept(answer, employees[each], asked_at, verified)
        return found

    def _answers(self, employee_ids: Sequence[str], seconds: float) -> Mapping[str, Answer]:
        """None for anybody when the directory is away or too slow."""
        if seconds <= 0:
            return {}
        try:
            return self._directory.check_status(employee_ids, seconds)
        except CloseloopError:
            return {}


def _life(answer: Answer, policy: AssignmentPolicy) -> float:
    """Real seconds an answer is remembered."""
    if answer.status == "departed":
        return timedelta.max.total_seconds()
    return min(policy.probe_cache_seconds, 5.0 if answer.status == "active" else _UNVERIFIED_SECONDS)
