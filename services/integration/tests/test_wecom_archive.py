"""The session archive of WeCom: pulled by number, opened with the key of its version, told on once."""

from __future__ import annotations

import base64
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chassis.files import FileStore
from chassis.testing.identity import as_hq, as_service
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import feed_service_pb2 as feed_pb
from closeloop.integration.v1 import feed_service_pb2_grpc as feed_grpc
from closeloop.integration.v1.events_pb2 import ConversationMessage
from integration.connectors.wecom_archive import SMALL, WecomArchive, WecomArchiveSettings
from integration.feeds.policy import FeedRule
from integration.feeds.store import move_checkpoint
from integration.tables import quarantine
from services.integration.tests.conftest import QUICK, World
from services.integration.tests.test_callbacks import door, post
from services.integration.tests.test_callbacks import said as called_back

CUSTOMER, REP = "wmQJ-customer-1", "wx-E00001"


@cache
def key_of(version: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def text(content: str, msgid: str = "m1", sender: str = CUSTOMER, **changes: Any) -> dict[str, Any]:
    return {
        "msgid": msgid,
        "action": "send",
        "from": sender,
        "tolist": [REP if sender == CUSTOMER else CUSTOMER],
        "roomid": "",
        "msgtime": 1773108000000,
        "msgtype": "text",
        "text": {"content": content},
    } | changes


def sealed(seq: int, message: dict[str, Any], version: int = 1) -> dict[str, Any]:
    """Written from WeCom's description, without the code under test."""
    key, content = os.urandom(32), json.dumps(message).encode()
    filler = 16 - len(content) % 16
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    body = encryptor.update(content + bytes([filler]) * filler) + encryptor.finalize()
    return {
        "seq": seq,
        "msgid": message.get("msgid", f"switch-{seq}"),
        "publickey_ver": version,
        "encrypt_random_key": base64.b64encode(key_of(version).public_key().encrypt(key, padding.PKCS1v15())).decode(),
        "encrypt_chat_msg": base64.b64encode(body).decode(),
    }


class Archive:
    """The adapter beside WeCom's library, with messages by number and media by handle."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.keys = folder / "keys"
        self.files = FileStore(str(folder / "files"))
        self.keys.mkdir()
        self.lay_key(1)
        self.messages: dict[int, dict[str, Any]] = {}
        self.media: dict[str, bytes | int] = {}
        settings = WecomArchiveSettings(
            wecom_archive_url=world.erp.url, wecom_archive_keys=str(self.keys), files_url=str(folder / "files")
        )
        connector = WecomArchive(settings)
        connector.rule = FeedRule(**(connector.rule.model_dump() | QUICK | {"attempts": 1}))
        world.connectors["wecom_archive"] = connector
        world.erp.routes["/chatdata"] = self.answer
        world.erp.routes["/mediadata"] = self.medium

    def lay_key(self, version: int) -> None:
        pem = key_of(version).private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        (self.keys / f"{version}.pem").write_bytes(pem)

    def answer(self, query: dict[str, str]) -> dict[str, Any]:
        later = [self.messages[seq] for seq in sorted(self.messages) if seq > int(query["seq"])]
        return {"errcode": 0, "errmsg": "ok", "chatdata": later[: int(query["limit"])]}

    def medium(self, query: dict[str, str]) -> Any:
        found = self.media.get(query["sdkfileid"], 404)
        return (found, b"") if isinstance(found, int) else found

    def run(self, *messages: dict[str, Any]) -> Any:
        self.messages |= {each["seq"]: each for each in messages}
        return self.world.run("wecom_archive")

    def forget(self) -> None:
        """Back to the start."""
        with self.world.service.uow.begin(as_service("integration")) as tx:
            move_checkpoint(tx, "wecom_archive", "")
            tx.commit()

    def told(self) -> list[ConversationMessage]:
        return [each.message for each in self.world.events("integration.conversation_message")]


@pytest.fixture
def archive(staffed: World, tmp_path: Path) -> Archive:
    return Archive(staffed, tmp_path)


@pytest.mark.spec("N1.1", "A3.1")
def test_messages_of_a_customer_s_chat_are_told_with_who_wrote(archive: Archive) -> None:
    run = archive.run(sealed(101, text("请报价")), sealed(102, text("#归档 已报价", "m2", REP)))
    assert (run.outcome, run.records_new) == ("ok", 2)
    first, second = archive.told()
    assert (first.text, first.from_customer, first.employee_id, first.customer_external_id) == (
        "请报价", True, "", CUSTOMER,
    )  # fmt: skip
    assert (second.text, second.from_customer, second.employee_id, second.customer_external_id) == (
        "#归档 已报价", False, "E00001", CUSTOMER,
    )  # fmt: skip
    assert first.chat_id == second.chat_id
    assert (first.source, first.channel, first.sent_at.ToJsonString()) == ("wecom", "wechat", "2026-03-10T02:00:00Z")
    assert archive.world.feed("wecom_archive").health == "healthy"


@pytest.mark.spec("N1.3")
def test_a_message_is_told_once_whichever_way_and_how_often_it_comes(archive: Archive, rpc: Rpc) -> None:
    archive.run(sealed(1, text("请报价", "M1")))
    door(archive.world, rpc).ReceiveCallback(post(called_back("请报价", sender=CUSTOMER, msg_id="M1")))
    assert archive.run(sealed(2, text("请报价", "M1"))).duplicates == 1
    archive.forget()
    assert archive.run().duplicates == 2
    assert len(archive.told()) == 1


@pytest.mark.spec("N1.2")
def test_a_message_of_a_key_nobody_laid_waits_and_is_replayed_when_the_key_is_there(archive: Archive, rpc: Rpc) -> None:
    run = archive.run(sealed(1, text("旧")), sealed(2, text("新", "m2"), version=2))
    assert (run.records_new, run.rejected) == (1, 1)
    [waiting] = archive.world.rows(quarantine)
    assert (waiting.field, waiting.record_key, waiting.reason_zh) == (
        "publickey_ver", "m2", "缺少第 2 版私钥，补齐后请重放",
    )  # fmt: skip
    archive.lay_key(2)
    stub = feed_grpc.FeedServiceStub(rpc(archive.world.service, as_=as_hq("E00700", "ops")))
    answer = stub.ReplayQuarantine(feed_pb.ReplayQuarantineRequest(request_id="r", feed="wecom_archive"))
    assert (answer.replayed, [each.text for each in archive.told()]) == (1, ["旧", "新"])
    assert archive.world.feed("wecom_archive").health == "healthy"


@pytest.mark.spec("N2.1")
def test_a_hole_in_the_numbers_is_seen_and_filled_when_it_comes(archive: Archive) -> None:
    archive.run(sealed(7, text("一", "m7")))
    archive.run(sealed(10, text("四", "m10")))
    row = archive.world.feed("wecom_archive")
    assert (row.health, row.holes[0]["zh"]) == ("degraded", "序号 8–9 的记录缺失")
    archive.run(sealed(9, text("三", "m9")))
    assert archive.world.feed("wecom_archive").holes[0]["en"] == "records 8 did not come"
    archive.run(sealed(8, text("二", "m8")))
    assert archive.world.feed("wecom_archive").health == "healthy"
    assert sorted(each.text for each in archive.told()) == ["一", "三", "二", "四"]


def media(kind: str, size: int, handle: str, **more: Any) -> dict[str, Any]:
    return {"msgtype": kind, kind: {"md5sum": "9" * 32, "filesize": size, "sdkfileid": handle, **more}, "text": None}


@pytest.mark.spec("N1.1")
def test_files_are_named_and_small_ones_kept(archive: Archive) -> None:
    archive.media = {"small": b"%PDF-1.7 a quotation"}
    archive.run(
        sealed(1, text("", "m1") | media("file", 20, "small", filename="报价单.pdf")),
        sealed(2, text("", "m2") | media("image", 9 << 20, "large")),
        sealed(3, text("", "m3") | media("image", 100, "gone")),
    )
    small, large, gone = archive.told()
    assert (small.kind, small.text) == ("file", "[文件] 报价单.pdf")
    assert archive.files.open(small.attachments[0].file_id).read() == b"%PDF-1.7 a quotation"
    assert (large.text, large.attachments[0].size, large.attachments[0].file_id) == ("[图片]", 9 << 20, "")
    assert (gone.attachments[0].media_id, gone.attachments[0].file_id) == ("gone", "")
    assert not any("large" in each for each in archive.world.erp.asked)


@pytest.mark.spec("N1.2")
def test_a_file_server_that_is_away_ends_the_run_which_then_goes_on(archive: Archive) -> None:
    archive.media = {"small": 503}
    assert archive.run(sealed(1, text("", "m1") | media("file", 20, "small"))).outcome == "failed"
    archive.media = {"small": b"content"}
    assert archive.run().records_new == 1
    assert archive.told()[0].attachments[0].file_id


@pytest.mark.spec("N1.1")
def test_mixed_and_withdrawn_messages(archive: Archive) -> None:
    parts = [
        {"type": "text", "content": json.dumps({"content": "看这张图\n"})},
        {"type": "image", "content": json.dumps({"md5sum": "1", "filesize": 9 << 20, "sdkfileid": "x"})},
    ]
    mixed = text("", "m1") | {"msgtype": "mixed", "mixed": {"item": parts}, "text": None}
    withdrawn = text("", "m2") | {"action": "recall", "msgtype": "revoke", "revoke": {"pre_msgid": "m1"}, "text": None}
    archive.run(sealed(1, mixed), sealed(2, withdrawn))
    first, second = archive.told()
    assert (first.text, [each.media_id for each in first.attachments]) == ("看这张图\n[图片]", ["x"])
    assert (second.kind, second.recalls, second.text) == ("recall", "m1", "")


@pytest.mark.spec("N1.1")
def test_what_colleagues_say_among_themselves_is_not_told(archive: Archive) -> None:
    archive.run(sealed(1, text("中午吃什么", sender=REP, tolist=["wx-E00002"])))
    archive.run(sealed(2, {"action": "switch", "time": 1773108000000, "user": REP}))
    assert archive.told() == []
    assert archive.world.rows(quarantine) == []


@pytest.mark.spec("N1.1")
def test_a_group_has_its_own_chat_and_its_customer(archive: Archive) -> None:
    archive.run(sealed(1, text("收到", sender=REP, roomid="wr-room", tolist=["wx-E00002", CUSTOMER])))
    (told,) = archive.told()
    assert (told.chat_id, told.customer_external_id, told.employee_id) == ("wr-room", CUSTOMER, "E00001")


def spoiled(**changes: Any) -> dict[str, Any]:
    return sealed(1, text("x")) | changes


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize(
    ("record", "field"),
    [
        (spoiled(encrypt_random_key="AAAA"), "encrypt_chat_msg"),
        (spoiled(encrypt_chat_msg="not base64"), "encrypt_chat_msg"),
        (spoiled(encrypt_chat_msg=sealed(1, text("y"))["encrypt_chat_msg"]), "encrypt_chat_msg"),
        (spoiled(publickey_ver=None), "publickey_ver"),
        (sealed(1, text("x", **{"from": ""})), "message"),
        (sealed(1, text("x", text={"content": 7})), "message"),
        (sealed(1, text("x", msgtype="mixed", mixed={"item": "?"})), "message"),
    ],
)
def test_what_can_t_be_opened_or_read_waits_in_quarantine(archive: Archive, record: dict[str, Any], field: str) -> None:
    run = archive.run(record, sealed(2, text("gut", "m2")))
    assert (run.rejected, run.records_new) == (1, 1)
    assert [row.field for row in archive.world.rows(quarantine)] == [field]


@pytest.mark.spec("N1.2")
def test_half_an_emoji_or_a_nul_stops_no_feed(archive: Archive) -> None:
    part = {"type": "text", "content": json.dumps({"content": "half \ud83d"})}
    run = archive.run(
        sealed(1, text("half \ud83d", "m\ud83d")),
        sealed(2, text("", "m2") | {"msgtype": "mixed", "mixed": {"item": [part]}}),
        spoiled(seq=3, msgid="m\ud83d\x00", encrypt_random_key="AAAA"),
        spoiled(seq=4, msgid="m\ud83d", encrypt_random_key="\ud83d"),
        sealed(5, text("x", "m5\x00")),
        sealed(6, text("whole 😀", "m6")),
    )
    assert (run.outcome, run.records_new, run.rejected) == ("ok", 3, 3)
    assert [each.text for each in archive.told()] == ["half ?", "half ?", "whole 😀"]
    assert {row.record_key for row in archive.world.rows(quarantine)} == {"m?�", "m?", "m5�"}


@pytest.mark.spec("N1.2")
def test_a_file_larger_than_it_was_said_to_be_stays_where_it_is(archive: Archive) -> None:
    archive.media = {"liar": b"x" * (2 * SMALL + 1)}
    assert archive.run(sealed(1, text("", "m1") | media("file", 20, "liar"))).records_new == 1
    assert archive.told()[0].attachments[0].file_id == ""


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize(
    "answer", [{"errcode": 301042, "errmsg": "not allowed ip"}, {"chatdata": None}, {"chatdata": [{"msgid": "m"}]}]
)
def test_a_refusal_of_wecom_fails_the_run(archive: Archive, answer: dict[str, Any]) -> None:
    archive.world.erp.routes["/chatdata"] = lambda _: answer
    assert archive.run().outcome == "failed"
