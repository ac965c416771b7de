"""Calls that come while others are worked on are worked on together: one transaction for many (group commit).

Guarantee: a call that is alone begins at once, in its own thread. Those that come meanwhile stand in line, and are then
done together by the first of them, in the order in which they came. When that fails, each is done alone: nobody fails
for a neighbour's sake. Each caller gets its own answer, or its own error.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from threading import Event, Lock
from typing import Generic, TypeVar

from chassis.errors import Unavailable

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Gather(Generic[Item, Answer]):
    """`together` answers several items, in their order, with an answer or an error for each; `most` at once."""

    def __init__(self, together: Callable[[Sequence[Item]], Sequence[Answer | Exception]], most: int = 32) -> None:
        self._together = together
        self._most = most
        self._line: deque[_Place[Item, Answer]] = deque()
        self._lock = Lock()
        self._busy = False

    def __call__(self, item: Item) -> Answer:
        """Raises what came of the item."""
        mine = _Place[Item, Answer](item)
        with self._lock:
            self._line.append(mine)
            leads = not self._busy
            self._busy = True
        if not leads:
            mine.told.wait()
        if not mine.is_done:
            self._lead()
        if isinstance(mine.outcome, Exception):
            raise mine.outcome
        return mine.outcome

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return len(self._line)

    def _lead(self) -> None:
        """The caller is the first in line."""
        with self._lock:
            places = [self._line.popleft() for _ in range(min(self._most, len(self._line)))]
        try:
            self._work(places)
        finally:
            with self._lock:
                following = self._line[0] if self._line else None
                self._busy = following is not None
            for each in places:
                each.is_done = True
                each.told.set()
            if following is not None:
                following.told.set()

    def _work(self, places: Sequence[_Place[Item, Answer]]) -> None:
        try:
            outcomes = self._together([each.item for each in places])
        except Exception as failure:  # noqa: BLE001 - it is raised where the call came from
            if len(places) == 1:
                places[0].outcome = failure
            else:
                for each in places:
                    self._work([each])
            return
        for each, outcome in zip(places, outcomes, strict=True):
            each.outcome = outcome


class _Place(Generic[Item, Answer]):
    """In the line. `told`: it is done, or the first in line now."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.told = Event()
        self.is_done = False
        # What a caller hears whose leader was torn out of its work.
        self.outcome: Answer | Exception = Unavailable()
