"""Which numbered files of sales are still to be read, and where in them a run goes on (N1.2, N2.2)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace

# More numbers than this can't be missing: a source that jumps so far counts anew.
MOST_MISSING = 1000


@dataclass(frozen=True)
class SalesFile:
    number: int
    name: str
    sha256: str


@dataclass(frozen=True)
class Reading:
    """`done`: the highest number that was read. `missing`: lower ones the source has not shown yet.

    `sha256`, `offset`, `row`: the file that a run broke off in, and where it goes on.
    """

    done: int = 0
    missing: tuple[int, ...] = field(default=())
    sha256: str = ""
    offset: int = 0
    row: int = 1

    @classmethod
    def of(cls, checkpoint: str) -> Reading:
        told = json.loads(checkpoint or "{}")
        return cls(**told | {"missing": tuple(told.get("missing", ()))})

    def __str__(self) -> str:
        return json.dumps(asdict(self))

    @property
    def ask_after(self) -> int:
        return min(self.missing, default=self.done + 1) - 1

    def due(self, listed: Iterable[SalesFile]) -> list[SalesFile]:
        """In the order of their numbers."""
        return sorted(
            (each for each in listed if each.number > self.done or each.number in self.missing),
            key=lambda each: each.number,
        )

    def place_in(self, file: SalesFile) -> tuple[int, int]:
        """Offset and row to go on with; the beginning when the file is not the one that was broken off in."""
        return (self.offset, self.row) if file.sha256 and file.sha256 == self.sha256 else (0, 1)

    def within(self, file: SalesFile, offset: int, row: int) -> Reading:
        return replace(self, sha256=file.sha256, offset=offset, row=row)

    def behind(self, file: SalesFile) -> Reading:
        """A file was read to its end. Raises ValueError when numbers jump too far."""
        skipped: Sequence[int] = range(self.done + 1, file.number) if self.done else ()
        if len(skipped) > MOST_MISSING:
            raise ValueError(f"the numbers jump from {self.done} to {file.number}")
        missing = tuple(each for each in (*self.missing, *skipped) if each != file.number)
        return Reading(max(self.done, file.number), missing)
