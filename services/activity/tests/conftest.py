from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import text

from activity.bootstrap import CATALOG, wire
from activity.policies import SPECS
from activity.settings import ActivitySettings
from chassis.clock import FixedClock
from chassis.config import Mode
from chassis.database import Database
from chassis.identity import Identity
from chassis.rpc.client import Channel
from chassis.service import Runtime, Service
from chassis.testing.events import deliver, recorded_events
from chassis.testing.identity import Keys
from chassis.testing.rpc import Rpc
from closeloop.integration.v1.events_pb2 import ConversationMessage, EmployeeChanged
from closeloop.leads.v1.events_pb2 import CustomerCreated, CustomerFacts, LeadAssigned

HZ1, HZ2 = "/HQ/EAST/HZ1/", "/HQ/EAST/HZ2/"
PHONE = "+8613800000001"
CUSTOMER = "wm-customer-1"


def at(moment: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


class World:
    """Activity on its own fresh database, with what neighbours tell it and what it tells them."""

    def __init__(self, service: Service, rpc: Rpc, clock: FixedClock) -> None:
        self.service = service
        self.clock = clock
        self._rpc = rpc

    def as_(self, identity: Identity) -> Channel:
        return self._rpc(self.service, as_=identity)

    def hire(self, employee_id: str = "E1", unit: str = HZ1, version: int = 1) -> None:
        event = EmployeeChanged(employee_id=employee_id, version=version, name="李娜", status="active", unit=unit)
        deliver(self.service, event, times=2)

    def assign(
        self,
        lead_id: str = "L1",
        owner_id: str = "E1",
        unit: str = HZ1,
        phone: str = PHONE,
        chat_id: str = CUSTOMER,
        times: int = 1,
    ) -> None:
        event = LeadAssigned(
            lead_id=lead_id,
            owner_id=owner_id,
            unit=unit,
            company_name="杭州某校",
            phone=phone,
            wecom_external_id=chat_id,
            assigned_at=at(self.clock.now()),
        )
        deliver(self.service, event, times=times)

    def customer(self, customer_id: str = "C1", owner_id: str = "E1", unit: str = HZ1) -> None:
        facts = CustomerFacts(customer_id=customer_id, version=1, name="杭州某校", owner_id=owner_id, unit=unit)
        deliver(self.service, CustomerCreated(customer=facts, customer_id=customer_id), times=2)

    def minutes(self, number: float) -> timedelta:
        return timedelta(minutes=number)

    def stamp(self, minutes: float = 0) -> Timestamp:
        """An instant so many minutes from now."""
        return at(self.clock.now() + timedelta(minutes=minutes))

    def wait_until(self, condition: Callable[[], bool], seconds: float = 5) -> None:
        """A published policy holds within a second."""
        give_up = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < give_up, "it did not come true"
            time.sleep(0.02)

    def told(self, type: str) -> list:
        """Messages of the outbox of this type, oldest first."""
        with self.service.uow.database.connect() as conn:
            return [event.message for event in recorded_events(conn, CATALOG) if event.type == type]

    def count(self, table: str) -> int:
        with self.service.uow.database.connect() as conn:
            return int(conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


class Chat:
    """A chat with a customer; each message is a minute after the one before."""

    def __init__(self, world: World, chat_id: str = "chat-1", minutes: float = 1) -> None:
        self.world = world
        self.chat_id = chat_id
        self.minutes = minutes
        self._number = 0

    def customer(self, text: str, **changes: object) -> ConversationMessage:
        return self.say(text, sender=CUSTOMER, from_customer=True, **changes)

    def rep(self, text: str, employee_id: str = "E1", **changes: object) -> ConversationMessage:
        return self.say(text, sender=employee_id.lower(), employee_id=employee_id, **changes)

    def say(self, text: str, *, times: int = 1, **changes: object) -> ConversationMessage:
        self.world.clock.advance(timedelta(minutes=self.minutes))
        message = self.message(text, **changes)
        deliver(self.world.service, message, times=times)
        return message

    def message(self, text: str, **changes: object) -> ConversationMessage:
        self._number += 1
        values: dict[str, object] = {
            "message_id": f"{self.chat_id}-{self._number}",
            "chat_id": self.chat_id,
            "source": "wecom",
            "customer_external_id": CUSTOMER,
            "text": text,
            "sent_at": at(self.world.clock.now()),
        }
        return ConversationMessage(**{**values, **changes})


@pytest.fixture
def world(service_database: Callable[[str], Database], clock: FixedClock, keys: Keys, rpc: Rpc) -> Iterator[World]:
    settings = ActivitySettings(mode=Mode.LOCAL)
    runtime = Runtime(
        "activity",
        settings,
        CATALOG,
        clock=clock,
        database=service_database("activity"),
        keyring=keys.of("activity"),
        policies=SPECS,
    )
    yield World(wire(runtime), rpc, clock)
    runtime.close()


@pytest.fixture
def chat(world: World) -> Callable[..., Chat]:
    return partial(Chat, world)
