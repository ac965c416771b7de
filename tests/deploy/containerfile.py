"""A Containerfile and the file beside it that says what the build may see, read the way an engine does."""

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


def visible(files: list[str], ignore: Path) -> list[str]:
    """Of the files of a folder those that reach the build: for each the last line that speaks of it decides."""
    lines = [line.strip() for line in ignore.read_text().splitlines()]
    rules = [(_pattern(line.removeprefix("!")), line[0] == "!") for line in lines if line and line[0] != "#"]
    return [file for file in files if _decision(file, rules)]


def _decision(file: str, rules: list[tuple[re.Pattern[str], bool]]) -> bool:
    spoken = [keeps for pattern, keeps in rules if pattern.match(file)]
    return spoken[-1] if spoken else True


def _pattern(line: str) -> re.Pattern[str]:
    """A line means the path itself and all below it."""
    words = re.escape(line).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
    return re.compile(f"{words}(?:/|$)")
