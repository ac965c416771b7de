"""What the simulated chat, telephone and mail systems say is what the service reads, and they fail on command."""

from __future__ import annotations

import base64
import hashlib
import hmac
import imaplib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from integration.calls.rules import CallRecord
from integration.conversations.archive_cipher import ArchiveKeys
from integration.conversations.mail_reading import read_mail
from integration.conversations.take_archive import Opened, read
from integration.feeds.rules import Raw, Rejection
from simulators.settings import TRIAL_AES_KEY
from simulators.wecom_crypto import CallbackCipher

pytestmark = pytest.mark.spec("N11.1")


def chat_data(simulators: Any, seq: int = 0) -> list[dict[str, Any]]:
    answer = httpx.get(
        simulators.url("wecom") + "/chatdata",
        params={"seq": seq, "limit": 100},
        headers={"X-Api-Key": simulators.settings.wecom_archive_key},
    )
    return list(answer.json()["chatdata"])


def opened(simulators: Any, record: dict[str, Any]) -> Opened | Rejection:
    return read(Raw("x", json.dumps(record)), ArchiveKeys(str(simulators.settings.sim_data / "wecom" / "keys")))


def test_the_archive_gives_out_what_its_keys_open(simulators: Any) -> None:
    simulators.post("wecom", "/_sim/archive", {"from": "wm-1", "to": ["e00101"], "text": "请报价"})
    simulators.post(
        "wecom", "/_sim/archive", {"from": "e00101", "to": ["wm-1"], "file": {"name": "报价.pdf", "text": "1"}}
    )
    first, second = (opened(simulators, each) for each in chat_data(simulators))
    assert isinstance(first, Opened)
    assert isinstance(second, Opened)
    assert (first.content.text, second.content.text) == ("请报价", "[文件] 报价.pdf")
    handle = second.content.attachments[0].media_id
    assert (
        httpx.get(
            simulators.url("wecom") + "/mediadata",
            params={"sdkfileid": handle},
            headers={"X-Api-Key": simulators.settings.wecom_archive_key},
        ).content
        == b"1"
    )
    assert httpx.get(simulators.url("wecom") + "/chatdata").status_code == 401
    assert [each["seq"] for each in chat_data(simulators, 1)] == [2]


def test_a_key_that_was_not_handed_on_opens_nothing_until_it_is(simulators: Any) -> None:
    simulators.post("wecom", "/_sim/archive-key", {"version": 2, "hidden": True})
    simulators.post("wecom", "/_sim/archive", {"from": "wm-1", "to": ["e00101"], "text": "x", "keyVersion": 2})
    [record] = chat_data(simulators)
    refused = opened(simulators, record)
    assert isinstance(refused, Rejection)
    assert refused.field == "publickey_ver"
    simulators.post("wecom", "/_sim/archive-key", {"version": 2})
    assert isinstance(opened(simulators, record), Opened)


@pytest.mark.parametrize(
    ("mode", "numbers"),
    [("hole", [1, 3]), ("duplicate", [1, 1, 2, 2, 3, 3]), ("reorder", [3, 2, 1]), ("schema", [None] * 3)],
)
def test_the_archive_fails_on_command(simulators: Any, mode: str, numbers: list[int | None]) -> None:
    for text in ("eins", "zwei", "drei"):
        simulators.post("wecom", "/_sim/archive", {"from": "wm-1", "to": ["e00101"], "text": text})
    simulators.post("wecom", "/_sim/fault", {"mode": mode, "count": 1})
    assert [each.get("seq") for each in chat_data(simulators)] == numbers
    assert [each["seq"] for each in chat_data(simulators)] == [1, 2, 3]


def test_a_lying_archive_seals_for_another_key(simulators: Any) -> None:
    simulators.post("wecom", "/_sim/archive", {"from": "wm-1", "to": ["e00101"], "text": "x"})
    simulators.post("wecom", "/_sim/fault", {"mode": "lie"})
    assert isinstance(opened(simulators, chat_data(simulators)[0]), Rejection)


def test_calls_are_read_as_the_service_reads_them(simulators: Any) -> None:
    said = [{"speaker": "CUSTOMER", "offsetMs": 5000, "text": "预算八十万"}]
    call = {"callId": "PBX-1", "agentId": "E00101", "customerNumber": "13800000001"}
    simulators.post("telephony", "/_sim/calls", {"calls": [call, call | {"transcript": said}]})
    first, second = simulators.get("telephony", "/calls", after=0).json()["calls"]
    assert (first["seq"], second["seq"]) == (1, 2)
    assert CallRecord.model_validate(first).status == "ANSWERED"
    assert CallRecord.model_validate(second).transcript[0].text == "预算八十万"
    simulators.post("telephony", "/_sim/fault", {"mode": "lie"})
    assert {each["status"] for each in simulators.get("telephony", "/calls", after=0).json()["calls"]} == {"NO_ANSWER"}


def say(simulators: Any, system: str, path: str, **query: str) -> dict[str, Any]:
    told = {"msgtype": "text", "text": {"content": "数据源异常"}}
    return dict(httpx.post(simulators.url(system) + path, params=query, json=told).json())


def test_a_group_of_dingtalk_wants_a_signature_and_shows_what_was_said(simulators: Any) -> None:
    secret, now = simulators.settings.dingtalk_robot_secret, str(int(time.time() * 1000))
    digest = hmac.new(secret.encode(), f"{now}\n{secret}".encode(), hashlib.sha256).digest()
    signed = {"timestamp": now, "sign": base64.b64encode(digest).decode()}
    assert say(simulators, "dingtalk", "/robot/send", access_token="ops", **signed)["errcode"] == 0
    assert (
        say(simulators, "dingtalk", "/robot/send", access_token="ops", **(signed | {"sign": "x"}))["errcode"] == 310000
    )
    old = str(int(now) - 4_000_000)
    assert (
        say(simulators, "dingtalk", "/robot/send", access_token="ops", **(signed | {"timestamp": old}))["errcode"] != 0
    )
    [heard] = httpx.get(simulators.url("dingtalk") + "/robot/messages").json()["messages"]
    assert (heard["robot"], heard["text"]) == ("ops", "数据源异常")


def test_the_twenty_first_message_of_a_minute_is_refused(simulators: Any) -> None:
    codes = [say(simulators, "wecom", "/cgi-bin/webhook/send", key="k")["errcode"] for _ in range(21)]
    assert codes == [0] * 20 + [45009]
    assert say(simulators, "wecom", "/cgi-bin/webhook/send", key="other")["errcode"] == 0


DING = CallbackCipher("dingtrialtoken", TRIAL_AES_KEY, "dingtrialapp")


class Inbox(HTTPServer):
    """A callback address that keeps events and answers as DingTalk wants it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.received: list[tuple[dict[str, str], str]] = []


class Receiver(BaseHTTPRequestHandler):
    server: Inbox

    def do_POST(self) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        self.server.received.append((query, self.rfile.read(int(self.headers["Content-Length"])).decode()))
        encrypted = DING.encrypt("success", b"0" * 16)
        told = {"msg_signature": DING.signature("1", "n", encrypted), "timeStamp": "1", "nonce": "n"}
        content = json.dumps(told | {"encrypt": encrypted}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    """Started before the simulators, which read its address from their settings."""
    server = Inbox()
    monkeypatch.setenv("CLOSELOOP_GATEWAY_URL", f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_approval_is_posted_signed_and_encrypted(inbox: Inbox, simulators: Any) -> None:
    answer = simulators.post("dingtalk", "/_sim/approval", {"staffId": "E00101", "title": "样品"}).json()
    assert answer["answers"] == [{"status": 200, "accepted": True}]
    ((query, body),) = inbox.received
    encrypted = json.loads(body)["encrypt"]
    assert DING.is_signed(query["signature"], query["timestamp"], query["nonce"], encrypted)
    event = json.loads(DING.decrypt(encrypted))
    assert (event["EventType"], event["staffId"], event["result"]) == ("bpms_instance_change", "E00101", "agree")
    simulators.post("dingtalk", "/_sim/replay", {})
    assert inbox.received[0] == inbox.received[1]
    assert simulators.post("dingtalk", "/_sim/check", {}).json()["accepted"]
    simulators.post("dingtalk", "/_sim/fault", {"mode": "lie"})
    simulators.post("dingtalk", "/_sim/approval", {})
    query, body = inbox.received[-1]
    assert not DING.is_signed(query["signature"], query["timestamp"], query["nonce"], json.loads(body)["encrypt"])


def test_a_mail_that_was_laid_out_is_read_by_imap(simulators: Any) -> None:
    told = {"from": "li@hospital.cn", "to": "e00101@closeloop.example", "subject": "询价", "text": "预算八十万"}
    assert simulators.post("mail", "/_sim/mail", told | {"charset": "gbk"}).json() == {"uid": 1}
    settings = simulators.settings
    with imaplib.IMAP4("127.0.0.1", settings.sim_imap_port, timeout=5) as box:
        box.login(settings.mailbox_user, settings.mailbox_key)
        box.select("INBOX", readonly=True)
        _, found = box.uid("FETCH", "1:*", "(BODY.PEEK[])")
    part = found[0]
    assert isinstance(part, tuple)
    mail = read_mail(part[1])
    assert (mail.sender, mail.subject, mail.text) == ("li@hospital.cn", "询价", "预算八十万")
    assert simulators.post("mail", "/_sim/renew", {}).json() == {"uidValidity": 2}
