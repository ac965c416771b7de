"""Background loops keep running."""

from __future__ import annotations

import threading
from threading import Event

import pytest

from chassis.service.supervisor import Loop, Supervisor


@pytest.mark.spec("P7.1")
def test_a_crashed_loop_is_named_and_started_again_while_the_others_go_on() -> None:
    crashes, ran_again, steady = iter([RuntimeError("no broker\nsecret line")]), Event(), Event()

    def shaky(stop: Event) -> None:
        for crash in crashes:
            raise crash
        ran_again.set()
        stop.wait()

    def calm(stop: Event) -> None:
        steady.set()
        stop.wait()

    supervisor = Supervisor([Loop("relay", shaky), Loop("jobs", calm)])
    supervisor.start()
    assert ran_again.wait(10)
    assert steady.wait(10)

    assert supervisor.troubles() == ["relay: RuntimeError: no broker"]
    supervisor.stop(within=10)


@pytest.mark.spec("P7.1")
def test_a_loop_that_ends_by_itself_counts_as_crashed() -> None:
    again = threading.Semaphore(0)
    supervisor = Supervisor([Loop("consumer", lambda _: again.release())])
    supervisor.start()

    assert again.acquire(timeout=10)
    assert again.acquire(timeout=10)
    assert supervisor.troubles() == ["consumer: ended by itself"]
    supervisor.stop(within=10)


@pytest.mark.spec("P7.3")
def test_stop_lets_a_loop_finish_its_round() -> None:
    finished: list[str] = []

    def run(stop: Event) -> None:
        stop.wait()
        finished.append("round")

    supervisor = Supervisor([Loop("relay", run)])
    supervisor.start()
    supervisor.stop(within=10)

    assert finished == ["round"]
    assert supervisor.troubles() == []
