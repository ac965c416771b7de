"""The history of the story's company, through feeds and imports: up to the evening of 9 February."""

from __future__ import annotations

from collections.abc import Callable

from closeloop_cli.door import Door
from closeloop_cli.load.history import load_books, load_targets, read, run_feed
from closeloop_cli.runtime.layout import Layout
from closeloop_cli.runtime.readiness import settle


def load_story(layout: Layout, door: Door, tell: Callable[[str], None]) -> None:
    company, history = read(layout.company / "company.json"), layout.company / "history"
    run_feed(door.as_("bootstrap"), "hr")
    settle(layout)
    operations, head = door.as_(company["cast"]["operations"]), door.as_(company["cast"]["head"])
    load_targets(operations, head, history / "targets.json", company["month"])
    load_books(layout, operations, history / "bank_statements.json")
    settle(layout)
    tell("employees, target of February, receivables, bank statements up to 9 February")
