"""Data files of the simulators: read at start, written back atomically when a command adds to them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

Record = dict[str, Any]


def read_records(path: Path) -> list[Record]:
    """An absent file is an empty system."""
    if not path.exists():
        return []
    loaded: list[Record] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def write_records(path: Path, records: Iterable[Record]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as fresh:
        json.dump(list(records), fresh, ensure_ascii=False)
    Path(fresh.name).replace(path)


class ChangeLog:
    """Records in the order of their changes; a position in it is a cursor that callers keep."""

    def __init__(self, path: Path, key: str) -> None:
        self._path = path
        self._key = key
        self.changes = read_records(path)

    def __len__(self) -> int:
        return len(self.changes)

    def append(self, records: Iterable[Record]) -> None:
        self.changes.extend(records)
        write_records(self._path, self.changes)

    def current(self) -> list[Record]:
        """The last state of each record, in the order in which it first appeared."""
        latest: dict[str, Record] = {}
        for record in self.changes:
            latest[record[self._key]] = record
        return list(latest.values())

    def since(self, position: int) -> list[Record]:
        return self.changes[position:]
