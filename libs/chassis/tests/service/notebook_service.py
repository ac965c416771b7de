"""A whole service as a process of its own: `python notebook_service.py all`. Run by tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import notebook_pb2
import notebook_pb2_grpc
from sqlalchemy import text

from chassis.config import Settings
from chassis.events import EventCatalog
from chassis.rpc.servicer import Servicer
from chassis.service import Runtime, Service, main
from chassis.unit_of_work import Transaction

HERE = Path(__file__).parent


class NotebookSettings(Settings):
    greeting: str = "hello"


class Notebook(Servicer, notebook_pb2_grpc.NotebookServiceServicer):
    """ReadNote waits until a test lets go of an advisory lock."""

    def ReadNote(self, request: Any, context: object) -> Any:
        def read(tx: Transaction) -> Any:
            tx.execute(text("SELECT pg_advisory_xact_lock(1)"))
            return notebook_pb2.ReadNoteResponse(text=request.play)

        return self.read(request, read)


def build(settings: NotebookSettings) -> Service:
    runtime = Runtime("notebook", settings, EventCatalog.of())
    servicers = [(notebook_pb2_grpc.add_NotebookServiceServicer_to_server, Notebook(runtime.uow))]
    return Service(runtime, servicers=servicers, migrations=HERE / "migrations")


if __name__ == "__main__":
    main(build)
