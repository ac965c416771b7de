"""Records that a system numbers one by one and gives out after a number, with the faults of such lists."""

from __future__ import annotations

from pathlib import Path

from simulators.faults import Mode
from simulators.records import Record, read_records, write_records


class NumberedLog:
    def __init__(self, path: Path) -> None:
        self._path = path
        self.records = read_records(path)

    def append(self, record: Record) -> Record:
        """With the next number as `seq`."""
        kept = {**record, "seq": len(self.records) + 1}
        self.records.append(kept)
        write_records(self._path, self.records)
        return kept

    def after(self, number: int, limit: int, fault: Mode) -> list[Record]:
        """A hole leaves out the last but one, so that a number is passed over."""
        found = [each for each in self.records if each["seq"] > number][:limit]
        if fault is Mode.HOLE:
            return [*found[:-2], *found[-1:]]
        if fault is Mode.DUPLICATE:
            return [each for each in found for _ in range(2)]
        if fault is Mode.REORDER:
            return found[::-1]
        if fault is Mode.SCHEMA:
            return [{("number" if name == "seq" else name): value for name, value in each.items()} for each in found]
        return found
