"""Calls that come at once are worked on together, and each gets what is its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest

from chassis.gather import Gather


class Odd(Exception):
    """An item that can't be done."""


class Worker:
    """Doubles numbers, a batch at a time; `first` waits until it may go on."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.under_way, self.go_on = Event(), Event()

    def __call__(self, items: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(items))
        if len(self.batches) == 1:
            self.under_way.set()
            assert self.go_on.wait(10)
        if any(each < 0 for each in items):
            raise Odd
        return [Odd() if each % 2 else each * 2 for each in items]


@contextmanager
def line(worker: Worker, gather: Gather[int, int], waiting: Sequence[int]) -> Iterator[list[Future[int]]]:
    """The first is worked on while the others, in this order, stand in line behind it."""
    with ThreadPoolExecutor(len(waiting) + 1) as callers:
        calls = [callers.submit(gather, 0)]
        assert worker.under_way.wait(10)
        for number, each in enumerate(waiting, start=1):
            calls.append(callers.submit(gather, each))
            until(lambda number=number: gather.waiting == number)  # type: ignore[misc]
        worker.go_on.set()
        yield calls


def until(condition: Callable[[], bool]) -> None:
    while not condition():
        pass


@pytest.mark.spec("P8.1")
def test_who_is_alone_does_not_wait() -> None:
    worker = Worker()
    worker.go_on.set()
    gather = Gather[int, int](worker)
    assert [gather(2), gather(4)] == [4, 8]
    assert worker.batches == [[2], [4]]


@pytest.mark.spec("P8.1")
def test_who_comes_meanwhile_is_done_together_in_the_order_of_arrival() -> None:
    worker = Worker()
    gather = Gather[int, int](worker, most=3)
    with line(worker, gather, [2, 4, 6, 8]) as calls:
        assert [each.result(10) for each in calls] == [0, 4, 8, 12, 16]
    assert worker.batches == [[0], [2, 4, 6], [8]]


@pytest.mark.spec("P8.1")
def test_each_gets_its_own_refusal() -> None:
    worker = Worker()
    gather = Gather[int, int](worker)
    with line(worker, gather, [2, 3, 4]) as calls:
        assert isinstance(calls[2].exception(10), Odd)
        assert (calls[1].result(10), calls[3].result(10)) == (4, 8)


@pytest.mark.spec("P8.1")
def test_nobody_fails_for_a_neighbours_sake() -> None:
    worker = Worker()
    gather = Gather[int, int](worker)
    with line(worker, gather, [2, -1, 4]) as calls:
        assert isinstance(calls[2].exception(10), Odd)
        assert (calls[1].result(10), calls[3].result(10)) == (4, 8)
    assert worker.batches[1:] == [[2, -1, 4], [2], [-1], [4]]
    assert gather(6) == 12, "and the next finds it at work"
