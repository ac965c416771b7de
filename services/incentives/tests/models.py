"""Decision models for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from itertools import pairwise
from typing import Any

from incentives.rule_library.context_rules import SAMPLE

Json = dict[str, Any]
ORDER: Json = {"id": "order", "type": "inputNode", "name": "Order"}


def table(fields: Sequence[str], *rows: Sequence[str]) -> Json:
    """One table; the last cell of a row is its amount."""
    inputs = [{"id": f"c{at}", "name": field, "field": field} for at, field in enumerate(fields)]
    rules = [{**{f"c{at}": cell for at, cell in enumerate(row[:-1])}, "out": row[-1]} for row in rows]
    content = {
        "hitPolicy": "first",
        "inputs": inputs,
        "outputs": [{"id": "out", "name": "Bonus", "field": "bonusFen"}],
        "rules": rules,
    }
    return graph({"id": "bonus", "type": "decisionTableNode", "name": "Bonus", "content": content})


def expression(value: str, key: str = "bonusFen") -> Json:
    content = {"expressions": [{"id": "e", "key": key, "value": value}]}
    return graph({"id": "bonus", "type": "expressionNode", "name": "Bonus", "content": content})


def graph(*nodes: Json) -> Json:
    chain = [ORDER, *nodes]
    edges = [
        {"id": f"e{at}", "sourceId": one["id"], "targetId": two["id"], "type": "edge"}
        for at, (one, two) in enumerate(pairwise(chain))
    ]
    return {"nodes": chain, "edges": edges}


def order(**changes: Any) -> Json:
    """A plain order context; `deal_amountFen=1` sets deal.amountFen."""
    made: Json = deepcopy(dict(SAMPLE))
    for path, value in changes.items():
        root, _, name = path.partition("_")
        made[root][name] = value
    return made


def placed(findings: Sequence[Any]) -> Mapping[str, str]:
    """Code by place."""
    return {each.place: each.code for each in findings}
