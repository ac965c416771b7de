"""Leads by CSV (LD1.6): rows a second, against COPY of the same file.

`python -m bench.csv_import`: rows with eight columns, each a lead of its own. Taken in alone: the import's own code in
this process, 20,000 rows, without what follows a chunk. By the door: a stored file, started and followed by RPC, 500
rows for 400 reps, until every row is in and each lead has its owner or waits. COPY reads the same file into a table of
text.
"""

from __future__ import annotations

import io
import sys
import time
from uuid import uuid4

import psycopg

from bench.people import HQ, hire, place
from bench.report import figure, machine, options, say
from bench.stand import Stand, open_stand
from chassis.clock import Clock
from chassis.files import FileStore
from chassis.identity import of_service
from chassis.policy import Policies
from chassis.testing.identity import as_hq
from closeloop.leads.v1 import capture_service_pb2 as pb
from closeloop.leads.v1.capture_service_pb2_grpc import CaptureServiceStub
from leads import policies
from leads.bootstrap import catalog
from leads.imports.run_import import Importer, run_imports
from leads.imports.start_import import start_import
from tests.faults.programs import wait_for

HEADINGS = "公司名称,联系人,手机号,渠道,行业,省份,城市,备注\n"
REPS = 400
GOAL = 3_000


def table(rows: int, series: int) -> bytes:
    lines = (f"压测{series}第{n}公司,王工,13{series}{n:08d},展会,医疗,浙江,杭州,采购第{n}台设备\n" for n in range(rows))
    return (HEADINGS + "".join(lines)).encode()


def alone(stand: Stand, content: bytes, rows: int) -> float:
    """Rows a second of the take-in by itself, in this process."""
    uow, clock = stand.uow("leads", catalog()), stand.clock
    files = FileStore((stand.folder / "files").as_uri())
    stored = files.put(io.BytesIO(content), "leads.csv", 1 << 30)
    importer = Importer(uow, files, _policies(stand, clock))
    with uow.begin(of_service("leads")) as tx:
        started = start_import(tx, files, stored.id, "expo", {})
        tx.commit()
    worked, began = time.process_time(), time.perf_counter()
    run_imports(importer)
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    with uow.read(of_service("leads")) as tx:
        row = tx.conn.exec_driver_sql(
            "SELECT state, created FROM lead_import WHERE import_id = %s", (started.import_id,)
        ).one()
    assert tuple(row) == ("done", rows), row
    say(f"  this process worked {worked * 1e6 / rows:.0f} CPU µs per row")
    return rows / seconds


def by_the_door(stand: Stand, content: bytes, rows: int) -> float:
    """Rows a second until none is without an owner or a reason to wait."""
    files = FileStore((stand.folder / "files").as_uri())
    stored = files.put(io.BytesIO(content), "leads.csv", 1 << 30)
    work, began = stand.work(), time.perf_counter()
    with stand.channel("leads", as_hq(HQ)) as channel:
        stub = CaptureServiceStub(channel)
        request = pb.StartImportRequest(request_id=str(uuid4()), file_id=stored.id, channel="expo")
        started = getattr(stub.StartImport(request), "import")

        def done() -> bool:
            found = getattr(stub.GetImport(pb.GetImportRequest(import_id=started.import_id)), "import")
            return bool(found.state == pb.IMPORT_STATE_DONE and found.created == rows)

        wait_for(done, 600, "the end of the import")
        wait_for(lambda: _untried(stand) == 0, 600, "the end of the queue")
    seconds = time.perf_counter() - began
    say(f"  {work.per(rows)}")
    return rows / seconds


def _untried(stand: Stand) -> int:
    """Leads that have neither an owner nor a reason to wait."""
    with stand.databases["leads"].connect() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM lead WHERE state = 'new'").scalar_one())


def copied(stand: Stand, content: bytes, rows: int) -> float:
    columns = ", ".join(f"c{n} text" for n in range(HEADINGS.count(",") + 1))
    with psycopg.connect(stand.databases["leads"].url) as connection:
        connection.execute(f"CREATE TABLE bench_copy ({columns})")
        began = time.perf_counter()
        with connection.cursor().copy("COPY bench_copy FROM STDIN (FORMAT csv, HEADER)") as copy:
            copy.write(content)
        connection.commit()
        seconds = time.perf_counter() - began
        connection.execute("DROP TABLE bench_copy")
    return rows / seconds


def _policies(stand: Stand, clock: Clock) -> Policies:
    return Policies(stand.databases["leads"], policies.SPECS, clock)


def main() -> int:
    asked = options(__doc__ or "")
    machine()
    rows, assigned = (200, 50) if asked.quick else (20_000, 500)
    with open_stand() as stand:
        stand.start("integration", "leads")
        hire(stand, REPS)
        place(stand, REPS)
        content = table(assigned, 7)
        door = by_the_door(stand, content, assigned)
        for each in stand.programs.values():
            each.end()  # the rest has the cores to itself
        content = table(rows, 8)
        taken, limit = alone(stand, content, rows), copied(stand, content, rows)
    say(f"COPY of the same {len(content) // 1024} kB: {limit:.0f} rows/s")
    figure(f"CSV taken in, {rows} rows", f"{taken:.0f} rows/s", f"{GOAL} rows/s", f"{taken / limit:.4f} of COPY")
    figure(f"CSV by the door, {assigned} rows, each assigned", f"{door:.0f} rows/s", "",
           f"{door / limit:.5f} of COPY")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
