"""Many events at once become notices at once: the same ones as one by one, in the order of the events."""

from __future__ import annotations

from threading import Thread
from typing import Any

import pytest
from sqlalchemy import text

from chassis.consumer import parked_events
from chassis.events import Cause
from chassis.outbox import outbox_row
from chassis.testing.events import as_record, deliver, deliver_records
from chassis.testing.identity import as_service
from chassis.testing.locks import until_blocked
from closeloop.incentives.v1 import events_pb2 as incentives
from closeloop.leads.v1 import events_pb2 as leads
from integration.bootstrap import CATALOG
from integration.notifications import store
from integration.tables import delivery, notification
from services.integration.tests.conftest import World
from services.integration.tests.notice_samples import TEN, overdue

STEPS = ("remind", "popup", "email", "recycle_warning")


def held(lead_id: str) -> leads.LeadAssignmentHeld:
    """To operations, who are found by their position."""
    return leads.LeadAssignmentHeld(lead_id=lead_id, reason="unverified", since=TEN)


def told(world: World) -> list[tuple[Any, ...]]:
    return [(row.recipient_id, row.kind, row.dedupe_key, row.title_zh) for row in world.rows(notification)]


def mailed(world: World) -> set[tuple[str, str, str]]:
    return {(each.recipient_id, each.dedupe_key, each.subject) for each in world.rows(delivery)}


def row(recipient_id: str, key: str) -> dict[str, object]:
    words = dict.fromkeys(("severity", "title", "title_zh", "body", "body_zh", "link"), "words")
    return {"recipient_id": recipient_id, "dedupe_key": key, "kind": "lead_assigned", "popup": False, **words}


@pytest.mark.spec("N9.1", "P3.2")
def test_a_list_of_events_tells_what_they_tell_one_by_one(staffed: World) -> None:
    events: list[object] = [overdue(step, lead) for lead in ("L1", "L2") for step in STEPS]
    events += [held("L1"), held("L2"), leads.RepPassedOver(employee_id="E00001", day="2026-03-10")]
    for event in events:
        deliver(staffed.service, event)
    alone, mails = (
        told(staffed),
        {(each.recipient_id, each.dedupe_key, each.subject) for each in staffed.rows(delivery)},
    )
    with staffed.service.uow.begin(as_service("integration")) as tx:
        tx.execute(text("TRUNCATE notification, delivery, inbox, outbox"))
        tx.commit()
    deliver(staffed.service, *events, times=2)
    assert told(staffed) == alone
    assert mailed(staffed) == mails
    assert len(mails) == 2
    heard = [each.message.notification_id for each in staffed.events("integration.notification_created")]
    assert heard == [row.id for row in staffed.rows(notification)]


@pytest.mark.spec("N9.1")
def test_each_notice_of_a_list_names_the_event_that_it_tells(staffed: World) -> None:
    """Of two that tell the same, the first one."""
    clock = staffed.service.uow.clock
    rows = [
        outbox_row(CATALOG, each, service="leads", at=clock.now(), cause=Cause("", f"import-{number}"))
        for number, each in enumerate([overdue("remind", "L1"), overdue("remind", "L2"), overdue("remind", "L1")])
    ]
    deliver_records(staffed.service, [as_record(each, place) for place, each in enumerate(rows)])
    heard = staffed.events("integration.notification_created")
    assert [each.causation_id for each in heard] == [rows[0].id, rows[1].id]
    assert [each.correlation_id for each in heard] == ["import-0", "import-1"]


@pytest.mark.spec("P3.2")
def test_a_notice_that_can_not_be_kept_parks_its_event_alone(staffed: World) -> None:
    """PostgreSQL takes no NUL; a sender that lets one through stops nobody else's notices."""
    deliver(
        staffed.service,
        overdue("remind", "L1"), overdue("remind", "L2", "\0"), overdue("remind", "L3"), overdue("popup", "L2"),
        park=True,
    )  # fmt: skip
    assert [(key, kind) for _, kind, key, _ in told(staffed)] == [
        ("response_reminder:L1:remind:2026-03-10 02:00:00+00:00", "response_reminder"),
        ("response_reminder:L3:remind:2026-03-10 02:00:00+00:00", "response_reminder"),
    ]
    with staffed.service.uow.database.connect() as connection:
        parked = [(each.record.key, each.state) for each in parked_events(connection, "integration")]
    assert parked == [("L2", "retrying"), ("L2", "waiting")]


@pytest.mark.spec("P1.2")
def test_who_has_seen_a_number_has_seen_all_below_it(staffed: World) -> None:
    """A second writer takes its numbers only when the first one has committed all of its own."""
    uow, found = staffed.service.uow, dict[str, int]()

    def second() -> None:
        with uow.begin(as_service("integration")) as tx:
            found.update({key: number for (_, key), number in store.add(tx, [row("E00001", "late")]).items()})
            tx.commit()

    writer = Thread(target=second)
    with uow.begin(as_service("integration")) as tx:
        found.update({key: number for (_, key), number in store.add(tx, [row("E00001", "first")]).items()})
        writer.start()
        until_blocked(staffed.service.uow.database)
        found.update({key: number for (_, key), number in store.add(tx, [row("E00001", "next")]).items()})
        tx.commit()
    writer.join(10)
    assert found["first"] < found["next"] < found["late"]


@pytest.mark.spec("N9.1")
def test_everybody_with_a_duty_is_looked_up_for_all_of_a_list(staffed: World) -> None:
    rule = incentives.RulePublished(rule_id="R1", version=1, name="R", name_zh="规则", words="2 %", words_zh="2%")
    other = incentives.RulePublished(rule_id="R2", version=1, name="S", name_zh="细则", words="3 %", words_zh="3%")
    deliver(staffed.service, rule, held("L1"), other)
    assert [(recipient, title) for recipient, _, _, title in told(staffed)] == [
        ("E00001", "激励规则发布：规则"), ("E00002", "激励规则发布：规则"), ("E00700", "线索暂缓分配："),
        ("E00001", "激励规则发布：细则"), ("E00002", "激励规则发布：细则"),
    ]  # fmt: skip
