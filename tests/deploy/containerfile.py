"""A Containerfile as a list of instructions, read the way an engine does: comments away, continued lines joined."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Instruction:
    word: str
    rest: str


def stages(file: Path) -> list[list[Instruction]]:
    """The instructions of each stage, its FROM first; the ARGs before the first FROM are left out."""
    lines = [line for line in file.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines)).splitlines()
    found: list[list[Instruction]] = []
    for word, _, rest in (line.partition(" ") for line in joined if line.strip()):
        if word == "FROM":
            found.append([])
        if found:
            found[-1].append(Instruction(word, " ".join(rest.split())))
    return found


def last(stage: list[Instruction], word: str) -> str:
    return [each.rest for each in stage if each.word == word][-1]
