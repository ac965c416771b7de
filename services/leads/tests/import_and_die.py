"""Works off running imports and is killed with -9 just before its third commit. Arguments: database URL, files."""

from __future__ import annotations

import sys

from chassis import faults
from chassis.clock import SystemClock
from chassis.database import Database
from chassis.files import FileStore
from chassis.policy import Policies
from chassis.unit_of_work import UnitOfWork
from leads.bootstrap import catalog
from leads.capture.run_import import Importer, run_imports
from leads.policies import SPECS


def main(database_url: str, files_url: str) -> None:
    database, clock, chunks = Database(database_url), SystemClock(), []

    def after_chunk(import_id: str) -> None:
        chunks.append(import_id)
        if len(chunks) == 2:
            faults.arm("before-commit")

    uow = UnitOfWork(database, clock, catalog(), service="leads")
    run_imports(Importer(uow, FileStore(files_url), Policies(database, SPECS, clock), after_chunk))


if __name__ == "__main__":
    main(*sys.argv[1:])
