"""Trouble of the database that passes by itself is told as such; the rest is an incident."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from chassis.clock import SystemClock
from chassis.database import Database
from chassis.errors import Conflict, DeadlineExceeded, Internal, Unavailable
from chassis.events import EventCatalog
from chassis.rpc.servicer import Servicer
from chassis.testing.contracts import Contract
from chassis.testing.identity import as_service
from chassis.testing.rpc import Rpc
from chassis.unit_of_work import UnitOfWork


@pytest.fixture
def ask(contract: Contract, rpc: Rpc) -> Callable[[Database, str], Any]:
    """Run a statement inside an RPC."""

    def run(database: Database, statement: str) -> Any:
        class Asking(Servicer, contract.grpc.NotebookServiceServicer):  # type: ignore[name-defined, misc]
            def CountNotes(self, request: Any, context: object) -> Any:
                def count(tx: Any) -> Any:
                    tx.execute(text(statement))
                    return contract.pb2.CountNotesResponse()

                return self.read(request, count)

        uow = UnitOfWork(database, SystemClock(), EventCatalog.of(), service="notebook")
        servicers = [(contract.grpc.add_NotebookServiceServicer_to_server, Asking(uow))]
        stub = contract.grpc.NotebookServiceStub(rpc(servicers, as_=as_service("leads"), deadline=5.0))
        return stub.CountNotes(contract.pb2.CountNotesRequest())

    return run


@pytest.mark.spec("P7.2")
def test_a_database_that_is_away_is_unavailable_and_says_when_to_come_back(ask: Any) -> None:
    with pytest.raises(Unavailable) as caught:
        ask(Database("postgresql://nobody@127.0.0.1:1/none"), "SELECT 1")
    assert caught.value.retry_after == timedelta(seconds=1)


@pytest.mark.spec("P7.2")
def test_a_connection_that_is_cut_is_unavailable(ask: Any, service_database: Callable[..., Database]) -> None:
    with pytest.raises(Unavailable):
        ask(service_database("notebook"), "SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.mark.spec("P1.5")
@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$", Conflict),
        ("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$", Conflict),
        ("DO $$ BEGIN RAISE SQLSTATE '57014'; END $$", DeadlineExceeded),
        ("DO $$ BEGIN RAISE SQLSTATE '55P03'; END $$", Unavailable),
        ("SELECT nothing_like_this", Internal),
        ("INSERT INTO inbox (consumer, event_id) VALUES ('c', uuidv7())", Internal),
    ],
    ids=["serialization", "deadlock", "statement timeout", "lock timeout", "wrong statement", "write in a read"],
)
def test_each_trouble_has_its_answer(
    ask: Any, service_database: Callable[..., Database], statement: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind) as caught:
        ask(service_database("notebook"), statement)
    assert "sqlstate" not in str(caught.value).lower()
