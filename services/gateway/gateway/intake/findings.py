"""Collects everything that is wrong with a request, instead of stopping at the first."""

from __future__ import annotations

from typing import Any

from chassis.errors import InvalidInput, Violation

MOST = 50
LONGEST_NAME = 80
# Stands for a value that was refused and must be left out of the message.
REFUSED: Any = object()

Words = tuple[str, str]


class Findings:
    def __init__(self) -> None:
        self.violations: list[Violation] = []

    def refuse(self, path: str, words: Words, reason: str) -> Any:
        """Note a violation; returns REFUSED so that readers can end with it."""
        if not self.full:
            self.violations.append(Violation(path, words[0], words[1], reason))
        return REFUSED

    @property
    def full(self) -> bool:
        """More would not be told any more."""
        return len(self.violations) >= MOST

    def covers(self, path: str) -> bool:
        """Whether a violation at `path` would only repeat what is already noted above, at or below it."""
        return any(_related(path, each.field) for each in self.violations)

    def raise_if_any(self) -> None:
        if self.violations:
            raise InvalidInput.of(*self.violations)


def join(path: str, name: str) -> str:
    shown = name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME] + "…"
    return f"{path}.{shown}" if path else shown


def _related(one: str, other: str) -> bool:
    return one == other or _below(one, other) or _below(other, one)


def _below(inner: str, outer: str) -> bool:
    return not outer or inner.startswith((f"{outer}.", f"{outer}["))
