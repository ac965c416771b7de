"""The process that runs rules. Reads one JSON line per request, answers with one line.

zen knows no limit of steps or memory (a range of twenty million takes 13 s and 2 GB) and holds the interpreter's lock,
so rules run here: the kernel ends this process when an evaluation has used up its processor time (SIGPROF) or its
memory. Nothing is imported that an evaluation does not need.

zen skips a table row whose cell fails, silently. So each row up to the hit is run again cell by cell, and a cell that
fails is told as a failure of the rule.
"""

from __future__ import annotations

import json
import re
import resource
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import zen

KEY = "rule"
# Cells that look beyond their own column need the whole input.
_LOOKS_AROUND = re.compile(r"\b(deal|customer|rep|history|\$nodes)\b|[A-Za-z_]\w*\.")
Json = dict[str, Any]


@dataclass
class Column:
    id: str
    value: Any


@dataclass
class Row:
    """Compiled conditions by column, None where the cell is empty."""

    cells: list[tuple[Any, bool] | None]


@dataclass
class LoadedTable:
    name: str
    columns: list[Column]
    rows: list[Row]


@dataclass
class Loaded:
    engine: zen.ZenEngine
    tables: dict[str, LoadedTable]


def load(model: Json) -> tuple[Loaded | None, list[Json]]:
    """The compiled model, or what is wrong with which cell."""
    problems: list[Json] = []
    tables = {node["id"]: _table(node, problems) for node in model["nodes"] if node["type"] == "decisionTableNode"}
    for node in model["nodes"]:
        if node["type"] == "expressionNode":
            _check_expressions(node, problems)
    if problems:
        return None, problems
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {KEY: model}}})
    return Loaded(engine, tables), []


def _table(node: Json, problems: list[Json]) -> LoadedTable:
    content, place = node["content"], {"node": node["id"]}
    columns = [Column(each["id"], _field(each, place, problems)) for each in content["inputs"]]
    rows = []
    for number, rule in enumerate(content["rules"], start=1):
        cells = [_condition(each, rule, {**place, "row": number, "column": each["id"]}, problems)
                 for each in content["inputs"]]  # fmt: skip
        for each in content["outputs"]:
            text = str(rule.get(each["id"]) or "").strip()
            if text:
                _compile(zen.compile_expression, text, {**place, "row": number, "column": each["id"]}, problems)
        rows.append(Row(cells))
    return LoadedTable(str(node.get("name", node["id"])), columns, rows)


def _field(column: Json, place: Json, problems: list[Json]) -> Any:
    text = str(column.get("field") or "").strip()
    return _compile(zen.compile_expression, text, {**place, "column": column["id"]}, problems) if text else None


def _condition(column: Json, rule: Json, place: Json, problems: list[Json]) -> tuple[Any, bool] | None:
    """The compiled cell and whether it needs the whole input."""
    text = str(rule.get(column["id"]) or "").strip()
    if not text:
        return None
    if not str(column.get("field") or "").strip():
        return _compile(zen.compile_expression, text, place, problems), True
    return _compile(zen.compile_unary_expression, text, place, problems), bool(_LOOKS_AROUND.search(text))


def _check_expressions(node: Json, problems: list[Json]) -> None:
    for each in node["content"]["expressions"]:
        _compile(zen.compile_expression, str(each["value"]), {"node": node["id"], "column": each["key"]}, problems)


def _compile(compiler: Any, text: str, place: Json, problems: list[Json]) -> Any:
    try:
        return compiler(text)
    except RuntimeError as failure:
        problems.append({**place, "error": _plain(failure)})
        return None


def evaluate(rule: Loaded, context: Json) -> Json:
    """`result` of the model, the row hit in each table, and the cells that failed on the way."""
    try:
        answer = rule.engine.evaluate(KEY, context, {"trace": True})
    except RuntimeError as failure:
        return {"result": None, "hits": [], "failures": [{"error": _plain(failure)}]}
    hits, failures = [], []
    for node_id, table in rule.tables.items():
        step = answer["trace"].get(node_id)
        if step is None:
            continue
        index = (step.get("traceData") or {}).get("index")
        failures += list(_failing(node_id, table, step["input"] or {}, index))
        if index is not None:
            hits.append({"node": node_id, "row": index + 1})
    return {"result": answer["result"], "hits": hits, "failures": failures}


def _failing(node_id: str, table: LoadedTable, entered: Json, hit: int | None) -> Iterator[Json]:
    values = [None if each.value is None else each.value.evaluate(entered) for each in table.columns]
    rows = table.rows if hit is None else table.rows[: hit + 1]
    for number, row in enumerate(rows, start=1):
        for column, value, cell in zip(table.columns, values, row.cells, strict=True):
            if cell is None:
                continue
            compiled, needs_all = cell
            try:
                met = compiled.evaluate({**entered, "$": value} if needs_all else {"$": value})
            except RuntimeError as failure:
                yield {"node": node_id, "row": number, "column": column.id, "error": _plain(failure)}
                break
            if not met:
                break
        else:
            if hit != number - 1:
                yield {"node": node_id, "row": number, "error": "its output could not be calculated"}


def _plain(failure: RuntimeError) -> str:
    """zen's words without its stack trace."""
    try:
        head = json.loads(str(failure).split("\n\nStack backtrace", 1)[0])
        return str(head.get("source") or head.get("type") or head)[:300]
    except (ValueError, AttributeError):
        return str(failure).split("\n", 1)[0][:300]


def answer(request: Json, loaded: dict[str, Loaded], seconds: float) -> Json:
    key = request["key"]
    if "model" in request:
        rule, problems = load(request["model"])
        if rule is not None:
            loaded[key] = rule
        return {"problems": problems}
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        return evaluate(loaded[key], request["context"])
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def main(seconds: float, memory_mb: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    loaded: dict[str, Loaded] = {}
    for line in sys.stdin.buffer:
        try:
            said = answer(json.loads(line), loaded, seconds)
        except MemoryError:
            said = {"stopped": "memory"}
        sys.stdout.buffer.write(json.dumps(said).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
