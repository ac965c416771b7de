"""What import contracts can't see: business code takes time, ids and chance from outside."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CLOCK_READS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}

# Real time is meant here, whatever the business clock says.
REAL_TIME = {
    "integration/api/api_keys.py": "keys expire in real time, like tokens",
    "integration/api/callbacks.py": "the sender of a callback stamps real time; its age is judged against it",
    "integration/callbacks/tidy.py": "nonces are forgotten when they are too old to be replayed, in real time",
    "integration/notifications/send_to_robots.py": "a robot's signature is of real time, judged by the chat system",
    "integration/feeds/pace.py": "the pace of calls to a source is kept in real time",
}


def services() -> Iterator[Path]:
    """Source of the six services; the gateway has no business time."""
    for folder in sorted((ROOT / "services").iterdir()):
        if folder.name != "gateway":
            yield from sorted((folder / folder.name).rglob("*.py"))


def clock_reads(text: str) -> list[int]:
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    named = [(call, call.func) for call in calls if isinstance(call.func, ast.Attribute)]
    return [call.lineno for call, func in named if (_name(func.value), func.attr) in CLOCK_READS]


def new_ids(text: str) -> list[int]:
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    return [call.lineno for call in calls if _name(call.func) in {"new_id", "uuid4", "uuid7"}]


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


@pytest.mark.spec("P11.3")
def test_no_service_reads_the_machine_s_clock() -> None:
    reading = [file.relative_to(ROOT / "services") for file in services() if clock_reads(file.read_text())]
    found = {"/".join(file.parts[1:]) for file in reading}
    assert found == REAL_TIME.keys(), "business code asks tx.now or the injected clock"


def test_rules_take_ids_as_arguments() -> None:
    rules = [file for file in services() if file.name == "rules.py" or file.name.endswith("_rules.py")]
    assert [f"{file.relative_to(ROOT)}:{line}" for file in rules for line in new_ids(file.read_text())] == []


def test_a_clock_read_and_a_new_id_are_seen() -> None:
    text = "x = datetime.now(UTC)\ny = datetime.datetime.now()\nz = tx.clock.now()\nw = new_id()\nv = ids.uuid4()\n"
    assert clock_reads(text) == [1, 2]
    assert new_ids(text) == [4, 5]
