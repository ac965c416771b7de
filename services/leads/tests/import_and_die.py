"""Works off running imports and is killed with -9 just before its third commit. Arguments: database URL, files."""

from __future__ import annotations

import sys
from typing import Any

from chassis import faults
from chassis.clock import SystemClock
from chassis.database import Database
from chassis.files import FileStore
from chassis.policy import Policies
from chassis.unit_of_work import UnitOfWork
from leads.bootstrap import catalog
from leads.imports.run_import import Importer, run_imports
from leads.policies import SPECS


class Counted(Policies):
    """Looked up once a chunk."""

    chunks = 0

    def current(self, name: Any) -> Any:
        self.chunks += name == "capture"
        if self.chunks == 3:
            faults.arm("before-commit")
        return super().current(name)


def main(database_url: str, files_url: str) -> None:
    database, clock = Database(database_url), SystemClock()
    uow = UnitOfWork(database, clock, catalog(), service="leads")
    run_imports(Importer(uow, FileStore(files_url), Counted(database, SPECS, clock)))


if __name__ == "__main__":
    main(*sys.argv[1:])
