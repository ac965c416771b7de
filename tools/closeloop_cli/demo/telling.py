"""How the day is told: steps, figures with their check, timings, and calls to repeat."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape


class WrongFigure(Exception):
    """Some figures of the day are not what the seed says they must be."""


@dataclass(frozen=True)
class Mismatch:
    step: str
    figure: str
    expected: object
    actual: object


@dataclass
class Teller:
    console: Console
    wrong: list[Mismatch] = field(default_factory=list)
    checked: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    _step: str = ""

    @contextmanager
    def step(self, number: int, title: str) -> Iterator[None]:
        self._step = f"{number}. {title}"
        self.console.print(f"\n[bold]{escape(self._step)}[/bold]")
        began, wrong_before = time.monotonic(), len(self.wrong)
        yield
        self.seconds[self._step] = time.monotonic() - began
        self.console.print(f"   [dim]{self.seconds[self._step]:.1f} s[/dim]")
        if len(self.wrong) > wrong_before:
            raise WrongFigure

    def say(self, text: str) -> None:
        self.console.print(f"   {escape(text)}")

    def figure(self, text: str, expected: Any, actual: Any, show: Callable[[Any], str] = str) -> None:
        """One figure of the story, checked against the oracle's. `{}` in the text takes the actual value, as shown."""
        self.checked += 1
        shown = text.format(show(actual))
        if expected == actual:
            self.console.print(f"   [green]✓[/green] {escape(shown)}")
            return
        self.wrong.append(Mismatch(self._step, text, expected, actual))
        self.console.print(f"   [red]✗ {escape(shown)}[/red]: expected {escape(show(expected))}")

    def check(self, what: str, expected: Any, actual: Any) -> None:
        """As `figure`, for what needs a word only when it is wrong."""
        self.checked += 1
        if expected != actual:
            self.wrong.append(Mismatch(self._step, what, expected, actual))
            self.console.print(f"   [red]✗ {escape(what)}[/red]: expected {escape(str(expected)[:400])}")
            self.console.print(f"     [red]actual[/red] {escape(str(actual)[:400])}")

    def call(self, curl: str) -> None:
        """Soft-wrapped, so that it can be copied as one line."""
        self.console.print(f"   [dim]{escape(curl)}[/dim]", soft_wrap=True)

    def link(self, text: str, url: str) -> None:
        self.console.print(f"   {escape(text)}: {escape(url)}", soft_wrap=True)


def yuan(fen: int | str) -> str:
    return f"{int(fen) / 100:,.2f}"


def percent(part: float) -> str:
    return f"{part * 100:.1f} %"
