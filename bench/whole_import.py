"""A file of 100,000 leads from the upload to its revert, by the real door (LD1.6), and captures by others meanwhile.

`python -m bench.whole_import [--quick] [--only gb18030,bom,xlsx] [--rows N] [--roles apart]`: uploaded by REST, tried,
taken in, its refused rows fetched as a file, taken back; progress is read from the live stream. Meanwhile ten leads a
second come in by gRPC. Names, cities and phones are drawn, so that names are compared with each other. Memory is the
peak of the process that imports, which has all roles of leads unless `--roles apart`; 100 reps get what they may hold,
the rest waits.
"""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import uuid4

from bench.captures import Captures, by_grpc
from bench.lead_files import WRITTEN, lines
from bench.load import Taken, open_loop
from bench.people import HQ, hire, place, renew
from bench.progress import Progress
from bench.report import figure, machine, options, say
from bench.rest import Person
from bench.stand import APART, Stand, open_stand

ROWS, QUICK, REPS, RATE = 100_000, 300, 100, 10.0
PATIENCE = 600.0


class Others:
    """Leads that come in by themselves, ten a second."""

    def __init__(self, stand: Stand, series: int) -> None:
        self.taken = Taken()
        self._over = Event()
        self._thread = Thread(target=self._come, args=(stand, Captures(series)))

    def __enter__(self) -> Others:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _come(self, stand: Stand, captures: Captures) -> None:
        number = 0
        with by_grpc(stand) as stubs:
            while not self._over.is_set():
                first, seconds = number, 2.0
                taken = open_loop(
                    lambda n, first=first: stubs[n % len(stubs)].CaptureLead(captures.request(first + n)),  # type: ignore[misc]
                    RATE,
                    seconds,
                )
                self.taken.seconds += taken.seconds
                self.taken.errors += taken.errors
                number += round(RATE * seconds)


def measure(stand: Stand, form: str, rows: int, series: int) -> None:
    content = WRITTEN[form](lines(rows, series))
    renew(stand)
    person = Person(stand, HQ)
    progress = Progress(stand, person.token)
    began = time.perf_counter()
    file_id = person.upload(content, f"leads.{'xlsx' if form == 'xlsx' else 'csv'}")
    say(f"{form}: {len(content) / 1e6:.1f} MB uploaded in {time.perf_counter() - began:.1f} s")
    tried = _run(stand, person, progress, f"{form}: tried", rows, file_id, dry_run=True)
    with Others(stand, series) as others:
        taken = _run(stand, person, progress, f"{form}: taken in", rows, file_id)
    assert (taken["created"], taken["failed"]) == (tried["created"], tried["failed"]), (tried, taken)
    assert taken["rowsRead"] == rows, taken
    figure(f"{form}: captured by others meanwhile, {RATE:.0f}/s", str(others.taken))
    path = f"/api/v1/lead-imports/{taken['importId']}"
    person.close()  # the door has given up on a connection that was silent for so long
    began = time.perf_counter()
    person.post(f"{path}:error-file", {"requestId": str(uuid4())})
    figure(f"{form}: file of {taken['failed']} refused rows", f"{time.perf_counter() - began:.1f} s", "15 s")
    work, began = stand.work(), time.perf_counter()
    person.post(f"{path}:revert", {"requestId": str(uuid4()), "reason": "bench"})
    gone = progress.until(taken["importId"], "reverted", PATIENCE)
    seconds = time.perf_counter() - began
    assert gone["withdrawn"] + gone["kept"] == taken["created"], gone
    figure(f"{form}: {rows} rows taken back", f"{rows / seconds:.0f} rows/s, {gone['kept']} kept")
    say(f"  {work.per(rows)}")
    say(f"  memory of leads at most {_peak(stand)} MB")
    progress.close()
    person.close()


def _run(
    stand: Stand, person: Person, progress: Progress, name: str, rows: int, file_id: str, *, dry_run: bool = False
) -> dict[str, Any]:
    work, began = stand.work(), time.perf_counter()
    body = {"requestId": str(uuid4()), "fileId": file_id, "channel": "expo", "dryRun": dry_run}
    import_id = str(person.post("/api/v1/lead-imports", body)["import"]["importId"])
    told = progress.until(import_id, "done", PATIENCE)
    seconds = time.perf_counter() - began
    figure(
        f"{name}, {rows} rows", f"{rows / seconds:.0f} rows/s, silent for {progress.silence(import_id):.1f} s at most"
    )
    say(f"  {work.per(rows)}")
    return told


def _peak(stand: Stand) -> int:
    importing = stand.programs.get("leads jobs", stand.programs["leads"])
    status = Path(f"/proc/{importing.pid}/status").read_text()
    found = re.search(r"^VmHWM:\s+(\d+)", status, re.M)
    return int(found[1]) // 1024 if found else 0


def main() -> int:
    asked = options(__doc__ or "", only="forms, separated by commas", rows="instead of 100,000", roles=APART)
    machine()
    rows = int(asked.rows or (QUICK if asked.quick else ROWS))
    with open_stand() as stand:
        stand.start("integration", "leads", gateway=True, roles_apart=asked.roles == "apart")
        hire(stand, REPS)
        place(stand, REPS)
        with Others(stand, 6) as others:
            time.sleep(2 if asked.quick else 6)
        figure(f"captured with nothing beside, {RATE:.0f}/s", str(others.taken))
        for series, form in enumerate(WRITTEN):
            if not asked.only or form in asked.only.split(","):
                measure(stand, form, rows, series)
    return 0


if __name__ == "__main__":
    sys.exit(main())
