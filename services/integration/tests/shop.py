"""A system of points of sale for tests: numbered files of receipt lines, and lists behind cursors."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from services.integration.tests.world import HttpSource

HEADING = "store,receipt_no,line,version,sold_at,region,category,sku,units,amount\n"


def line(receipt: str = "R1", number: int = 1, **changes: Any) -> str:
    told = {
        "store": "S001", "receipt_no": receipt, "line": number, "version": 1, "sold_at": "2026-03-09T10:00:00+08:00",
        "region": "华东大区", "category": "耗材", "sku": "CON-1", "units": 2, "amount": "90.00",
    } | changes  # fmt: skip
    return ",".join(str(each) for each in told.values()) + "\n"


def many(count: int, receipts: int = 0) -> Iterator[str]:
    """Lines of 500 SKUs, a yuan each, over the days of February."""
    for number in range(receipts, receipts + count):
        day = f"2026-02-{number % 28 + 1:02}T10:00:00+08:00"
        yield line(f"R{number // 4:08}", number % 4, sku=f"CON-{number % 500}", units=1, amount="1.00", sold_at=day)


@dataclass
class Shop:
    """`files`: content by number. `lists`: rows of a list by its name."""

    source: HttpSource
    files: dict[int, bytes] = field(default_factory=dict)
    lists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def open(self) -> Shop:
        self.source.routes["/sales/files"] = self._listed
        for name in ("customers", "promotions"):
            self.source.routes[f"/{name}"] = self._list(name)
        return self

    def put(self, number: int, *lines: str) -> None:
        self.files[number] = (HEADING + "".join(lines)).encode()
        self.source.routes[f"/sales/files/{number:05}.csv"] = lambda _: self.files[number]

    def _listed(self, query: dict[str, str]) -> dict[str, Any]:
        later = [number for number in sorted(self.files) if number > int(query["after"])]
        return {
            "files": [
                {"sequence": each, "file": f"{each:05}.csv", "sha256": hashlib.sha256(self.files[each]).hexdigest()}
                for each in later
            ]
        }

    def _list(self, name: str) -> Any:
        def answer(query: dict[str, str]) -> dict[str, Any]:
            after = int(query.get("after", 0))
            rows = self.lists.get(name, [])[after : after + int(query["limit"])]
            return {name: rows, "cursor": str(after + len(rows))}

        return answer
