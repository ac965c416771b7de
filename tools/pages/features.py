"""docs/features.md: each spec number with the code that names it and the tests that carry its mark."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("libs", "services", "simulators", "tools", "tests")
NUMBER = re.compile(r"\b(?:LD|A|T|I|F|N|P)\d+\.\d+\b")
HEAD = """# Features

Which spec number is built where and proved by which test. Written by `make docs`: code is what names the number in a
docstring or comment, a test is what carries `@pytest.mark.spec("…")`. A number without a test is not proved.
"""


def render(root: Path = ROOT) -> str:
    code, tests = references(root)
    titles = tomllib.loads((root / "docs/features.toml").read_text(encoding="utf-8"))
    parts = [HEAD]
    for context, numbers in titles.items():
        rows = [_row(number, title, code, tests) for number, title in numbers.items()]
        parts += [f"## {context}", "", "| number | what | code | tests |", "| --- | --- | --- | --- |", *rows, ""]
    return "\n".join(parts)


def unknown_numbers(root: Path = ROOT) -> set[str]:
    """Numbers that a test carries and docs/features.toml does not name."""
    titles = tomllib.loads((root / "docs/features.toml").read_text(encoding="utf-8"))
    known = {number for numbers in titles.values() for number in numbers}
    return references(root)[1].keys() - known


def references(root: Path) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Files by spec number: those of the code, those of the tests."""
    code: dict[str, set[str]] = {}
    tests: dict[str, set[str]] = {}
    for file in python_files(root):
        text, name = file.read_text(encoding="utf-8"), str(file.relative_to(root))
        is_test = file.name.startswith("test_")
        found = marked(text) if is_test else set(NUMBER.findall(text))
        for number in found:
            (tests if is_test else code).setdefault(number, set()).add(name)
    return code, tests


def python_files(root: Path) -> Iterator[Path]:
    for folder in SOURCES:
        yield from sorted(p for p in (root / folder).rglob("*.py") if "node_modules" not in p.parts and p.is_file())


def marked(text: str) -> set[str]:
    """Numbers in `pytest.mark.spec(...)` decorators, module marks included."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    marks = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "spec"]
    return {
        argument.value
        for call in marks
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and NUMBER.fullmatch(argument.value)
    }


def _row(number: str, title: str, code: dict[str, set[str]], tests: dict[str, set[str]]) -> str:
    return f"| {number} | {title} | {_links(code.get(number, set()))} | {_links(tests.get(number, set()))} |"


def _links(names: set[str]) -> str:
    return "<br>".join(f"[{_short(name)}](../{name})" for name in sorted(names))


def _short(name: str) -> str:
    return "/".join(name.split("/")[-2:])
