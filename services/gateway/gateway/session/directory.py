"""What a person may do, from the employee directory, at most half a minute old.

Guarantee: somebody disabled, frozen or departed is out within a minute. While the directory does not answer, what is
known counts until it is a minute old; then nobody gets in, rather than somebody who must not.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

from chassis.errors import DeadlineExceeded, NotFound, Unauthenticated, Unavailable
from chassis.identity import Identity, Level
from closeloop.integration.v1 import directory_service_pb2 as directory

Answer = directory.GetAccessResponse
MOST_KEPT = 20_000
_MAY_SIGN_IN = (directory.EMPLOYEE_STATUS_ACTIVE, directory.EMPLOYEE_STATUS_ON_LEAVE)
_LEVELS = ("self", "team", "company")


class NoAccess(Unauthenticated):
    """Frozen, disabled, departed, or not known at all."""

    en = "This account has no access. Please ask your administrator."
    zh = "该账号没有访问权限，请联系管理员。"


@dataclass
class _Known:
    answer: Answer
    at: float


class People:
    """`ask` is DirectoryService.GetAccess. `fresh` and `stale` are ages in seconds; `standing` needs no directory."""

    def __init__(
        self,
        ask: Callable[[str], Awaitable[Answer]],
        *,
        fresh: float,
        stale: float,
        standing: tuple[Identity, ...] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._fresh, self._stale = fresh, stale
        self._standing = {each.subject: each for each in standing}
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._asking: dict[str, asyncio.Task[Answer]] = {}

    async def identity(self, employee_id: str) -> Identity:
        """Raises NoAccess, or Unavailable when the directory is away and nothing recent is known."""
        if employee_id in self._standing:
            return self._standing[employee_id]
        known = self._known.get(employee_id)
        if known is None or self._clock() - known.at > self._fresh:
            known = await self._read_again(employee_id, known)
        return _identity(known.answer)

    async def _read_again(self, employee_id: str, known: _Known | None) -> _Known:
        try:
            return self._keep(employee_id, await self._ask_once(employee_id))
        except NotFound:
            self._known.pop(employee_id, None)
            raise NoAccess from None
        except (Unavailable, DeadlineExceeded):
            if known is None or self._clock() - known.at > self._stale:
                raise
            return known

    async def _ask_once(self, employee_id: str) -> Answer:
        """Requests of the same person that come together ask once."""
        task = self._asking.get(employee_id)
        if task is None:
            task = asyncio.create_task(self._question(employee_id))
            self._asking[employee_id] = task
            task.add_done_callback(lambda _: self._asking.pop(employee_id, None))
        return await asyncio.shield(task)

    async def _question(self, employee_id: str) -> Answer:
        return await self._ask(employee_id)

    def _keep(self, employee_id: str, answer: Answer) -> _Known:
        known = self._known[employee_id] = _Known(answer, self._clock())
        self._known.move_to_end(employee_id)
        if len(self._known) > MOST_KEPT:
            self._known.popitem(last=False)
        return known


def _identity(answer: Answer) -> Identity:
    if answer.status not in _MAY_SIGN_IN or answer.level not in _LEVELS:
        raise NoAccess
    return Identity(
        subject=answer.employee_id,
        kind="person",
        name=answer.name,
        duties=frozenset(answer.duties),
        level=cast(Level, answer.level),
        unit=answer.unit if not answer.unit or answer.unit.endswith("/") else answer.unit + "/",
    )
