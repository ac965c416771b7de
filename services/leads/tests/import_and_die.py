"""Works off imports and is killed with -9 just before a commit. Arguments: database URL, files, the commit's number."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chassis import faults
from chassis.clock import SystemClock
from chassis.database import Database
from chassis.files import FileStore
from chassis.policy import Policies
from chassis.unit_of_work import Transaction, UnitOfWork
from leads.bootstrap import catalog
from leads.history_import.kinds import KINDS
from leads.imports.run_import import Importer, run_imports
from leads.policies import SPECS


class Counted(UnitOfWork):
    """The first transaction says that somebody has begun; each one behind it is a chunk."""

    last = 0

    @contextmanager
    def begin(self, *args: Any, **more: Any) -> Iterator[Transaction]:
        self.last -= 1
        if self.last == 0:
            faults.arm("before-commit")
        with super().begin(*args, **more) as tx:
            yield tx


def main(database_url: str, files_url: str, commit: str) -> None:
    database, clock = Database(database_url), SystemClock()
    uow = Counted(database, clock, catalog(), service="leads")
    uow.last = int(commit)
    run_imports(Importer(uow, FileStore(files_url), Policies(database, SPECS, clock), KINDS))


if __name__ == "__main__":
    main(*sys.argv[1:])
