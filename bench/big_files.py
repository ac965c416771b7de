"""Files as large as they come (N1.1): memory of the process that keeps them, rows a second, against COPY.

`python -m bench.big_files [--quick] [--only camt,csv,pos] [--share 0.1]`: a camt.053 of a million entries, which is a
gigabyte, a bank's CSV of a million rows in GB18030, ten million lines of points of sale. Each is kept by the job that
keeps large files, in a process of its own, from the file store into a database of its own. Half of a statement's rows
are money in, each of which is told on and looked at by the matcher; nothing is owed. COPY reads the same rows into a
table of text without index. The full size is for a quiet machine with 10 GB of room in TMPDIR; `--share` takes a part.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench.big_sources import copy_rows, write_camt, write_csv, write_pos
from bench.cpu import Work
from bench.report import figure, machine, options, say
from chassis.files import FileStore
from chassis.local import LocalPostgres, create_service_database, temporary_folder
from chassis.migrations import migrate
from integration.bootstrap import MIGRATIONS
from integration.feeds.source import LARGEST_FILE

QUICK = 0.004
ROOM_MB = 300
PIECE = 1 << 20


@dataclass(frozen=True)
class Kind:
    name: str
    feed: str
    rows: int
    write: Callable[[Path, int], None]


KINDS = {
    "camt": Kind("camt.053", "bank", 1_000_000, write_camt),
    "csv": Kind("bank CSV in GB18030", "bank", 1_000_000, write_csv),
    "pos": Kind("lines of points of sale", "pos_sales", 10_000_000, write_pos),
}


@contextmanager
def opened(folder: Path) -> Iterator[tuple[str, int]]:
    """A database of integration, and the process that serves it."""
    with LocalPostgres(folder / "postgres", ephemeral=True) as postgres:
        url = create_service_database(postgres, "integration")
        migrate(url, MIGRATIONS)
        yield url, postgres.process.pid


def measure(kind: Kind, rows: int) -> None:
    with temporary_folder("closeloop-big-") as folder, opened(folder) as (url, postgres):
        files, path = FileStore((folder / "files").as_uri()), folder / "big"
        kind.write(path, rows)
        size = path.stat().st_size
        with path.open("rb") as content:
            file_id = files.put(content, "big", LARGEST_FILE).id
        limit = _copied(url, _lines(path) if kind.feed == "pos_sales" else copy_rows(rows)) / rows
        path.unlink()
        work = Work({"postgres": postgres})
        told = _kept(url, (folder / "files").as_uri(), kind.feed, file_id)
        database = work.seconds()["postgres"]
    _tell(kind, rows, size, told, database, limit)


def _kept(url: str, files: str, feed: str, file_id: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.big_import", url, files, feed, file_id]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _tell(kind: Kind, rows: int, size: int, told: dict[str, Any], database: float, limit: float) -> None:
    if (told["outcome"], told["new"], told["rejected"]) != ("ok", rows, 0):
        raise SystemExit(f"{kind.name}: {told}")
    taken = told["seconds"] / rows
    figure(
        f"{kind.name}, {rows} rows, {size / 1e6:.0f} MB",
        f"{1 / taken:.0f} rows/s, peak {told['peak_mb']} MB ({told['idle_mb']} before)",
        f"{ROOM_MB} MB",
        f"{limit / taken:.4f} of COPY ({1 / limit:.0f} rows/s)",
    )
    say(f"  {told['seconds']:.1f} s; CPU µs per row: process {told['cpu'] * 1e6 / rows:.0f}, "
        f"postgres {database * 1e6 / rows:.0f}")  # fmt: skip


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as content:
        next(content)
        yield from content


def _copied(url: str, lines: Iterable[str]) -> float:
    """Seconds that COPY needs, the making of the lines not counted."""
    seconds = 0.0
    with psycopg.connect(url) as connection:
        connection.execute(f"CREATE TABLE bench_copy ({', '.join(f'c{n} text' for n in range(10))})")
        with connection.cursor().copy("COPY bench_copy FROM STDIN (FORMAT csv)") as copy:
            for piece in _pieces(lines):
                began = time.perf_counter()
                copy.write(piece)
                seconds += time.perf_counter() - began
            began = time.perf_counter()
        connection.commit()
        seconds += time.perf_counter() - began
        connection.execute("DROP TABLE bench_copy")
    return seconds


def _pieces(lines: Iterable[str]) -> Iterator[bytes]:
    held = bytearray()
    for line in lines:
        held += line.encode()
        if len(held) >= PIECE:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


def main() -> int:
    asked = options(__doc__ or "", only="kinds by commas: camt, csv, pos", share="part of the full size, such as 0.1")
    machine()
    share = QUICK if asked.quick else float(asked.share or 1)
    for name in filter(None, (asked.only or ",".join(KINDS)).split(",")):
        measure(KINDS[name], int(KINDS[name].rows * share))
    return 0


if __name__ == "__main__":
    sys.exit(main())
