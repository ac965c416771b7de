"""What an import needs to know of a kind of history: how its rows are read, taken in and taken back (LD1.6).

The kinds themselves stand in `history_import`; the wiring brings the two together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Row

from chassis.errors import Violation
from chassis.unit_of_work import Transaction
from leads.imports.row_rules import Form
from leads.imports.try_rows import Judged


@dataclass(frozen=True)
class Taken:
    """`refused`: rows that could be read but not be taken in, one entry per field."""

    judged: Sequence[Judged]
    refused: Sequence[tuple[int, Violation]] = ()


@dataclass(frozen=True)
class TakenBack:
    """One chunk. `kept`: id → name, why in English and Chinese; `undone`: known records as they were again."""

    withdrawn: int = 0
    kept: Mapping[str, tuple[str, str, str]] | None = None
    undone: int = 0
    more: bool = False


class HistoryKind(Protocol):
    """Stateless; one for all imports."""

    @property
    def form(self) -> Form: ...

    def read(self, cells: Sequence[str], columns: Mapping[str, int], width: int, now: datetime) -> Any:
        """Raises InvalidInput with every cell that can't be read."""

    def key(self, line: Any) -> str:
        """Two rows of a file with the same key tell of the same."""

    def take(self, tx: Transaction, lines: Sequence[tuple[int, Any]], row: Row[Any]) -> Taken:
        """Rows by number, into the import that `row` is. It starts no clock."""

    def take_back(self, tx: Transaction, row: Row[Any], most: int) -> TakenBack:
        """What nobody else has touched."""
