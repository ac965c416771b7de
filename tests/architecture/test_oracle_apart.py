"""The figures that the demo expects are computed by code that shares nothing with what it judges."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ORACLE = Path(__file__).resolve().parents[2] / "tools/oracle"


def foreign_imports(text: str) -> set[str]:
    """Packages imported besides the standard library and the oracle itself."""
    nodes = list(ast.walk(ast.parse(text)))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    froms = {node.module or "." for node in nodes if isinstance(node, ast.ImportFrom)}
    roots = {name.split(".")[0] for name in plain | froms if not name.startswith("tools.oracle")}
    return roots - sys.stdlib_module_names


@pytest.mark.spec("P4.1")
def test_the_oracle_imports_the_standard_library_alone() -> None:
    files = sorted(ORACLE.rglob("*.py"))
    assert files
    assert {file.name: foreign_imports(file.read_text()) for file in files if foreign_imports(file.read_text())} == {}


def test_a_shared_import_is_seen() -> None:
    text = "import json\nfrom tools.oracle.money import slips\nfrom chassis.kernel import money\nimport leads.rules\n"
    assert foreign_imports(text) == {"chassis", "leads"}
