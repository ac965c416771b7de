"""What is wrong with a decision model, told without running it (I1.2, I1.3).

A model is one path of decision tables and expressions between an input and an output. Scripts, calls of other models
and loops are not let in: nothing may run that the checks can't see.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from incentives.rule_library.cell_rules import Cell, holes, row_covers, rows_meet
from incentives.rule_library.context_rules import FIELDS, Kind
from incentives.rule_library.expression_rules import hostile, unknown_names
from incentives.rule_library.rules import RuleFinding, Severity

RESULT = "bonusFen"
TABLE, EXPRESSIONS = "decisionTableNode", "expressionNode"
KNOWN_NODES = {"inputNode", "outputNode", TABLE, EXPRESSIONS}
# Each row is compared with those above it and run once per example: 500 rows take some seconds.
MOST_NODES, MOST_ROWS, MOST_COLUMNS, MOST_BYTES = 50, 500, 50, 1_000_000
MOST_FINDINGS = 200
Json = Mapping[str, Any]


@dataclass(frozen=True)
class TableView:
    """A decision table as the checks read it."""

    id: str
    name: str
    columns: Sequence[Json]
    outputs: Sequence[Json]
    rows: Sequence[Json]

    def cells(self, row: Json) -> list[Cell]:
        return [Cell(str(row.get(column["id"]) or "")) for column in self.columns]

    def place(self, row: int = 0, column: str = "") -> str:
        parts = [self.name, f"row {row}" if row else "", f"column {column}" if column else ""]
        return ", ".join(part for part in parts if part)


def error(place: str, code: str, en: str, zh: str) -> RuleFinding:
    return RuleFinding(Severity.ERROR, place, code, en, zh)


def warning(place: str, code: str, en: str, zh: str) -> RuleFinding:
    return RuleFinding(Severity.WARNING, place, code, en, zh)


def check_structure(model: Json) -> list[RuleFinding]:
    """Size, nodes, edges. Anything found here makes the other checks pointless."""
    if len(json.dumps(model)) > MOST_BYTES:
        return [error("", "too_large", f"It is larger than {MOST_BYTES} bytes.", f"规则超过 {MOST_BYTES} 字节。")]
    nodes, edges = model.get("nodes"), model.get("edges")
    if nodes is None or edges is None or not _are_objects(nodes) or not _are_objects(edges):
        return [error("", "structure", "It needs lists “nodes” and “edges”.", "规则须包含 nodes 与 edges 列表。")]
    if len(nodes) > MOST_NODES:
        return [error("", "too_large", f"It has more than {MOST_NODES} nodes.", f"节点超过 {MOST_NODES} 个。")]
    found = [each for node in nodes for each in _check_node(node)]
    return found or list(_check_graph(nodes, edges))


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, Mapping) for each in value)


def _check_node(node: Json) -> Iterator[RuleFinding]:
    kind, name = node.get("type"), str(node.get("name") or node.get("id") or "")
    if not isinstance(node.get("id"), str) or not node["id"]:
        yield error(name, "structure", "A node needs an id.", "节点缺少 id。")
    elif kind not in KNOWN_NODES:
        en = f"A node of type {kind} is not let in; use decision tables and expressions."
        yield error(name, "hostile", en, f"不允许使用 {kind} 节点，请使用决策表和表达式。")
    elif kind == TABLE:
        yield from _check_table_shape(node, name)
    elif kind == EXPRESSIONS:
        content = node.get("content")
        listed = content.get("expressions") if isinstance(content, Mapping) else None
        if not _are_objects(listed) or any(not each.get("key") or "value" not in each for each in listed or []):
            yield error(name, "structure", "Each expression needs a key and a value.", "每个表达式须有 key 和 value。")


def _check_table_shape(node: Json, name: str) -> Iterator[RuleFinding]:
    content = node.get("content")
    if not isinstance(content, Mapping) or not all(
        _are_objects(content.get(key)) for key in ("inputs", "outputs", "rules")
    ):
        yield error(name, "structure", "A table needs inputs, outputs and rules.", "决策表须包含输入、输出和规则。")
        return
    if content.get("hitPolicy", "first") != "first" or content.get("executionMode", "single") != "single":
        yield error(name, "structure", "Only the first row that fits counts.", "只支持首个命中的规则行。")
    if content.get("inputField") or content.get("outputPath"):
        yield error(name, "structure", "A table works on the whole order.", "决策表须作用于整个订单上下文。")
    columns = [*content["inputs"], *content["outputs"]]
    if len(content["rules"]) > MOST_ROWS or len(columns) > MOST_COLUMNS:
        en = f"A table has at most {MOST_ROWS} rows and {MOST_COLUMNS} columns."
        yield error(name, "too_large", en, f"决策表最多 {MOST_ROWS} 行、{MOST_COLUMNS} 列。")
    if any(not isinstance(each.get("id"), str) for each in columns) or any(
        not each.get("field") for each in content["outputs"]
    ):
        yield error(name, "structure", "A column needs an id, an output its field.", "列须有 id，输出列须有字段。")


def _check_graph(nodes: Sequence[Json], edges: Sequence[Json]) -> Iterator[RuleFinding]:
    ids = [node["id"] for node in nodes]
    if len(set(ids)) != len(ids):
        yield error("", "structure", "Two nodes have one id.", "节点 id 重复。")
        return
    if [node["type"] for node in nodes].count("inputNode") != 1:
        yield error("", "structure", "It needs exactly one input.", "须恰好有一个输入节点。")
    if any(edge.get(end) not in ids for edge in edges for end in ("sourceId", "targetId")):
        yield error("", "structure", "An edge leads to no node.", "连线指向不存在的节点。")
        return
    try:
        order(nodes, edges)
    except CycleError:
        yield error("", "cycle", "The nodes lead in a circle.", "节点之间形成循环。")


def order(nodes: Sequence[Json], edges: Sequence[Json]) -> list[Json]:
    """Each node after those that lead to it. Raises CycleError."""
    before: dict[str, set[str]] = {node["id"]: set() for node in nodes}
    for edge in edges:
        before[edge["targetId"]].add(edge["sourceId"])
    by_id = {node["id"]: node for node in nodes}
    return [by_id[each] for each in TopologicalSorter(before).static_order()]


def tables(model: Json) -> list[TableView]:
    return [view(node) for node in model["nodes"] if node["type"] == TABLE]


def view(node: Json) -> TableView:
    content = node["content"]
    return TableView(
        node["id"], str(node.get("name") or node["id"]), content["inputs"], content["outputs"], content["rules"]
    )


def check_content(model: Json) -> list[RuleFinding]:
    """Names, types, dangerous forms and rows of a model whose structure is right."""
    found: list[RuleFinding] = []
    made: set[str] = set()
    for node in order(model["nodes"], model["edges"]):
        if node["type"] == TABLE:
            table = view(node)
            found += [*_check_cells(table, made), *_check_rows(table)]
            made |= {str(each["field"]).split(".")[0] for each in table.outputs}
        elif node["type"] == EXPRESSIONS:
            found += _check_expressions(node, made)
            made |= {str(each["key"]).split(".")[0] for each in node["content"]["expressions"]}
    if RESULT not in made:
        found.append(error("", "no_result", f"Nothing sets {RESULT}.", f"没有任何节点给出 {RESULT}。"))
    return found[:MOST_FINDINGS]


def _check_expressions(node: Json, made: set[str]) -> Iterator[RuleFinding]:
    own = set(made)
    for each in node["content"]["expressions"]:
        place = f"{node.get('name') or node['id']}, {each['key']}"
        yield from _check_text(str(each["value"]), place, own, condition=False)
        own.add(str(each["key"]).split(".")[0])


def _check_cells(table: TableView, made: set[str]) -> Iterator[RuleFinding]:
    for column in table.columns:
        field = str(column.get("field") or "")
        yield from _check_text(field, table.place(column=_title(column)), made, condition=False)
        for number, row in enumerate(table.rows, start=1):
            place, text = table.place(number, _title(column)), str(row.get(column["id"]) or "")
            yield from _check_text(text, place, made, condition=True)
            yield from _check_kind(field, text, place)
    for column in table.outputs:
        for number, row in enumerate(table.rows, start=1):
            text, place = str(row.get(column["id"]) or ""), table.place(number, _title(column))
            yield from _check_text(text, place, made, condition=False)
            if column["field"] == RESULT and not text.strip():
                yield error(
                    place, "cell_invalid", "A row needs its amount; 0 is none.", "每行须给出金额，0 表示无奖励。"
                )


def _check_text(text: str, place: str, made: set[str], *, condition: bool) -> Iterator[RuleFinding]:
    danger = hostile(text, condition=condition)
    if danger:
        yield error(place, "hostile", *danger)
        return
    for name in unknown_names(text, made):
        yield error(place, "unknown_field", f"There is no field {name}.", f"没有字段 {name}。")


def _check_kind(field: str, text: str, place: str) -> Iterator[RuleFinding]:
    """A number compared with a text never fits: such a row would only seem to be there."""
    region = Cell(text).region
    if region is None or field not in FIELDS:
        return
    kind: Kind = FIELDS[field][0]
    if region.kind != kind:
        yield error(place, "cell_invalid", f"{text} is no {kind}.", f"{text} 与列类型 {kind} 不符。")


def _check_rows(table: TableView) -> Iterator[RuleFinding]:
    rows = [table.cells(row) for row in table.rows]
    if not any(all(cell.any for cell in row) for row in rows):
        en, zh = "The last row must fit every order and say what it gets.", "最后一行须匹配所有订单，并给出默认结果。"
        yield error(table.place(), "no_default", en, zh)
        yield from _check_gaps(table, rows)
    for low, lower in enumerate(rows):
        for high, upper in enumerate(rows[:low]):
            if row_covers(upper, lower):
                en, zh = f"Row {high + 1} takes every order of it.", f"其订单已全部被第 {high + 1} 行命中。"
                yield error(table.place(low + 1), "unreachable", en, zh)
                break
            if rows_meet(upper, lower) and not row_covers(lower, upper):
                en = f"Orders that fit row {high + 1} too are taken by it."
                yield warning(table.place(low + 1), "overlap", en, f"与第 {high + 1} 行重叠，重叠的订单由该行处理。")


def _check_gaps(table: TableView, rows: Sequence[Sequence[Cell]]) -> Iterator[RuleFinding]:
    for at, column in enumerate(table.columns):
        regions = [row[at].region for row in rows]
        intervals = [each for region in regions if region is not None for each in region.intervals]
        for low, high in holes(intervals):
            en, zh = f"No row names what lies between {low} and {high}.", f"{low} 与 {high} 之间没有规则行。"
            yield warning(table.place(column=_title(column)), "gap", en, zh)


def _title(column: Json) -> str:
    return str(column.get("name") or column.get("field") or column["id"])
