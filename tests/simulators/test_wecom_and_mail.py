from __future__ import annotations

import smtplib
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from simulators.settings import TRIAL_AES_KEY, SimulatorSettings
from simulators.wecom_crypto import CallbackCipher, CannotDecrypt

pytestmark = pytest.mark.spec("N11.1")

CIPHER = CallbackCipher("trialtoken", TRIAL_AES_KEY, "wwtrialcorp")


def test_the_published_example_of_wecom_decrypts() -> None:
    """The sample of WeCom's own developer documentation (address check)."""
    sample = CallbackCipher("QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "wx5823bf96d3bd56c7")
    echo = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
    assert sample.is_signed("5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3", "1409659589", "263014780", echo)
    assert sample.decrypt(echo) == "1616140317555161061"


@given(message=st.text(max_size=300), prefix=st.binary(min_size=16, max_size=16))
def test_what_is_encrypted_decrypts(message: str, prefix: bytes) -> None:
    assert CIPHER.decrypt(CIPHER.encrypt(message, prefix)) == message


def test_another_receiver_s_text_is_refused() -> None:
    other = CallbackCipher("trialtoken", TRIAL_AES_KEY, "another")
    with pytest.raises(CannotDecrypt):
        CIPHER.decrypt(other.encrypt("hello", b"0" * 16))


class Inbox(HTTPServer):
    """A callback address that keeps what it is sent and echoes address checks."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.received: list[tuple[dict[str, str], str]] = []


class Receiver(BaseHTTPRequestHandler):
    server: Inbox

    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.received.append((self.query(), body))
        self.answer("success")

    def do_GET(self) -> None:
        self.answer(CIPHER.decrypt(self.query()["echostr"]))

    def answer(self, text: str) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

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


MESSAGE = {"chatId": "chat-1", "from": "linan", "externalUserId": "wm-77", "text": "#归档 已报价 <b>"}


def test_a_chat_message_arrives_signed_and_encrypted(inbox: Inbox, simulators: Any) -> None:
    answer = simulators.post("wecom", "/_sim/send", MESSAGE | {"createTime": 1773108000}).json()
    assert answer["answers"] == [{"status": 200, "body": "success"}]
    ((query, body),) = inbox.received
    encrypted = etree.fromstring(body.encode()).findtext("Encrypt")
    assert encrypted
    assert CIPHER.is_signed(query["msg_signature"], query["timestamp"], query["nonce"], encrypted)
    message = etree.fromstring(CIPHER.decrypt(encrypted).encode())
    assert message.findtext("Content") == "#归档 已报价 <b>"
    assert message.findtext("CreateTime") == "1773108000"
    assert message.findtext("ExternalUserId") == "wm-77"


def test_a_replay_repeats_the_callback_byte_for_byte(inbox: Inbox, simulators: Any) -> None:
    simulators.post("wecom", "/_sim/send", MESSAGE)
    simulators.post("wecom", "/_sim/replay", {})
    assert inbox.received[0] == inbox.received[1]


def test_a_lying_sender_signs_wrongly(inbox: Inbox, simulators: Any) -> None:
    simulators.post("wecom", "/_sim/fault", {"mode": "lie"})
    simulators.post("wecom", "/_sim/send", MESSAGE)
    ((query, body),) = inbox.received
    encrypted = etree.fromstring(body.encode()).findtext("Encrypt") or ""
    assert not CIPHER.is_signed(query["msg_signature"], query["timestamp"], query["nonce"], encrypted)


def test_the_address_check_wants_the_plain_text_back(inbox: Inbox, simulators: Any) -> None:
    assert simulators.post("wecom", "/_sim/check", {}).json() == {"status": 200, "echoed": True}


def send_mail(settings: SimulatorSettings) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "closeloop@a.example", "boss@a.example", "线索超时"
    mail["Message-ID"] = "<1@a.example>"
    mail.set_content("请跟进。")
    with smtplib.SMTP("127.0.0.1", settings.sim_smtp_port, timeout=5) as smtp:
        smtp.send_message(mail)


def test_a_mail_can_be_read_over_http(simulators: Any) -> None:
    send_mail(simulators.settings)
    (mail,) = simulators.get("mail", "/mails", to="boss@a.example").json()["mails"]
    assert (mail["subject"], mail["text"].strip(), mail["messageId"]) == ("线索超时", "请跟进。", "<1@a.example>")
    assert simulators.get("mail", "/mails", to="other@a.example").json()["mails"] == []


def test_a_mail_server_in_trouble_refuses_for_now(simulators: Any) -> None:
    simulators.post("mail", "/_sim/fault", {"mode": "error500", "count": 1})
    with pytest.raises(smtplib.SMTPDataError, match="try again later"):
        send_mail(simulators.settings)
    send_mail(simulators.settings)
    assert len(httpx.get(simulators.url("mail") + "/mails").json()["mails"]) == 1
