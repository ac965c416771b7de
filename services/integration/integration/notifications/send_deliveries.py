"""Sends what is queued, at least once: repeated attempts carry the same Message-ID (N9.1)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import Event
from typing import Any

from sqlalchemy import Row

from chassis.unit_of_work import UnitOfWork
from integration.notifications import store
from integration.notifications.mailer import Mail, MailDelayed, Mailer, MailRefused
from integration.notifications.notify import EMAIL
from integration.notifications.policy import NotificationsPolicy
from integration.notifications.settle_delivery import ME, delay, fail

POLL = 0.5
AT_ONCE = 20
# Seconds in which mails that were taken may be marked together: what a kill leaves unmarked is sent once more.
MARK = 1.0
# Longer than a batch can take with the mailer's time-out.
HOLD_SECONDS = 300.0
NO_ADDRESS = "no e-mail address"


class DeliverySender:
    def __init__(self, uow: UnitOfWork, mailer: Mailer, policy: Callable[[], NotificationsPolicy]) -> None:
        self._uow = uow
        self._mailer = mailer
        self._policy = policy

    def run(self, stop: Event) -> None:
        while not stop.is_set():
            if not self.turn():
                stop.wait(POLL)

    def turn(self) -> int:
        """Tries what is due now; how many. No transaction is open while the mail server is asked."""
        if not store.any_due(self._uow, EMAIL):
            return 0
        with self._uow.begin(ME) as tx:
            due = store.take_due(tx, AT_ONCE, HOLD_SECONDS, EMAIL)
            addresses = store.addresses(tx, [row.recipient_id for row in due])
            tx.commit()
        if due:
            self._send_all(due, addresses)
        return len(due)

    def _send_all(self, due: Sequence[Row[Any]], addresses: dict[str, str]) -> None:
        left, taken = list(due), _Taken(self._uow)
        try:
            with self._mailer.connected() as smtp:
                while left:
                    row = left[0]
                    if self._send(row, lambda mail: self._mailer.send(smtp, mail), addresses.get(row.recipient_id, "")):
                        taken.add(row.id)
                    left.pop(0)
        except MailDelayed as failure:
            for row in left:
                delay(self._uow, self._policy(), row, str(failure))
        finally:
            taken.mark()

    def _send(self, row: Row[Any], send: Callable[[Mail], None], address: str) -> bool:
        """Whether the server took it; else it is settled."""
        if not address:
            fail(self._uow, row, NO_ADDRESS)
            return False
        try:
            send(Mail(row.id, address, row.subject, row.body, row.created_at))
        except MailRefused as failure:
            fail(self._uow, row, str(failure))
        except MailDelayed as failure:
            delay(self._uow, self._policy(), row, str(failure))
        else:
            return True
        return False


class _Taken:
    """Mails that the server has taken, marked as sent together, soon."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._ids: list[str] = []
        self._mark_at = time.monotonic() + MARK

    def add(self, delivery_id: str) -> None:
        self._ids.append(delivery_id)
        if time.monotonic() >= self._mark_at:
            self.mark()

    def mark(self) -> None:
        self._mark_at = time.monotonic() + MARK
        if self._ids:
            with self._uow.begin(ME) as tx:
                store.sent(tx, self._ids)
                tx.commit()
            self._ids = []
