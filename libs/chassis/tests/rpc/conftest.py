"""A small service with a real database: its contract is compiled here, so the chassis knows no business contract."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import text

from chassis.clock import SystemClock
from chassis.database import Database
from chassis.errors import CloseloopError
from chassis.events import EventCatalog
from chassis.identity import Identity
from chassis.rpc import context as calls
from chassis.rpc.client import Channel, identity_from_call
from chassis.rpc.context import Call
from chassis.rpc.method import Method
from chassis.rpc.server import Registration
from chassis.rpc.servicer import Change, Servicer
from chassis.testing.contracts import Contract, compile_contract
from chassis.testing.identity import Keys
from chassis.unit_of_work import Transaction, UnitOfWork

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """notebook.proto, compiled with the access and validation options of the real contracts."""
    return compile_contract(HERE / "notebook.proto", tmp_path_factory.mktemp("contract"))


class Notebook(Servicer):
    """Writes notes. `play` chooses what a test wants to see happen besides."""

    def __init__(self, uow: UnitOfWork, contract: Contract) -> None:
        super().__init__(uow)
        self.contract = contract
        self.plays: dict[str, Callable[[], Any]] = {}
        self.running = threading.Semaphore(0)

    def WriteNote(self, request: Any, context: object) -> Any:
        def write(tx: Transaction) -> Any:
            self._play(request.play)
            tx.execute(text("INSERT INTO note (title, author) VALUES (:title, :author)"), _note(request, tx))
            count = tx.execute(text("SELECT count(*) FROM note")).scalar_one()
            return self.contract.pb2.WriteNoteResponse(note_id=request.title, count=count)

        return self.change(request, write)

    def write_together(self, who: Identity, requests: Sequence[Any]) -> list[Any]:
        """As if these calls had come at once: one transaction for them all."""
        method = Method.of(f"/{self.contract.pb2.DESCRIPTOR.services_by_name['NotebookService'].full_name}/WriteNote")

        def write(tx: Transaction, changes: Sequence[Change]) -> list[Any]:
            found = []
            for each in changes:
                with tx.on_behalf(each.caller):
                    tx.execute(
                        text("INSERT INTO note (title, author) VALUES (:title, :author)"), _note(each.request, tx)
                    )
                found.append(self.contract.pb2.WriteNoteResponse(note_id=each.request.title, count=len(found) + 1))
            return found

        call = Call(method, {}, time.monotonic() + 10)
        call.identify(who, "")
        with calls.serving(call):
            return self.change_all([Change.of(each) for each in requests], write)

    def ReadNote(self, request: Any, context: object) -> Any:
        return self.contract.pb2.ReadNoteResponse(text=str(self._play(request.play)))

    def CountNotes(self, request: Any, context: object) -> Any:
        def count(tx: Transaction) -> Any:
            self._play(request.play)
            return self.contract.pb2.CountNotesResponse(
                count=tx.execute(text("SELECT count(*) FROM note")).scalar_one()
            )

        return self.read(request, count)

    def _play(self, name: str) -> Any:
        self.running.release()
        return self.plays[name]() if name else None


def _note(request: Any, tx: Transaction) -> dict[str, str]:
    return {"title": request.title, "author": tx.identity.subject}


class Stage(NamedTuple):
    """The service under test: its servicer and how to register it."""

    notebook: Notebook
    servicers: list[Registration]
    database: Database


@pytest.fixture
def stage(contract: Contract, service_database: Callable[..., Database]) -> Stage:
    database = service_database("notebook")
    with database.begin() as connection:
        connection.execute(text("CREATE TABLE note (id bigserial PRIMARY KEY, title text, author text)"))
    notebook = Notebook(UnitOfWork(database, SystemClock(), EventCatalog.of(), service="notebook"), contract)
    return Stage(notebook, [(contract.grpc.add_NotebookServiceServicer_to_server, notebook)], database)


def raises(error: CloseloopError) -> Callable[[], None]:
    def play() -> None:
        raise error

    return play


def passes_on(target: int, keys: Keys, contract: Contract, play: str) -> Callable[[], str]:
    """Ask the neighbour on `target` in the name of our own caller."""
    channel = Channel(f"127.0.0.1:{target}", keys.of("notebook"), identity_from_call)
    stub = contract.grpc.NotebookServiceStub(channel)
    return lambda: str(stub.ReadNote(contract.pb2.ReadNoteRequest(play=play)).text)


def remaining() -> float:
    return calls.current().remaining
