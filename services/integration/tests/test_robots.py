"""Groups are told by robots: signed, twenty a minute, tried again, and each once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from chassis.testing.events import deliver
from closeloop.integration.v1 import events_pb2 as own
from integration.bootstrap import _robots
from integration.consumers import consumers
from integration.duties.policy import DutiesPolicy
from integration.feeds.guard import AddressGuard
from integration.feeds.pace import Pace
from integration.notifications.policy import NotificationsPolicy, check
from integration.notifications.robot_rules import DINGTALK, LONGEST, WECOM, Verdict, judged, message, signature
from integration.notifications.robots import Robot, Robots
from integration.notifications.send_to_robots import RobotSender
from integration.settings import IntegrationSettings
from integration.tables import delivery
from services.integration.tests.conftest import World

TEN = {"seconds": 1_773_108_000}  # 2026-03-10 10:00 in Shanghai
SECRET = "SEC-of-the-group"


@dataclass
class Group:
    """A chat system's door for robots. `answers`: to be given before the good ones."""

    answers: list[tuple[int, Any]] = field(default_factory=list)
    heard: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)

    def start(self) -> Group:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/robot/send?access_token=t0ken"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def texts(self) -> list[str]:
        return [body["text"]["content"] for _, body in self.heard]

    def _handler(group: Group) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                group.heard.append((dict(parse_qsl(urlsplit(self.path).query)), body))
                status, answer = group.answers.pop(0) if group.answers else (200, {"errcode": 0, "errmsg": "ok"})
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        return Handler


@pytest.fixture
def group() -> Iterator[Group]:
    started = Group().start()
    yield started
    started.stop()


Sending = Callable[..., RobotSender]


@pytest.fixture
def sending(staffed: World, group: Group) -> Iterator[Sending]:
    """A robot of DingTalk and one of WeCom in the group, and a sender for them."""
    robots = Robots(
        [Robot(DINGTALK, "ops", SecretStr(group.url), SecretStr(SECRET)), Robot(WECOM, "ops", SecretStr(group.url))],
        AddressGuard(local=True),
    )
    named = [(each.channel, each.name) for each in robots.all]
    staffed.service.consumers[:] = consumers(DutiesPolicy, NotificationsPolicy, named)

    def make(**policy: Any) -> RobotSender:
        values = {"first_pause_seconds": 0, "attempts": 3} | policy
        return RobotSender(staffed.service.uow, robots, Pace(), lambda: NotificationsPolicy(**values))

    yield make
    robots.close()


def down(number: int = 0) -> own.FeedDegraded:
    return own.FeedDegraded(
        feed=f"bank{number}", health="down", since=TEN, reason_zh="数据源响应超时", reason="the source did not answer"
    )


def states(world: World) -> list[tuple[str, str, int]]:
    return [(row.channel, row.state, row.attempts) for row in world.rows(delivery)]


@pytest.mark.spec("N9.1", "N2.1")
def test_a_feed_that_is_down_is_said_in_both_groups_signed_and_once(
    staffed: World, sending: Sending, group: Group
) -> None:
    deliver(staffed.service, down(), times=2)
    sender = sending()
    assert (sender.turn(), sender.turn()) == (2, 0)
    (signed, body), (plain, _) = group.heard
    wanted = hmac.new(SECRET.encode(), f"{signed['timestamp']}\n{SECRET}".encode(), hashlib.sha256).digest()
    assert (signed["sign"], signed["access_token"]) == (base64.b64encode(wanted).decode(), "t0ken")
    assert "sign" not in plain
    assert body["text"]["content"].startswith("数据源 bank0 异常（中断） | Feed bank0 is down\n数据源响应超时")
    ids = [row.id for row in staffed.rows(delivery)]
    assert [any(each in text for each in ids) for text in group.texts] == [True, True]
    assert states(staffed) == [(DINGTALK, "sent", 1), (WECOM, "sent", 1)]


@pytest.mark.spec("N9.1")
def test_twenty_a_minute_go_and_the_rest_waits_without_losing_an_attempt(
    staffed: World, sending: Sending, group: Group
) -> None:
    deliver(staffed.service, *[down(number) for number in range(25)])
    sender = sending()
    while sender.turn():
        pass
    assert len(group.heard) == 2 * 20
    waiting = [each for each in states(staffed) if each[1] == "queued"]
    assert sorted(waiting) == [(DINGTALK, "queued", 0)] * 5 + [(WECOM, "queued", 0)] * 5


@pytest.mark.spec("N9.1")
def test_a_group_that_is_busy_is_tried_again_and_a_refusal_is_final(
    staffed: World, sending: Sending, group: Group
) -> None:
    group.answers = [(200, {"errcode": 130101}), (200, {"errcode": 93000}), (502, None)]
    deliver(staffed.service, down())
    sender = sending()
    while sender.turn():
        pass
    assert states(staffed) == [(DINGTALK, "sent", 3), (WECOM, "failed", 1)]
    [failed] = staffed.events("integration.notification_failed")
    assert (failed.message.channel, failed.message.recipient_id, failed.message.error) == (
        WECOM,
        "ops",
        "errcode 93000",
    )


@pytest.mark.spec("N9.1")
def test_after_the_last_attempt_it_is_given_up(staffed: World, sending: Sending, group: Group) -> None:
    group.answers = [(500, None)] * 6
    deliver(staffed.service, down())
    sender = sending()
    while sender.turn():
        pass
    assert states(staffed) == [(DINGTALK, "failed", 3), (WECOM, "failed", 3)]


@pytest.mark.spec("N9.1")
def test_only_what_is_urgent_is_said_at_night(staffed: World, sending: Sending, group: Group) -> None:
    staffed.clock.advance(timedelta(hours=13))
    deliver(staffed.service, own.FeedRecovered(feed="bank", at=TEN), down())
    sender = sending()
    while sender.turn():
        pass
    assert len(group.heard) == 2
    assert all("中断" in text for text in group.texts)
    staffed.clock.advance(timedelta(hours=10))
    assert sender.turn() == 2


@pytest.mark.spec("N9.1")
def test_a_group_hears_the_kinds_that_it_wants() -> None:
    policy = NotificationsPolicy(robots={"sales": ("slip_created",)})
    assert policy.says("ops", "feed_degraded")
    assert not policy.says("ops", "slip_created")
    assert policy.says("sales", "slip_created")
    assert not policy.says("sales", "feed_degraded")
    assert check(policy) == []
    wrong = NotificationsPolicy(robots={"sales": ("slip_made",)}, robot_kinds=("feed_lost",))
    assert [each.field for each in check(wrong)] == ["robots.sales", "robot_kinds"]


def test_nobody_s_mail_is_taken_for_a_robot_s_message(staffed: World, sending: Sending, group: Group) -> None:
    row = {"id": "01990000-0000-7000-8000-000000000001", "channel": "email", "recipient_id": "ops", "subject": "s"}
    now = staffed.clock.now()
    staffed.put(delivery, row | {"body": "b", "dedupe_key": "1", "created_at": now, "not_before": now})
    assert sending().turn() == 0


def test_the_example_of_a_signature() -> None:
    """Counted with another program: openssl dgst -sha256 -hmac."""
    assert signature(1_773_108_000_000, "SEC000")["sign"] == "xuO2pT2Tes6ygkmcziSsEp8GvKsPwzY9HUptiOhmV0o="


@given(st.text(max_size=3000), st.sampled_from([WECOM, DINGTALK]))
def test_a_message_fits_and_ends_with_its_id(body: str, channel: str) -> None:
    content = message(channel, "主题", body, "D-1")["text"]["content"]
    assert len(content.encode()) <= LONGEST[channel]
    assert content.endswith("〔D-1〕")


@pytest.mark.parametrize(
    ("status", "answer", "verdict"),
    [
        (200, {"errcode": 0}, Verdict.TAKEN),
        (200, {"errcode": 45009}, Verdict.LATER),
        (200, {"errcode": 310000}, Verdict.REFUSED),
        (200, None, Verdict.REFUSED),
        (200, [], Verdict.REFUSED),
        (404, {"errcode": 0}, Verdict.REFUSED),
        (429, None, Verdict.LATER),
    ],
)
def test_what_an_answer_means(status: int, answer: object, verdict: Verdict) -> None:
    assert judged(WECOM, status, answer)[0] is verdict


def test_a_robot_inside_our_network_is_not_reached_and_no_key_is_written(
    staffed: World, group: Group, capfd: pytest.CaptureFixture[str]
) -> None:
    inside = Robots([Robot(WECOM, "ops", SecretStr(group.url))], AddressGuard())
    told = inside.say(inside.all[0], "s", "b", "D-1", 0)
    inside.close()
    assert (told[0], group.heard) == (Verdict.LATER, [])
    assert "t0ken" not in told[1] + "".join(capfd.readouterr()) + repr(inside.all)


def test_robots_are_named_in_the_settings() -> None:
    told = IntegrationSettings.model_validate({"wecom_robots": "ops=https://x/send?key=1, sales=https://y/send?key=2"})
    assert told.wecom_robots["ops"].get_secret_value() == "https://x/send?key=1"
    assert list(told.wecom_robots) == ["ops", "sales"]
    with pytest.raises(ValidationError):
        IntegrationSettings.model_validate({"dingtalk_robots": "https//no-name"})


def test_a_robot_that_is_named_is_wired_with_its_secret() -> None:
    settings = IntegrationSettings.model_validate(
        {
            "wecom_robots": "ops=https://w",
            "dingtalk_robots": "ops=https://d,hq=https://e",
            "dingtalk_robot_secrets": "hq=S",
        }
    )
    wired = [(each.channel, each.name, each.secret.get_secret_value()) for each in _robots(settings)]
    assert wired == [(WECOM, "ops", ""), (DINGTALK, "ops", ""), (DINGTALK, "hq", "S")]
