"""E-mails about what people are told: sent once, tried again, and not at night unless it can't wait (N9.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import time
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from chassis.errors import PermissionDenied
from chassis.identity import Identity
from chassis.local.ports import free_port
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_rep, as_service
from chassis.testing.rpc import Rpc
from closeloop.incentives.v1 import events_pb2 as incentives
from closeloop.integration.v1 import notification_service_pb2 as pb
from closeloop.integration.v1 import notification_service_pb2_grpc as pb_grpc
from integration.notifications import store
from integration.notifications.mailer import Mailer, MailServer
from integration.notifications.notify import EMAIL
from integration.notifications.policy import NotificationsPolicy
from integration.notifications.rules import send_from
from integration.notifications.send_deliveries import DeliverySender
from integration.tables import delivery, notification
from services.integration.tests.conftest import World
from services.integration.tests.notice_samples import overdue
from services.integration.tests.world import employee, instant


@dataclass
class Mailbox:
    """An SMTP server. `answers` are given to the next mails instead of taking them."""

    mails: list[Message] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(message_from_bytes(envelope.content))
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box, port = Mailbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


def door(world: World, rpc: Rpc, who: Identity) -> pb_grpc.NotificationServiceStub:
    return pb_grpc.NotificationServiceStub(rpc(world.service, as_=who))


def sender(world: World, port: int, **policy: float) -> DeliverySender:
    values: dict[str, Any] = {"first_pause_seconds": 0, "attempts": 3} | policy
    mailer = Mailer(MailServer("127.0.0.1", port, "Closeloop <noreply@closeloop.example>", timeout=2))
    return DeliverySender(world.service.uow, mailer, lambda: NotificationsPolicy(**values))


@pytest.mark.spec("N9.1", "LD5.2")
def test_the_manager_gets_a_mail_after_four_hours(staffed: World, mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    deliver(staffed.service, overdue("email"), times=2)
    post = sender(staffed, port)
    assert (post.turn(), post.turn()) == (1, 0)
    [mail] = box.mails
    [row] = staffed.rows(delivery)
    assert mail["To"] == "e00100@closeloop.example"
    assert (
        str(make_header(decode_header(str(mail["Subject"])))) == "线索超时未响应：杭州云图 | No response yet: 杭州云图"
    )
    assert mail["Message-ID"] == f"<{row.id}@closeloop.example>"
    assert "至今未响应" in mail.get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert (row.state, row.attempts) == ("sent", 1)


@pytest.mark.spec("N9.1")
def test_a_mail_server_that_is_busy_or_away_is_asked_again_with_the_same_id(
    staffed: World, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    box.answers = ["451 later"]
    deliver(staffed.service, overdue("email"))
    away = sender(staffed, 1)
    away.turn()
    assert staffed.rows(delivery)[0].error == "ConnectionRefusedError"
    post = sender(staffed, port)
    post.turn()
    [row] = staffed.rows(delivery)
    assert (row.state, row.attempts, row.error) == ("queued", 2, "SMTPDataError 451")
    post.turn()
    assert [mail["Message-ID"] for mail in box.mails] == [f"<{row.id}@closeloop.example>"]


@pytest.mark.spec("N9.1")
def test_a_mail_that_is_never_taken_fails_and_says_so(staffed: World, mailbox: tuple[Mailbox, int], rpc: Rpc) -> None:
    box, port = mailbox
    box.answers = ["550 no such user e00100@closeloop.example"]
    deliver(staffed.service, overdue("email"))
    sender(staffed, port).turn()
    [told] = staffed.events("integration.notification_failed")
    assert (told.message.recipient_id, told.message.channel, told.message.error) == (
        "E00100",
        "email",
        "SMTPDataError 550",
    )
    shown = door(staffed, rpc, as_hq("E00700", "ops")).ListDeliveries(pb.ListDeliveriesRequest()).deliveries
    assert [(each.state, each.attempts, each.error) for each in shown] == [("failed", 1, "SMTPDataError 550")]
    with pytest.raises(PermissionDenied):
        door(staffed, rpc, as_rep()).ListDeliveries(pb.ListDeliveriesRequest())


@pytest.mark.spec("N9.1")
def test_attempts_are_bounded(staffed: World, mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    box.answers = ["451 later"] * 5
    deliver(staffed.service, overdue("email"))
    post = sender(staffed, port, attempts=2)
    assert [post.turn() for _ in range(3)] == [1, 1, 0]
    assert staffed.rows(delivery)[0].state == "failed"


@pytest.mark.spec("N9.1")
def test_somebody_without_an_address_gets_the_inbox_alone(staffed: World, mailbox: tuple[Mailbox, int]) -> None:
    _, port = mailbox
    event = overdue("email")
    event.manager_id = "E99999"
    deliver(staffed.service, event)
    sender(staffed, port).turn()
    assert [(row.state, row.error) for row in staffed.rows(delivery)] == [("failed", "no e-mail address")]
    assert [row.recipient_id for row in staffed.rows(notification)] == ["E99999"]


NIGHT = instant("2026-03-10T23:15:00+08:00")
MORNING = instant("2026-03-11T08:30:00+08:00")


@pytest.mark.spec("N9.1")
@pytest.mark.parametrize(
    ("at", "sent_from"),
    [
        ("2026-03-10T21:59:59+08:00", "2026-03-10T21:59:59+08:00"),
        ("2026-03-10T22:00:00+08:00", "2026-03-11T08:30:00+08:00"),
        ("2026-03-11T00:00:00+08:00", "2026-03-11T08:30:00+08:00"),
        ("2026-03-11T08:29:59+08:00", "2026-03-11T08:30:00+08:00"),
        ("2026-03-11T08:30:00+08:00", "2026-03-11T08:30:00+08:00"),
    ],
)
def test_quiet_hours_end_in_the_morning(at: str, sent_from: str) -> None:
    assert send_from(instant(at), time(22), time(8, 30)) == instant(sent_from)


def test_quiet_hours_of_one_day_and_none_at_all() -> None:
    noon = instant("2026-03-10T12:30:00+08:00")
    assert send_from(noon, time(12), time(14)) == instant("2026-03-10T14:00:00+08:00")
    assert send_from(noon, time(13), time(14)) == noon
    assert send_from(noon, time(12), time(12)) == noon


@pytest.mark.spec("N9.1")
def test_a_mail_at_night_waits_for_the_morning_with_its_time_unless_it_is_an_a_lead(
    staffed: World, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    staffed.clock.set(NIGHT)
    quiet, loud = overdue("email"), overdue("email")
    quiet.grade, loud.lead_id = "B", "L2"
    deliver(staffed.service, quiet, loud)
    post = sender(staffed, port)
    assert (post.turn(), post.turn()) == (1, 0)
    staffed.clock.set(MORNING)
    assert (post.turn(), len(box.mails)) == (1, 2)
    assert "2026-03-10 23:15" in box.mails[1].get_payload(decode=True).decode()  # type: ignore[union-attr]


@pytest.mark.spec("N9.1", "I3.2")
def test_an_appeal_that_climbs_waits_for_no_morning(staffed: World, mailbox: tuple[Mailbox, int]) -> None:
    """To the named director, and to all who may decide at headquarters: inbox, screen and e-mail at 23:15."""
    box, port = mailbox
    staffed.hire(
        *(employee(each, position="vp_sales", orgPath="/HQ/", managerId=None) for each in ("E00900", "E00901"))
    )
    staffed.clock.set(instant("2026-03-10T23:15:00+08:00"))
    moved = incentives.AppealMoved(slip_id="S1", appeal_id="A1", why="overdue", level="director", decider_id="E00100")
    deliver(staffed.service, moved)
    moved.level, moved.decider_id, moved.number = "headquarters", "", 1
    deliver(staffed.service, moved, times=2)
    assert sender(staffed, port).turn() == 3
    assert len(box.mails) == 3
    assert [row.recipient_id for row in staffed.rows(notification)] == ["E00100", "E00900", "E00901"]


@pytest.mark.spec("N9.1")
def test_two_senders_share_the_queue(staffed: World, mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    deliver(staffed.service, overdue("email"))
    with staffed.service.uow.begin(as_service("integration")) as tx:
        assert len(store.take_due(tx, 20, 300, EMAIL)) == 1
        assert sender(staffed, port).turn() == 0
        tx.commit()
    assert sender(staffed, port).turn() == 0
    assert box.mails == []


@pytest.mark.spec("N9.1")
def test_mails_of_a_batch_are_marked_as_sent_even_when_the_batch_breaks_off(
    staffed: World, mailbox: tuple[Mailbox, int]
) -> None:
    """They are marked together; what was taken before the trouble is not sent once more."""
    box, port = mailbox
    events = [overdue("email") for _ in range(3)]
    for number, event in enumerate(events):
        event.lead_id = f"L{number}"
    deliver(staffed.service, *events)

    def broken() -> NotificationsPolicy:
        raise LookupError("no policy")

    take_it = box.handle_DATA

    async def take_two(server: object, session: object, envelope: Any) -> str:
        return await take_it(server, session, envelope) if len(box.mails) < 2 else "451 later"

    box.handle_DATA = take_two  # type: ignore[method-assign]
    mailer = Mailer(MailServer("127.0.0.1", port, "Closeloop <noreply@closeloop.example>", timeout=2))
    with pytest.raises(LookupError):
        DeliverySender(staffed.service.uow, mailer, broken).turn()
    sent = {f"<{row.id}@closeloop.example>" for row in staffed.rows(delivery) if row.state == "sent"}
    assert sent == {str(mail["Message-ID"]) for mail in box.mails}
    assert len(sent) == 2
