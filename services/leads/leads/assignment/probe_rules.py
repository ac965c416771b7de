"""What an answer of the directory is worth (LD4.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Verdict(StrEnum):
    VERIFIED = "verified"
    # Known, and not to be given anything: frozen, disabled, departed.
    INACTIVE = "inactive"
    ON_LEAVE = "on_leave"
    # No answer, or one that is too old.
    UNVERIFIED = "unverified"


@dataclass(frozen=True)
class Answer:
    """`status` as HR says: active, on_leave, frozen, disabled, departed; empty when not known."""

    status: str
    as_of: datetime | None


@dataclass(frozen=True)
class Checked:
    """A verdict and the age of the answer it rests on, in seconds; None without an answer.

    `silent`: nobody answered at all, which says something of the directory and nothing of the employee.
    """

    verdict: Verdict
    age_seconds: float | None = None
    silent: bool = False


def check(answer: Answer | None, now: datetime, limit: timedelta) -> Checked:
    as_of = answer.as_of if answer else None
    age = None if as_of is None else round((now - as_of).total_seconds(), 3)
    return Checked(judge(answer, now, limit), age, silent=answer is None)


def judge(answer: Answer | None, now: datetime, limit: timedelta) -> Verdict:
    """A known refusal holds however old it is; "active" only while it is fresh."""
    if answer is None:
        return Verdict.UNVERIFIED
    if answer.status in ("frozen", "disabled", "departed"):
        return Verdict.INACTIVE
    if answer.as_of is None or now - answer.as_of > limit:
        return Verdict.UNVERIFIED
    return {"active": Verdict.VERIFIED, "on_leave": Verdict.ON_LEAVE}.get(answer.status, Verdict.UNVERIFIED)


def may_assign_by_hand(verdict: Verdict, last_known: str) -> bool:
    """A manager may give a lead to a rep last known active, never to one known otherwise (LD4.2)."""
    return verdict is Verdict.VERIFIED or (verdict is Verdict.UNVERIFIED and last_known == "active")
