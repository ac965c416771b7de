"""A neighbour that is away, back, or failing."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import grpc
import pytest

from chassis.errors import Conflict, NotFound, Unavailable
from chassis.rpc.breaker import Breaker, NeighbourResting
from chassis.rpc.client import Channel
from chassis.testing.contracts import Contract
from chassis.testing.identity import Keys, as_rep
from chassis.testing.rpc import Rpc, channel_to, rpc_server

from .conftest import Stage, raises


class Flaky:
    """Fails so many times, then answers."""

    def __init__(self, failures: int) -> None:
        self.left = failures
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.left:
            self.left -= 1
            raise Unavailable
        return "well again"


@pytest.fixture
def stub(stage: Stage, rpc: Rpc, contract: Contract) -> Any:
    return contract.grpc.NotebookServiceStub(rpc(stage.servicers, as_=as_rep()))


@pytest.mark.spec("P3.1")
def test_unavailable_is_tried_again(stage: Stage, stub: Any, contract: Contract) -> None:
    flaky = stage.notebook.plays["flaky"] = Flaky(failures=2)

    assert stub.ReadNote(contract.pb2.ReadNoteRequest(play="flaky")).text == "well again"
    assert flaky.calls == 3


@pytest.mark.spec("P3.1")
def test_unavailable_is_given_up_after_four_attempts(stage: Stage, stub: Any, contract: Contract) -> None:
    flaky = stage.notebook.plays["flaky"] = Flaky(failures=9)

    with pytest.raises(Unavailable):
        stub.ReadNote(contract.pb2.ReadNoteRequest(play="flaky"))
    assert flaky.calls == 4


@pytest.mark.spec("P3.1")
@pytest.mark.parametrize("answer", [NotFound(), Conflict()], ids=["not found", "conflict"])
def test_nothing_else_is_repeated(stage: Stage, stub: Any, contract: Contract, answer: Exception) -> None:
    calls: list[int] = []

    def refuse() -> None:
        calls.append(1)
        raise answer

    stage.notebook.plays["refuse"] = refuse
    with pytest.raises(type(answer)):
        stub.ReadNote(contract.pb2.ReadNoteRequest(play="refuse"))
    assert len(calls) == 1


@pytest.mark.spec("P7.2")
def test_an_absent_neighbour_is_told_within_the_callers_time(contract: Contract, keys: Keys) -> None:
    with Channel("127.0.0.1:1", keys.of("leads"), deadline=1.0) as channel, pytest.raises(Unavailable) as caught:
        contract.grpc.NotebookServiceStub(channel).ReadNote(contract.pb2.ReadNoteRequest())
    assert caught.value.text("zh") == "服务暂时不可用，请稍后再试。"


@pytest.mark.spec("P7.3")
def test_a_neighbour_that_comes_back_is_found_again(stage: Stage, contract: Contract, keys: Keys) -> None:
    with rpc_server(stage.servicers, keys) as first, channel_to(first, keys, as_rep()) as channel:
        stub = contract.grpc.NotebookServiceStub(channel)
        stub.ReadNote(contract.pb2.ReadNoteRequest())
        port = first.port
        first.stop()
        with pytest.raises(Unavailable):
            stub.ReadNote(contract.pb2.ReadNoteRequest(), timeout=0.5)
        with rpc_server(stage.servicers, keys, grpc_port=port):
            answered = threading.Event()
            while not answered.is_set():
                try:
                    stub.ReadNote(contract.pb2.ReadNoteRequest(), timeout=5)
                    answered.set()
                except Unavailable:
                    continue


@pytest.mark.spec("P7.3")
def test_what_a_stopping_replica_did_not_begin_is_tried_again(contract: Contract, keys: Keys) -> None:
    """grpc answers such a call with CANCELLED: nobody ran out of time, and another replica can do it."""
    calls: list[int] = []

    class Stopping(contract.grpc.NotebookServiceServicer):  # type: ignore[misc, name-defined]
        def ReadNote(self, request: Any, context: grpc.ServicerContext) -> Any:
            calls.append(1)
            if len(calls) == 1:
                context.abort(grpc.StatusCode.CANCELLED, "CANCELLED")
            return contract.pb2.ReadNoteResponse(text="begun")

    server = grpc.server(ThreadPoolExecutor(1))
    contract.grpc.add_NotebookServiceServicer_to_server(Stopping(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with Channel(f"127.0.0.1:{port}", keys.of("leads")) as channel:
        answer = contract.grpc.NotebookServiceStub(channel).ReadNote(contract.pb2.ReadNoteRequest())
    server.stop(None)

    assert (answer.text, len(calls)) == ("begun", 2)


@pytest.mark.spec("P7.3")
def test_a_method_that_a_replica_of_the_last_release_does_not_know_is_asked_elsewhere(
    stage: Stage, contract: Contract, keys: Keys
) -> None:
    with (
        rpc_server([], keys) as older,
        rpc_server(stage.servicers, keys) as newer,
        Channel(f"ipv4:127.0.0.1:{older.port},127.0.0.1:{newer.port}", keys.of("leads")) as channel,
    ):
        stub = contract.grpc.NotebookServiceStub(channel)
        answers = [stub.ReadNote(contract.pb2.ReadNoteRequest()) for _ in range(4)]
    assert len(answers) == 4


@pytest.mark.spec("P3.1")
def test_a_neighbour_that_keeps_failing_is_left_alone_then_probed_once(
    stage: Stage, rpc: Rpc, contract: Contract, keys: Keys
) -> None:
    flaky = stage.notebook.plays["flaky"] = Flaky(failures=5)
    request = contract.pb2.ReadNoteRequest(play="flaky")
    target = f"127.0.0.1:{rpc.server(stage.servicers).port}"
    breaker = Breaker(target, failures=5, pause=0.3)
    with Channel(target, keys.of("gateway"), as_rep(), breaker=breaker) as channel:
        stub = contract.grpc.NotebookServiceStub(channel)
        with pytest.raises(Unavailable):
            stub.ReadNote(request)
        with pytest.raises(NeighbourResting) as caught:
            stub.ReadNote(request)
        assert flaky.calls == 5
        assert caught.value.retry_after == timedelta(seconds=0.3)

        answer = None
        while answer is None:
            with contextlib.suppress(NeighbourResting):
                answer = stub.ReadNote(request)
        assert answer.text == "well again"
        assert flaky.calls == 6


@pytest.mark.spec("P3.1")
def test_refusals_do_not_open_the_breaker(stage: Stage, stub: Any, contract: Contract) -> None:
    stage.notebook.plays["no"] = raises(NotFound())
    for _ in range(10):
        with pytest.raises(NotFound):
            stub.ReadNote(contract.pb2.ReadNoteRequest(play="no"))


@pytest.mark.spec("P3.1")
def test_a_method_of_the_next_release_does_not_open_the_breaker(
    stage: Stage, rpc: Rpc, contract: Contract, keys: Keys
) -> None:
    """While a release is rolled out a new method may meet old replicas only; what these do know goes on."""
    pb2 = contract.pb2
    with Channel(f"127.0.0.1:{rpc.server(stage.servicers).port}", keys.of("gateway"), as_rep()) as channel:
        path = "/closeloop.test.v1.NotebookService/DreamOfNotes"
        new = channel.unary_unary(path, pb2.ReadNoteRequest.SerializeToString, pb2.ReadNoteResponse.FromString)
        for _ in range(3):
            with pytest.raises(Unavailable) as caught:
                new(pb2.ReadNoteRequest())
            assert caught.value.reason == "METHOD_NOT_KNOWN"
        assert contract.grpc.NotebookServiceStub(channel).ReadNote(pb2.ReadNoteRequest())


@pytest.mark.spec("P3.1")
def test_calls_to_a_healthy_neighbour_run_side_by_side(stage: Stage, stub: Any, contract: Contract) -> None:
    together = threading.Barrier(3)
    stage.notebook.plays["meet"] = lambda: together.wait(10)
    callers = [
        threading.Thread(target=stub.ReadNote, args=(contract.pb2.ReadNoteRequest(play="meet"),)) for _ in range(2)
    ]
    for caller in callers:
        caller.start()

    together.wait(10)

    for caller in callers:
        caller.join(10)
