"""A changing request has its effect once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from chassis.errors import FailedPrecondition, InvalidInput, NotFound
from chassis.testing.contracts import Contract
from chassis.testing.identity import as_manager, as_rep
from chassis.testing.locks import until_blocked
from chassis.testing.rpc import Rpc

from .conftest import Stage, raises


@pytest.fixture
def stub(stage: Stage, rpc: Rpc, contract: Contract) -> Any:
    return contract.grpc.NotebookServiceStub(rpc(stage.servicers, as_=as_rep()))


def notes(stage: Stage) -> int:
    with stage.database.connect() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM note")) or 0)


@pytest.mark.spec("P1.1")
def test_a_second_call_gets_the_first_answer_and_changes_nothing(stage: Stage, stub: Any, contract: Contract) -> None:
    request = contract.pb2.WriteNoteRequest(request_id="r1", title="visit")
    first = stub.WriteNote(request)
    stub.WriteNote(contract.pb2.WriteNoteRequest(request_id="r2", title="call"))

    assert stub.WriteNote(request) == first
    assert first.count == 1
    assert notes(stage) == 2


@pytest.mark.spec("P1.1")
def test_the_same_key_with_another_body_is_refused(stage: Stage, stub: Any, contract: Contract) -> None:
    stub.WriteNote(contract.pb2.WriteNoteRequest(request_id="r1", title="visit"))

    with pytest.raises(FailedPrecondition) as caught:
        stub.WriteNote(contract.pb2.WriteNoteRequest(request_id="r1", title="other"))
    assert caught.value.reason == "REQUEST_ID_REUSED"
    assert notes(stage) == 1


@pytest.mark.spec("P1.1")
def test_two_at_once_the_second_waits_and_gets_the_firsts_answer(stage: Stage, stub: Any, contract: Contract) -> None:
    let_go = threading.Event()
    stage.notebook.plays["wait"] = lambda: let_go.wait(10)
    request = contract.pb2.WriteNoteRequest(request_id="r1", title="visit", play="wait")

    with ThreadPoolExecutor(2) as callers:
        first = callers.submit(stub.WriteNote, request)
        assert stage.notebook.running.acquire(timeout=10)
        second = callers.submit(stub.WriteNote, request)
        until_blocked(stage.database)
        let_go.set()

        assert first.result(10) == second.result(10)
    assert notes(stage) == 1


@pytest.mark.spec("P1.1")
def test_a_refusal_is_not_remembered(stage: Stage, stub: Any, contract: Contract) -> None:
    stage.notebook.plays["once"] = raises(NotFound())
    request = contract.pb2.WriteNoteRequest(request_id="r1", title="visit", play="once")
    with pytest.raises(NotFound):
        stub.WriteNote(request)

    stage.notebook.plays["once"] = lambda: None

    assert stub.WriteNote(request).count == 1


@pytest.mark.spec("P1.1")
def test_keys_of_different_callers_do_not_meet(stage: Stage, stub: Any, rpc: Rpc, contract: Contract) -> None:
    other = contract.grpc.NotebookServiceStub(rpc(stage.servicers, as_=as_manager()))
    request = contract.pb2.WriteNoteRequest(request_id="r1", title="visit")

    assert [stub.WriteNote(request).count, other.WriteNote(request).count] == [1, 2]


@pytest.mark.spec("P1.1")
def test_a_changing_request_without_key_is_refused(stub: Any, contract: Contract) -> None:
    with pytest.raises(InvalidInput) as caught:
        stub.WriteNote(contract.pb2.WriteNoteRequest(title="visit"))
    assert [each.field for each in caught.value.violations] == ["request_id"]


@pytest.mark.spec("P1.1")
def test_of_calls_in_one_transaction_each_gets_its_own_or_its_twins_answer(
    stage: Stage, stub: Any, contract: Contract
) -> None:
    pb2 = contract.pb2
    long_ago = pb2.WriteNoteRequest(request_id="old", title="visit")
    first_answer = stub.WriteNote(long_ago)
    asked = [
        pb2.WriteNoteRequest(request_id="old", title="other"),
        long_ago,
        pb2.WriteNoteRequest(request_id="new", title="call"),
        pb2.WriteNoteRequest(request_id="new", title="call"),
        pb2.WriteNoteRequest(request_id="new", title="mail"),
    ]
    answers = stage.notebook.write_together(as_rep(), asked)
    assert [type(each).__name__ for each in answers] == [
        *("RequestIdReused", "WriteNoteResponse", "WriteNoteResponse", "WriteNoteResponse", "RequestIdReused"),
    ]
    assert answers[1] == first_answer
    assert answers[2] == answers[3]
    assert notes(stage) == 2
    assert stub.WriteNote(asked[2]) == answers[2], "the answer is kept with the effect"
