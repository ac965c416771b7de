"""docs/slip-states.md: the states of a slip, from the table that the code asks."""

from __future__ import annotations

from collections import defaultdict

from incentives.slips.rules import TABLE, Command, Role, State

HEAD = """# The states of a slip

Which command leads where, and who may give it. Written by `make docs` from `TABLE` in
[slips/rules.py](../services/incentives/incentives/slips/rules.py); a step that is not here is refused with the ones
that are. `cancel`, by the system from any state before `paid`, is left out of the picture. A claw-back is a slip of its
own: it begins as `payable`, or `settled` when the slip it takes back was not paid yet.
"""


def render() -> str:
    return "\n".join([HEAD, *_diagram(), "", *_rows(), ""])


def _diagram() -> list[str]:
    arrows: dict[tuple[State, State], list[Command]] = defaultdict(list)
    for (state, command), (_, after) in TABLE.items():
        if command is not Command.CANCEL:
            arrows[state, after].append(command)
    lines = [f"    {one} --> {two}: {', '.join(commands)}" for (one, two), commands in arrows.items()]
    return ["```mermaid", "stateDiagram-v2", "    [*] --> pending", "    [*] --> held", *lines, "```"]


def _rows() -> list[str]:
    rows = [f"| {state} | {command} | {_who(roles)} | {after} |" for (state, command), (roles, after) in TABLE.items()]
    return ["| state | command | by | then |", "| --- | --- | --- | --- |", *rows]


def _who(roles: frozenset[Role]) -> str:
    return ", ".join(each for each in Role if each in roles)
