"""Mails by IMAP, from the simulated mail server: told on once, in threads, to the customer of the address."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from chassis.clock import FixedClock
from chassis.config import ConfigError, load
from chassis.files import FileStore
from closeloop.integration.v1.events_pb2 import ConversationMessage
from integration.connectors.mailbox import MailboxConnector, MailboxSettings
from integration.conversations.mailbox_policy import MailboxPolicy
from integration.feeds.policy import FeedRule
from integration.tables import quarantine
from services.integration.tests.conftest import QUICK, World
from simulators.application import Simulator
from simulators.faults import Fault, Mode
from simulators.imap import Imap

NOW = datetime(2026, 3, 10, 2, tzinfo=UTC)
REP, CUSTOMER = "e00001@closeloop.example", "li@hospital.cn"
POLICY = MailboxPolicy(customers={"li@hospital.cn": "C1", "@school.cn": "C2"}, ours=("@closeloop.example",))


class Post:
    """A mail server with one user, and the feed that reads it."""

    def __init__(self, world: World, folder: Path, context: ssl.SSLContext | None = None) -> None:
        self.world = world
        self.imap = Imap(Simulator("imap", FixedClock(NOW)), "sales", "geheim")
        self.policy = POLICY
        self.files = FileStore(str(folder / "files"))
        self._folder, self._context = folder, context
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None

    def __enter__(self) -> Post:
        start = asyncio.start_server(self.imap.serve, "127.0.0.1", 0, ssl=self._context)
        self._server = self._loop.run_until_complete(start)
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.connect()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    @staticmethod
    async def _end() -> None:
        """Conversations that a test left waiting."""
        others = [each for each in asyncio.all_tasks() if each is not asyncio.current_task()]
        for each in others:
            each.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def connect(self, password: str = "geheim", host: str = "127.0.0.1", scheme: str = "imap", **settings: Any) -> None:
        assert self._server
        url = f"{scheme}://sales@{host}:{self._server.sockets[0].getsockname()[1]}"
        told = {"mailbox_url": url, "mailbox_key": SecretStr(password), "files_url": str(self._folder / "files")}
        connector = MailboxConnector(MailboxSettings(**(told | settings)), lambda name: self.policy)
        connector.rule = FeedRule(**(connector.rule.model_dump() | QUICK | {"attempts": 1}))
        self.world.connectors["mailbox"] = connector

    def put(self, folder: str, content: bytes | EmailMessage, at: datetime = NOW) -> None:
        self.imap.folders[folder].add(at, content if isinstance(content, bytes) else content.as_bytes())

    def run(self) -> Any:
        return self.world.run("mailbox")

    def fault(self, mode: str, **more: Any) -> None:
        self.imap.simulator.faults.set(Fault(mode=Mode(mode), **more))

    def told(self) -> list[ConversationMessage]:
        return [each.message for each in self.world.events("integration.conversation_message")]


@pytest.fixture
def post(staffed: World, tmp_path: Path) -> Iterator[Post]:
    with Post(staffed, tmp_path) as started:
        yield started


def mail(
    text: str = "请报价", number: str = "1", sender: str = CUSTOMER, to: str = REP, **headers: str
) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"李主任 <{sender}>", to, "影像设备询价"
    message["Date"], message["Message-ID"] = "Tue, 10 Mar 2026 09:30:00 +0800", f"<{number}@hospital.cn>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


@pytest.mark.spec("N1.1")
def test_mails_of_both_directions_are_told_in_one_thread(post: Post) -> None:
    post.put("INBOX", mail())
    post.put("Sent", mail("报价见附件", "2", REP, CUSTOMER, In_Reply_To="<1@hospital.cn>"))
    post.put("INBOX", mail("好的", "3", References="<1@hospital.cn> <2@hospital.cn>"))
    run = post.run()
    assert (run.outcome, run.records_new) == ("ok", 3)
    asked, agreed, answered = post.told()
    assert (asked.text, asked.subject, asked.channel, asked.source) == ("请报价", "影像设备询价", "email", "mailbox")
    assert (asked.from_customer, asked.customer_external_id, asked.customer_id, asked.employee_id) == (
        True, CUSTOMER, "C1", "",
    )  # fmt: skip
    assert (answered.from_customer, answered.employee_id, answered.customer_id) == (False, "E00001", "C1")
    assert {each.chat_id for each in (asked, agreed, answered)} == {"mail:1@hospital.cn"}
    assert asked.sent_at.ToJsonString() == "2026-03-10T01:30:00Z"
    assert post.world.feed("mailbox").health == "healthy"


@pytest.mark.spec("N1.3")
def test_only_what_is_new_is_read_and_a_renewed_folder_tells_nothing_twice(post: Post) -> None:
    post.put("INBOX", mail())
    post.run()
    assert post.run().records_in == 0
    post.put("INBOX", mail("zwei", "2"))
    assert post.run().records_new == 1
    post.imap.folders["INBOX"].renew()
    post.put("INBOX", mail("drei", "3"))
    run = post.run()
    assert (run.records_in, run.records_new, run.duplicates) == (3, 1, 2)
    assert [each.text for each in post.told()] == ["请报价", "zwei", "drei"]
    assert json.loads(post.world.feed("mailbox").checkpoint)["INBOX"] == [2, 3]


@pytest.mark.spec("N1.1")
def test_a_customer_is_known_by_address_or_domain_and_others_are_not_told(post: Post) -> None:
    post.put("INBOX", mail(number="1", sender="rektor@school.cn"))
    post.put("INBOX", mail(number="2", sender="spam@elsewhere.cn"))
    post.put("INBOX", mail(number="3", sender="hr@closeloop.example"))
    run = post.run()
    assert (run.records_in, run.records_new, run.rejected) == (3, 1, 0)
    assert [each.customer_id for each in post.told()] == ["C2"]
    post.policy = POLICY.model_copy(update={"tell_unknown": True})
    post.put("INBOX", mail(number="4", sender="new@elsewhere.cn"))
    post.run()
    assert [(each.customer_id, each.customer_external_id) for each in post.told()[1:]] == [("", "new@elsewhere.cn")]


@pytest.mark.spec("N1.1")
def test_a_sender_who_claims_to_be_ours_is_not_believed(post: Post) -> None:
    post.put("INBOX", mail("#归档", "1", sender=REP, to=CUSTOMER))
    post.put("Sent", mail("#归档", "2", sender=CUSTOMER, to=REP))
    post.put("Sent", mail("#归档", "3", sender="stranger@elsewhere.cn", to=CUSTOMER))
    post.run()
    assert post.told() == []


def gbk(declared: str) -> bytes:
    return (
        b"From: li@hospital.cn\r\nTo: e00001@closeloop.example\r\nMessage-ID: <g@x>\r\nSubject: =?gb2312?B?"
        b"0a+82w==?=\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=" + declared.encode() + b"\r\n"
        b"Content-Transfer-Encoding: 8bit\r\n\r\n" + "镕基：预算八十万".encode("gbk")
    )


@pytest.mark.spec("N1.1")
@pytest.mark.parametrize("declared", ["gb2312", "GBK", "gb18030", "utf-8", "x-unknown", '"'])
def test_chinese_encodings_are_read_whatever_is_declared(post: Post, declared: str) -> None:
    post.put("INBOX", gbk(declared))
    post.run()
    (told,) = post.told()
    assert (told.text, told.subject) == ("镕基：预算八十万", "询价")


def test_headers_of_raw_bytes_are_read(post: Post) -> None:
    post.put("INBOX", gbk("gbk").replace(b"=?gb2312?B?0a+82w==?=", "报价单".encode("gbk")))
    post.run()
    assert post.told()[0].subject == "报价单"


@pytest.mark.spec("N1.1")
def test_html_becomes_text_without_scripts_and_hidden_parts(post: Post) -> None:
    message = mail()
    message.set_content(
        "<html><head><title>t</title><style>p{}</style></head><body><script>alert(1)</script><p>预算&nbsp;<b>八十万</b>"
        "</p><!-- x --><div>月底&lt;前&gt;</div><img src='http://spy.example/x.gif'></body></html>",
        subtype="html",
    )
    post.put("INBOX", message)
    post.run()
    assert post.told()[0].text == "预算 八十万\n月底<前>"


@pytest.mark.spec("N1.1")
def test_attachments_are_named_and_small_ones_kept(post: Post) -> None:
    message = mail("见附件")
    message.add_attachment(b"%PDF-1.7 x", maintype="application", subtype="pdf", filename="报价单.pdf")
    message.add_attachment(b"0" * (1 << 20) + b"1", maintype="image", subtype="png", filename="large.png")
    post.put("INBOX", message)
    post.run()
    small, large = post.told()[0].attachments
    assert (small.name, small.media_type, small.size) == ("报价单.pdf", "application/pdf", 10)
    assert post.files.open(small.file_id).read() == b"%PDF-1.7 x"
    assert (large.size, large.file_id, len(large.digest)) == ((1 << 20) + 1, "", 64)


def test_times_of_a_sender_s_wrong_clock_are_the_server_s(post: Post) -> None:
    for number, date in enumerate(["Tue, 10 Mar 2099 09:30:00 +0800", "yesterday", ""], start=1):
        message = mail(number=str(number))
        message.replace_header("Date", date)
        post.put("INBOX", message, NOW - timedelta(minutes=number))
    post.run()
    assert [each.sent_at.ToDatetime(UTC) for each in post.told()] == [
        NOW - timedelta(minutes=each) for each in (1, 2, 3)
    ]


def nested() -> bytes:
    depth = 3000
    heads = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (each, each) for each in range(depth)
    )
    return b"From: li@hospital.cn\r\nMessage-ID: <n@x>\r\n" + heads


def many_parts() -> bytes:
    head = (
        b"From: li@hospital.cn\r\nTo: e00001@closeloop.example\r\nMessage-ID: <m@x>\r\nContent-Type: multipart/mixed;"
    )
    return head + b' boundary="b"\r\n\r\n' + b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" * 20_000


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize("content", [b"\r\n", b"\xff\xfe\x00 nothing", b"Subject: nobody wrote\r\n\r\nx"])
def test_what_is_no_mail_waits_in_quarantine_and_the_rest_goes_on(post: Post, content: bytes) -> None:
    post.put("INBOX", content)
    post.put("INBOX", mail())
    run = post.run()
    assert (run.outcome, run.rejected, run.records_new) == ("ok", 1, 1)
    [waiting] = post.world.rows(quarantine)
    assert (waiting.record_key, waiting.place) == ("INBOX/1/1", "INBOX, mail 1")


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize(
    "content",
    [nested(), many_parts(), b"From: " + b"a@b," * 50_000 + b"\r\n\r\nx", b"From: " + b"(a@b," * 2_000 + b"\r\n\r\nx"],
)
def test_a_hostile_mail_harms_nobody(post: Post, content: bytes) -> None:
    post.put("INBOX", content)
    post.put("INBOX", mail())
    run = post.run()
    assert run.outcome == "ok"
    assert "请报价" in [each.text for each in post.told()]
    assert all(len(each.text) <= 20_000 for each in post.told())


@pytest.mark.spec("N1.2")
def test_of_a_very_large_mail_only_the_head_is_read(post: Post) -> None:
    message = mail("x")
    message.add_attachment(b"\x00" * (11 << 20), maintype="application", subtype="zip", filename="z.zip")
    post.put("INBOX", message)
    post.run()
    (told,) = post.told()
    assert (told.subject, told.text, list(told.attachments)) == ("影像设备询价", "", [])


@pytest.mark.spec("N1.2", "N11.1")
@pytest.mark.parametrize(
    ("fault", "error_class"),
    [
        ("error500", "connect"),
        ("down", "connect"),
        ("schema", "parse"),
        ("timeout", "timeout"),
        ("cut", "parse"),
        ("lie", "parse"),
    ],
)
def test_a_mail_server_in_trouble_fails_the_run_and_nothing_is_lost(post: Post, fault: str, error_class: str) -> None:
    post.put("INBOX", mail())
    connector = post.world.connectors["mailbox"]
    connector.rule = FeedRule(**(connector.rule.model_dump() | {"timeout_seconds": 0.5}))  # type: ignore[misc]
    post.fault(fault, seconds=3 if fault == "timeout" else None)
    run = post.run()
    assert (run.outcome, run.error_class) == ("failed", error_class)
    post.fault("none")
    assert post.run().records_new == 1


@pytest.mark.spec("N11.1")
def test_mails_in_whatever_order_and_number_are_told_once(post: Post) -> None:
    post.put("INBOX", mail("eins", "1"))
    post.put("INBOX", mail("zwei", "2"))
    post.fault("reorder")
    post.run()
    post.fault("duplicate")
    post.run()
    assert [each.text for each in post.told()] == ["eins", "zwei"]


@pytest.mark.spec("N1.2")
def test_a_wrong_password_is_told_as_such(post: Post) -> None:
    post.connect(password="falsch")
    run = post.run()
    assert (run.outcome, run.error_class) == ("failed", "auth")
    assert "falsch" not in run.error


def test_a_folder_that_is_not_there_fails_the_run(post: Post) -> None:
    post.connect(mailbox_folders=("Archiv",))
    assert post.run().outcome == "failed"


def test_a_mailbox_goes_encrypted_outside_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOSELOOP_MAILBOX_URL", "imap://sales@mail.example:143")
    with pytest.raises(ConfigError, match="MAILBOX_URL"):
        load(MailboxSettings)


def certificate(folder: Path, name: str) -> Path:
    """Self-signed, key and certificate in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    day = timedelta(days=1)
    builder = (
        builder.serial_number(7).not_valid_before(datetime.now(UTC) - day).not_valid_after(datetime.now(UTC) + day)
    )
    signed = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False).sign(
        key, SHA256()
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + signed.public_bytes(Encoding.PEM)
    )
    return path


@pytest.mark.spec("N1.1")
@pytest.mark.parametrize(("name", "outcome"), [("localhost", "ok"), ("elsewhere.example", "failed")])
def test_an_encrypted_mailbox_must_have_the_name_it_claims(
    staffed: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, outcome: str
) -> None:
    """The connection goes to the address that the guard checked, the certificate is held to the name."""
    pem = certificate(tmp_path, name)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with Post(staffed, tmp_path, context) as post:
        post.connect(host="localhost", scheme="imaps")
        post.put("INBOX", mail())
        run = post.run()
    assert (run.outcome, len(post.told())) == (outcome, 1 if outcome == "ok" else 0)
