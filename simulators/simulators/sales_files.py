"""Receipt lines of the points of sale in numbered CSV files: listed with their checksums, given or generated."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from simulators.application import Handler, Simulator, bad_request, whole_number
from simulators.faults import Mode, fault_of
from simulators.records import Record

COLUMNS = ("store", "receipt_no", "line", "version", "sold_at", "region", "category", "sku", "units", "amount")
USUAL = {"store": "S001", "line": 1, "version": 1, "region": "华东大区", "category": "耗材", "sku": "CON-1", "units": 1}
MOST_GENERATED = 10_000_000


def files(folder: Path) -> list[Path]:
    return sorted((folder / "sales").glob("*.csv"))


def lister(folder: Path) -> Handler:
    async def read(request: Request) -> Response:
        after = whole_number(request.query_params.get("after"), 0)
        if after is None:
            return bad_request("after is a whole number")
        fault = fault_of(request)
        told = [
            {"sequence": int(each.stem), "file": each.name, "sha256": digest(each, fault)}
            for each in files(folder) if int(each.stem) > after
        ]  # fmt: skip
        if fault is Mode.HOLE:
            told = told[1:]
        return JSONResponse({"files": told[::-1] if fault is Mode.REORDER else told})

    return read


def opener(folder: Path) -> Handler:
    async def read(request: Request) -> Response:
        path = folder / "sales" / Path(request.path_params["name"]).name
        if not path.is_file():
            return JSONResponse({"error": "no such file"}, status_code=404)
        fault = fault_of(request)
        if fault in (Mode.CUT, Mode.SCHEMA, Mode.DUPLICATE):
            return Response(spoil(path.read_bytes(), fault), media_type="text/csv")
        return FileResponse(path, media_type="text/csv")

    return read


def digest(path: Path, fault: Mode) -> str:
    """Of a file of another form its own, so that the form is what is wrong."""
    if fault is Mode.CHECKSUM:
        return "0" * 64
    sha = hashlib.sha256()
    with path.open("rb") as content:
        while piece := content.read(1 << 20):
            sha.update(piece)
    return sha.hexdigest()


def spoil(content: bytes, fault: Mode) -> bytes:
    if fault is Mode.CUT:
        return content[: len(content) * 2 // 3]
    heading, _, rest = content.partition(b"\n")
    if fault is Mode.DUPLICATE:
        return content + rest
    return heading.replace(b"amount", b"total") + b"\n" + rest


def seller(folder: Path, simulator: Simulator) -> Handler:
    async def sell(request: Request) -> Response:
        """A new file with the given lines, or with so many generated ones."""
        body = await request.json()
        now = simulator.clock.now()
        count = int(body.get("generate", 0))
        if count > MOST_GENERATED:
            return bad_request(f"at most {MOST_GENERATED} lines")
        number = max((int(each.stem) for each in files(folder)), default=0) + 1
        told = given(body.get("lines", ()), now) if not count else generated(count, number, now)
        path = folder / "sales" / f"{number:06}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".part")
        with fresh.open("w", encoding="utf-8") as file:
            file.write(",".join(COLUMNS) + "\n")
            file.writelines(told)
        fresh.rename(path)
        return JSONResponse({"file": path.name, "sequence": number})

    return sell


def given(lines: Iterable[Record], now: datetime) -> Iterator[str]:
    for number, each in enumerate(lines, start=1):
        whole = {**USUAL, "receipt_no": f"R{number}", "sold_at": now.isoformat(), "amount": "0.00", **each}
        yield ",".join(str(whole[name]) for name in COLUMNS) + "\n"


def generated(count: int, number: int, now: datetime) -> Iterator[str]:
    """Four lines a receipt over the last 28 days, ten stores, 500 SKUs."""
    for each in range(count):
        sold = (now - timedelta(days=each % 28)).isoformat()
        yield (
            f"S{each % 10:03},F{number}-{each // 4:08},{each % 4 + 1},1,{sold},华东大区,耗材,CON-{each % 500},"
            f"{each % 5 + 1},{(each % 5 + 1) * 45}.00\n"
        )
