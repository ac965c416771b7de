"""Lines of a text file for the CSV reader, no row of them larger than can be held (LD1.1).

A row may go on over several lines, and a line may be the whole file: either would be taken into memory as a whole.
"""

from __future__ import annotations

from typing import TextIO

# As long as the CSV reader lets a single cell be.
MOST_CHARACTERS = 128 << 10


class RowTooLong(Exception):
    """The row that is being read."""


class Lines:
    """`row_read` is said behind each row. Raises RowTooLong."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._taken = 0

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = self._text.readline(MOST_CHARACTERS + 1)
        if not line:
            raise StopIteration
        self._taken += len(line)
        if self._taken > MOST_CHARACTERS:
            raise RowTooLong
        return line

    def row_read(self) -> None:
        self._taken = 0
