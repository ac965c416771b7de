"""Calls end in time, and too many at once are refused at once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from chassis.errors import CloseloopError, DeadlineExceeded, ResourceExhausted
from chassis.rpc.client import FOR_THE_WAY_BACK
from chassis.rpc.context import IDENTITY_HEADER, TIME_LEFT_HEADER
from chassis.testing.contracts import Contract
from chassis.testing.identity import Keys, as_rep
from chassis.testing.rpc import Rpc, channel_to, rpc_server

from .conftest import Stage, passes_on, remaining


@pytest.mark.spec("P3.1")
def test_the_deadline_shrinks_at_each_hop(stage: Stage, rpc: Rpc, contract: Contract, keys: Keys) -> None:
    server = rpc.server(stage.servicers)
    seen: list[float] = []

    def note_remaining() -> None:
        seen.append(remaining())

    stage.notebook.plays["far"] = note_remaining
    near = passes_on(server.port, keys, contract, "far")

    def hop() -> None:
        note_remaining()
        near()

    stage.notebook.plays["near"] = hop
    stub = contract.grpc.NotebookServiceStub(rpc(stage.servicers, as_=as_rep()))
    stub.ReadNote(contract.pb2.ReadNoteRequest(play="near"), timeout=2.0)

    first, second = seen
    assert first <= 2.0
    assert second <= first - FOR_THE_WAY_BACK + 0.001


@pytest.mark.spec("P3.1")
def test_a_neighbour_is_asked_in_the_name_of_the_caller(stage: Stage, rpc: Rpc, contract: Contract, keys: Keys) -> None:
    from chassis.rpc.context import current

    stage.notebook.plays["who"] = lambda: current().identity.subject
    stage.notebook.plays["ask"] = passes_on(rpc.server(stage.servicers).port, keys, contract, "who")
    stub = contract.grpc.NotebookServiceStub(rpc(stage.servicers, as_=as_rep("E77")))

    assert stub.ReadNote(contract.pb2.ReadNoteRequest(play="ask")).text == "E77"


@pytest.mark.spec("P3.1")
def test_a_slow_answer_ends_with_the_callers_patience(stage: Stage, rpc: Rpc, contract: Contract) -> None:
    let_go = threading.Event()
    stage.notebook.plays["slow"] = lambda: let_go.wait(10)
    stub = contract.grpc.NotebookServiceStub(rpc(stage.servicers, as_=as_rep()))
    started = time.monotonic()

    with pytest.raises(DeadlineExceeded) as caught:
        stub.ReadNote(contract.pb2.ReadNoteRequest(play="slow"), timeout=0.2)
    let_go.set()

    assert time.monotonic() - started < 2
    assert caught.value.text("zh") == "处理超时。"


@pytest.mark.spec("P3.1")
def test_what_waited_too_long_in_the_queue_is_never_begun(stage: Stage, contract: Contract, keys: Keys) -> None:
    let_go = threading.Event()
    stage.notebook.plays["hold"] = lambda: let_go.wait(10)
    begun: list[str] = []
    stage.notebook.plays["late"] = lambda: begun.append("late")
    with rpc_server(stage.servicers, keys, grpc_threads=1) as server, channel_to(server, keys, as_rep()) as channel:
        stub = contract.grpc.NotebookServiceStub(channel)
        with ThreadPoolExecutor(1) as holder:
            held = holder.submit(stub.ReadNote, contract.pb2.ReadNoteRequest(play="hold"))
            assert stage.notebook.running.acquire(timeout=10)
            with pytest.raises(DeadlineExceeded):
                stub.ReadNote(contract.pb2.ReadNoteRequest(play="late"), timeout=0.1)
            let_go.set()
            held.result(10)
        stub.ReadNote(contract.pb2.ReadNoteRequest())

    assert begun == []


@pytest.mark.spec("P3.1")
def test_a_caller_without_time_left_is_told_so_before_anything_is_done(
    stage: Stage, rpc: Rpc, contract: Contract, keys: Keys
) -> None:
    begun: list[str] = []
    stage.notebook.plays["late"] = lambda: begun.append("late")
    metadata = ((IDENTITY_HEADER, keys.of("gateway").sign(as_rep())), (TIME_LEFT_HEADER, "0"))
    late = contract.pb2.ReadNoteRequest(play="late")
    target = f"127.0.0.1:{rpc.server(stage.servicers).port}"
    with grpc.insecure_channel(target) as bare, pytest.raises(grpc.RpcError) as caught:
        contract.grpc.NotebookServiceStub(bare).ReadNote(late, timeout=10, metadata=metadata)

    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert begun == []


@pytest.mark.spec("P1.5")
def test_overload_is_refused_at_once_and_the_running_calls_end_well(
    stage: Stage, contract: Contract, keys: Keys
) -> None:
    let_go = threading.Event()
    stage.notebook.plays["hold"] = lambda: let_go.wait(10)
    hold = contract.pb2.ReadNoteRequest(play="hold")
    limits = {"grpc_threads": 2, "max_concurrent_rpcs": 2}
    with (
        rpc_server(stage.servicers, keys, **limits) as server,
        channel_to(server, keys, as_rep()) as channel,
        ThreadPoolExecutor(2) as callers,
    ):
        stub = contract.grpc.NotebookServiceStub(channel)
        running = [callers.submit(stub.ReadNote, hold) for _ in range(2)]
        for _ in running:
            assert stage.notebook.running.acquire(timeout=10)

        refused = [outcome(stub, contract) for _ in range(5)]
        let_go.set()

        assert [type(each) for each in refused] == [ResourceExhausted] * 5
        assert "Concurrent" not in refused[0].text_en
        assert [each.result(10).text for each in running] == ["True", "True"]


def outcome(stub: Any, contract: Contract) -> CloseloopError:
    with pytest.raises(CloseloopError) as caught:
        stub.ReadNote(contract.pb2.ReadNoteRequest())
    return caught.value
