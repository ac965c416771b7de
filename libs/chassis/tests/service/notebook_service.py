"""A whole service as a process of its own: `python notebook_service.py all`. Run by tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import notebook_pb2
import notebook_pb2_grpc
from sqlalchemy import text

from chassis.config import Settings
from chassis.consumer import on
from chassis.deadlines import Deadline
from chassis.events import EventCatalog, Incoming
from chassis.rpc.servicer import Servicer
from chassis.service import Runtime, Service, main
from chassis.unit_of_work import Transaction

HERE = Path(__file__).parent
REMIND_AFTER = timedelta(minutes=30)


class NotebookSettings(Settings):
    greeting: str = "hello"


@dataclass(frozen=True)
class NoteWritten:
    note_id: str
    title: str


class Notebook(Servicer, notebook_pb2_grpc.NotebookServiceServicer):
    def WriteNote(self, request: Any, context: object) -> Any:
        def write(tx: Transaction) -> Any:
            _diary(tx, "written", request.title)
            tx.record(NoteWritten(request.title, request.title))
            tx.deadlines.start("note.remind", request.title, tx.now + REMIND_AFTER)
            return notebook_pb2.WriteNoteResponse(note_id=request.title)

        return self.change(request, write)

    def ReadNote(self, request: Any, context: object) -> Any:
        """Waits until a test lets go of an advisory lock."""

        def read(tx: Transaction) -> Any:
            tx.execute(text("SELECT pg_advisory_xact_lock(1)"))
            return notebook_pb2.ReadNoteResponse(text=request.play)

        return self.read(request, read)


def _diary(tx: Transaction, what: str, note: str) -> None:
    tx.execute(text("INSERT INTO diary (what, note) VALUES (:what, :note)"), {"what": what, "note": note})


def _take_note(tx: Transaction, event: Incoming) -> None:
    _diary(tx, "heard", event.key)


def _remind(tx: Transaction, due: Deadline) -> None:
    _diary(tx, "reminded", due.subject_id)


def build(settings: NotebookSettings) -> Service:
    runtime = Runtime("notebook", settings, EventCatalog.of(notebook_pb2))
    return Service(
        runtime,
        servicers=[(notebook_pb2_grpc.add_NotebookServiceServicer_to_server, Notebook(runtime.uow))],
        consumers=[on("notebook.note_written", _take_note)],
        deadlines={"note.remind": _remind},
        migrations=HERE / "migrations",
    )


if __name__ == "__main__":
    main(build)
