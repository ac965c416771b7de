"""Whoever works on an import is killed in the middle of it: who goes on leaves nothing out and does nothing twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from chassis.kernel.ids import new_id
from closeloop.leads.v1 import capture_service_pb2 as pb
from closeloop.leads.v1 import import_service_pb2 as import_pb
from leads.imports import attempts
from leads.imports.run_import import run_imports

from .bringing_along import CUSTOMER, CUSTOMERS, customers, hospital
from .company import Company
from .test_import import line, publish_small_chunks, start, state, table
from .test_import_trial import door


def killed(company: Company, files: Path, commit: int) -> None:
    script = Path(__file__).with_name("import_and_die.py")
    arguments = [company.service.runtime.database.url, str(files), str(commit)]
    died = subprocess.run(
        [sys.executable, script, *arguments], env=os.environ | {"CLOSELOOP_MODE": "local"}, check=False
    )
    assert died.returncode == -signal.SIGKILL


@pytest.mark.spec("LD1.1", "P1.7", "P7.1")
def test_an_import_killed_in_a_chunk_goes_on_at_its_checkpoint_without_doubling(
    company: Company, tmp_path: Path
) -> None:
    company.hire("E1", "E2", "E3")
    publish_small_chunks(company)
    import_id = start(company, table([line(n) for n in range(1, 41)]))
    killed(company, tmp_path / "files", 4)
    assert (state(company, import_id).rows_read, state(company, import_id).created) == (20, 20)

    run_imports(company.app.importer)
    done = state(company, import_id)
    assert (done.state, done.rows_read, done.created, done.appended) == (pb.IMPORT_STATE_DONE, 40, 40, 0)
    with company.service.runtime.database.connect() as conn:
        assert conn.scalar(text("SELECT count(*) FROM lead")) == 40
        assert conn.scalar(text("SELECT count(*) FROM touch")) == 40
    counted = [each.message.rows_read for each in company.events("leads.import_progressed")]
    assert counted == [10, 20, 30, 40, 40]


@pytest.mark.spec("LD1.6", "P7.1")
def test_history_killed_in_a_chunk_goes_on_without_doubling(company: Company, tmp_path: Path) -> None:
    company.hire("E1")
    publish_small_chunks(company)
    content = table([hospital(f"客户{n}", f"C{n}") for n in range(1, 31)], headings=CUSTOMER)
    import_id = start(company, content, kind=CUSTOMERS)
    killed(company, tmp_path / "files", 3)
    assert state(company, import_id).created == 10
    run_imports(company.app.importer)
    done = state(company, import_id)
    assert (done.state, done.created, done.appended) == (pb.IMPORT_STATE_DONE, 30, 0)
    assert len(customers(company)) == 30
    assert len(company.events("customers.created")) == 30


@pytest.mark.spec("LD1.6", "P7.1")
def test_a_revert_killed_half_way_goes_on_and_withdraws_nothing_twice(company: Company, tmp_path: Path) -> None:
    company.hire("E1")
    known = company.capture(phone="13800000001").lead
    import_id = start(company, table([line(n) for n in range(1, 252)]))
    run_imports(company.app.importer)
    request = import_pb.RevertImportRequest(request_id=new_id(), import_id=import_id, reason="导错文件")
    door(company).RevertImport(request)
    killed(company, tmp_path / "files", 3)
    half = state(company, import_id)
    assert (half.state, half.withdrawn) == (pb.IMPORT_STATE_REVERTING, 200)
    run_imports(company.app.importer)
    gone = state(company, import_id)
    assert (gone.state, gone.withdrawn, gone.touches_removed) == (pb.IMPORT_STATE_REVERTED, 250, 1)
    withdrawn = [each.message.lead_id for each in company.events("leads.withdrawn")]
    assert len(withdrawn) == len(set(withdrawn)) == 250
    assert company.get(known.lead_id).touches == 1


@pytest.mark.spec("LD1.6", "P7.1")
def test_a_file_that_is_the_death_of_its_process_is_not_begun_for_ever(company: Company) -> None:
    import_id = start(company, table([line(1)]))
    for _ in range(5):
        # Somebody begins, and is gone before a chunk is through.
        assert attempts.begin(company.service.uow, import_id) is not None
    run_imports(company.app.importer)
    done = state(company, import_id)
    assert (done.state, done.rows_read) == (pb.IMPORT_STATE_FAILED, 0)
    assert "5 times" in done.error
    assert company.events("leads.import_progressed")[-1].message.state == "failed"


@pytest.mark.spec("LD1.6", "P7.1")
def test_who_gets_further_may_be_killed_as_often_as_it_takes(company: Company) -> None:
    import_id = start(company, table([line(1)]))
    for _ in range(4):
        attempts.begin(company.service.uow, import_id)
    attempts.survived(company.service.uow, import_id)
    for _ in range(4):
        attempts.begin(company.service.uow, import_id)
    run_imports(company.app.importer)
    assert state(company, import_id).state == pb.IMPORT_STATE_DONE
