"""Whatever bytes come as a mail or an archived message: read within bounds, or refused by one error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from integration.conversations.archive_rules import LONGEST_TEXT, MOST_PARTS, Said, content_of
from integration.conversations.mail_reading import MOST_ATTACHMENTS, MOST_PEOPLE, Mail, UnreadableMail, read_mail
from integration.conversations.mail_rules import parties, thread_of
from integration.conversations.mail_text import LONGEST, clean, decoded_text, header_text, stripped

pytestmark = pytest.mark.spec("N1.2")

HEADS = ["From", "To", "Subject", "Date", "Message-ID", "References", "Content-Type", "Content-Transfer-Encoding", "X"]
VALUES = st.one_of(
    st.binary(max_size=80),
    st.sampled_from(
        [
            b"a@b.cn", b"=?gbk?B?zfU=?= <a@b.cn>", b"=?utf-8?Q?=FF=FE?=", b"=?x?X?x?=", b"multipart/mixed; boundary=b",
            b"multipart/mixed", b"text/html; charset=hex", b"text/plain; charset=rot13", b"message/rfc822", b"base64",
            b"quoted-printable", b"uuencode", b"8bit", b"Tue, 99 Foo 0000 99:99:99 +9999", b"<>",
            b"text/plain; name*=x'y", b"=?utf-8?B?a?=", b"text/plain; charset*=a\x00b''utf-8",
            b"text/plain; name*=idna''xn--%E4", b"text/plain; name*=undefined''x%E4",
        ]
    ),
)  # fmt: skip


@st.composite
def mails(draw: st.DrawFn) -> bytes:
    heads = draw(st.lists(st.tuples(st.sampled_from(HEADS), VALUES), max_size=12))
    body = draw(
        st.one_of(st.binary(max_size=400), st.just(b"--b\r\n\r\nx\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>y"))
    )
    return (
        b"".join(name.encode() + b": " + value.replace(b"\n", b"\n ") + b"\r\n" for name, value in heads)
        + b"\r\n"
        + body
    )


def bounded(mail: Mail) -> None:
    assert len(mail.text) <= LONGEST * 200
    assert "\x00" not in mail.text + mail.subject + mail.message_id
    assert len(mail.recipients) <= 2 * MOST_PEOPLE
    assert len(mail.files) <= MOST_ATTACHMENTS
    assert mail.message_id
    (mail.text + mail.subject + mail.sender).encode()


@given(st.one_of(mails(), st.binary(max_size=600)))
@example(b"From: a@b.cn\r\nContent-Type: text/plain; charset=rot13\r\n\r\nx")
@example(b"From: a@b.cn\r\nContent-Type: text/plain; charset=hex\r\n\r\nzz")
@example(b"From: =?utf-8?B?a?= <a@b.cn>\r\n\r\nx")
@example(b"From: a@b.cn\r\nContent-Disposition: attachment; filename*=gbk''%ff\r\n\r\nx")
@example(b"From: a@b.cn\r\nContent-Type: text/plain; charset*=a\x00b''utf-8\r\n\r\nx")
@example(b"From: a@b.cn\r\nContent-Disposition: attachment; filename*=a\x00b''x\r\n\r\nx")
@example(b"From: a@b.cn\r\nContent-Type: text/plain; name*=undefined''x%E4\r\n\r\nx")
@example(b"From: a@b.cn\r\nContent-Type: text/plain; name*=idna''xn--%E4\r\n\r\nx")
@example(b"From: a@b.cn\r\nDate: Mon, 01 Jan 0001 00:00:00 +2359\r\n\r\nzz")
@example(b"From: a@b.cn\r\nContent-Type: multipart/mixed; boundary=\xff\r\n\r\nzz")
def test_any_bytes_are_a_mail_or_none(content: bytes) -> None:
    try:
        bounded(read_mail(content))
    except UnreadableMail:
        return


@pytest.mark.parametrize(
    "content",
    [
        b"From: a@b.cn\r\n" + b"X: y\r\n" * 100_000 + b"\r\nx",
        b"From: a@b.cn\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n\r\n" * 20_000,
        b"From: a@b.cn\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 100,
        b"From: " + b"(a@b," * 2_000 + b"\r\n\r\nx",
    ],
)
def test_what_would_take_the_parser_seconds_or_its_stack_is_refused_at_once(content: bytes) -> None:
    with pytest.raises(UnreadableMail):
        read_mail(content)


@given(
    st.text(max_size=500), st.binary(max_size=300), st.sampled_from([None, "gbk", "utf-8", "zlib", "undefined", "\x00"])
)
def test_any_text_becomes_one_that_can_be_kept(text: str, content: bytes, charset: str | None) -> None:
    for each in (stripped(text), clean(text), header_text(text), decoded_text(content, charset)):
        clean(each).encode()
    assert "\x00" not in clean(text) + stripped(text)


def test_html_that_declares_itself_as_xml_is_read() -> None:
    page = b'<?xml version="1.0" encoding="utf-8"?><html><body><p>\xe6\x8a\xa5\xe4\xbb\xb7</p></body></html>'
    mail = read_mail(b"From: a@b.cn\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + page)
    assert mail.text == "报价"
    assert stripped('<?xml version="1.0" encoding="gbk"?><meta charset="gbk"><p>报价').strip() == "报价"


def test_html_of_any_depth_is_read() -> None:
    assert "tief" in stripped("<div>" * 20_000 + "tief") + "tief"
    assert len(stripped("<p>x</p>" * 100_000)) <= LONGEST


WORDS = st.one_of(st.text(max_size=20), st.integers(), st.none(), st.lists(st.integers(), max_size=2))
BODIES = st.dictionaries(st.sampled_from(["content", "item", "sdkfileid", "filename", "filesize", "pre_msgid"]), WORDS)


@given(st.sampled_from(["text", "mixed", "revoke", "image", "file", "newkind"]), st.one_of(BODIES, WORDS))
def test_any_archived_message_is_read_or_refused(kind: str, body: Any) -> None:
    said = {"msgid": "m", "from": "a", "tolist": ["b"], "msgtime": 1, "msgtype": kind, kind: body}
    try:
        content = content_of(Said.model_validate(said))
    except ValueError:
        return
    assert len(content.text) <= LONGEST_TEXT + 300
    assert "\x00" not in content.text


def test_a_mixed_message_of_too_many_parts_is_refused() -> None:
    part = {"type": "text", "content": json.dumps({"content": "x"})}
    said = {"msgid": "m", "from": "a", "msgtime": 1, "msgtype": "mixed", "mixed": {"item": [part] * (MOST_PARTS + 1)}}
    with pytest.raises(ValueError, match="item"):
        content_of(Said.model_validate(said))


ADDRESSES = st.sampled_from(["e1@us.cn", "e2@us.cn", "li@hospital.cn", "x@school.cn", "spam@elsewhere.cn"])
OURS, CUSTOMERS = {"e1@us.cn", "e2@us.cn"}, {"li@hospital.cn": "C1", "@school.cn": "C2"}


@given(ADDRESSES, st.lists(ADDRESSES, max_size=4), st.booleans())
def test_a_mail_is_between_us_and_somebody_outside_or_nobody_s_business(
    sender: str, recipients: list[str], was_sent: bool
) -> None:
    found = parties(sender, recipients, was_sent=was_sent, ours=OURS, customers=CUSTOMERS)
    if found is None:
        return
    assert found.address not in OURS
    assert found.from_customer is (sender not in OURS)
    assert was_sent is (sender in OURS)
    known = [
        each for each in ([sender] if found.from_customer else recipients) if each in CUSTOMERS or "school" in each
    ]
    assert bool(found.customer_id) is bool(known)


@given(st.lists(st.sampled_from("abcdef"), max_size=5), st.dictionaries(st.sampled_from("abcdef"), st.just("known")))
def test_a_thread_that_was_begun_is_gone_on_with(before: list[str], known: dict[str, str]) -> None:
    found = thread_of("m", before, known)
    assert found == ("known" if set(before) & known.keys() else f"mail:{before[0] if before else 'm'}")
