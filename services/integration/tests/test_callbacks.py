"""Callbacks of WeCom: only genuine, fresh and new ones, told on once per message."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from pydantic import SecretStr

from chassis.errors import CloseloopError, PermissionDenied
from chassis.testing.identity import as_hq, as_service
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import callback_service_pb2 as pb
from closeloop.integration.v1 import callback_service_pb2_grpc as pb_grpc
from integration.callbacks.callback_cipher import CallbackCipher, NotForUs
from integration.tables import callback_nonce, conversation_message
from services.integration.tests.conftest import World

KEY = "A" * 43
Change = Callable[[pb.ReceiveCallbackRequest], None]


def seal(message: str, corp_id: str = "wwcorp", key: str = KEY) -> str:
    """Written from WeCom's description, without the code under test."""
    raw = base64.b64decode(key + "=")
    content = message.encode()
    plain = os.urandom(16) + len(content).to_bytes(4, "big") + content + corp_id.encode()
    filler = 32 - len(plain) % 32
    encryptor = Cipher(algorithms.AES(raw), modes.CBC(raw[:16])).encryptor()
    return base64.b64encode(encryptor.update(plain + bytes([filler]) * filler) + encryptor.finalize()).decode()


def sign(timestamp: str, nonce: str, encrypted: str) -> str:
    return hashlib.sha1("".join(sorted(["token", timestamp, nonce, encrypted])).encode()).hexdigest()


def said(text: str = "#归档", sender: str = "wx-E00001", msg_id: str = "M1", kind: str = "text") -> str:
    return (
        f"<xml><ToUserName>wwcorp</ToUserName><FromUserName>{sender}</FromUserName><CreateTime>1773108000</CreateTime>"
        f"<MsgType>{kind}</MsgType><Content>{text}</Content><MsgId>{msg_id}</MsgId><AgentID>1</AgentID>"
        f"<ChatId>chat-7</ChatId><ExternalUserId>wm-1</ExternalUserId></xml>"
    )


def post(message: str, *, nonce: str = "n1", age: float = 0, corp_id: str = "wwcorp") -> pb.ReceiveCallbackRequest:
    encrypted, timestamp = seal(message, corp_id), str(int(time.time() - age))
    query = {"timestamp": timestamp, "nonce": nonce, "msg_signature": sign(timestamp, nonce, encrypted)}
    body = f"<xml><ToUserName>wwcorp</ToUserName><AgentID>1</AgentID><Encrypt>{encrypted}</Encrypt></xml>"
    return pb.ReceiveCallbackRequest(source="wecom", method="POST", query=query, body=body.encode())


def door(world: World, rpc: Rpc) -> pb_grpc.CallbackServiceStub:
    return pb_grpc.CallbackServiceStub(rpc(world.service, as_=as_service("gateway")))


@pytest.mark.spec("N1.1")
def test_a_message_is_told_on_with_our_employee(staffed: World, rpc: Rpc) -> None:
    answer = door(staffed, rpc).ReceiveCallback(post(said("#归档 客户确认")))
    assert answer.body == b"success"
    [told] = staffed.events("integration.conversation_message")
    message = told.message
    assert (message.chat_id, message.employee_id, message.from_customer, message.customer_external_id) == (
        "chat-7", "E00001", False, "wm-1",
    )  # fmt: skip
    assert (message.text, message.sent_at.ToJsonString()) == ("#归档 客户确认", "2026-03-10T02:00:00Z")


@pytest.mark.spec("N1.1")
def test_a_customer_s_message_is_marked(staffed: World, rpc: Rpc) -> None:
    door(staffed, rpc).ReceiveCallback(post(said(sender="wm-1")))
    [told] = staffed.events("integration.conversation_message")
    assert (told.message.from_customer, told.message.employee_id) == (True, "")


@pytest.mark.spec("N1.3")
def test_a_message_sent_again_is_told_on_once(staffed: World, rpc: Rpc) -> None:
    door(staffed, rpc).ReceiveCallback(post(said(), nonce="n1"))
    door(staffed, rpc).ReceiveCallback(post(said(), nonce="n2"))
    door(staffed, rpc).ReceiveCallback(post(said(msg_id="M2"), nonce="n3"))
    assert len(staffed.events("integration.conversation_message")) == 2


@pytest.mark.spec("N1.1")
def test_the_address_check_is_echoed(staffed: World, rpc: Rpc) -> None:
    encrypted, timestamp = seal("4711"), str(int(time.time()))
    query = {
        "timestamp": timestamp,
        "nonce": "n",
        "msg_signature": sign(timestamp, "n", encrypted),
        "echostr": encrypted,
    }
    answer = door(staffed, rpc).ReceiveCallback(pb.ReceiveCallbackRequest(source="wecom", method="GET", query=query))
    assert answer.body == b"4711"


def wrong_signature(request: pb.ReceiveCallbackRequest) -> None:
    request.query["msg_signature"] = "0" * 40


def other_body(request: pb.ReceiveCallbackRequest) -> None:
    request.body = post(said("#删除")).body


def other_time(request: pb.ReceiveCallbackRequest) -> None:
    request.query["timestamp"] = str(int(time.time()) + 1)


def no_signature(request: pb.ReceiveCallbackRequest) -> None:
    request.query.clear()


def no_xml(request: pb.ReceiveCallbackRequest) -> None:
    request.body = b"{}"


def entities(request: pb.ReceiveCallbackRequest) -> None:
    request.body = b'<!DOCTYPE x [<!ENTITY a "a">]><xml><Encrypt>&a;</Encrypt></xml>'


@pytest.mark.spec("N1.1")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (wrong_signature, "CALLBACK_SIGNATURE_WRONG"),
        (other_body, "CALLBACK_SIGNATURE_WRONG"),
        (other_time, "CALLBACK_SIGNATURE_WRONG"),
        (no_signature, "CALLBACK_SIGNATURE_WRONG"),
        (no_xml, "CALLBACK_UNREADABLE"),
        (entities, "CALLBACK_UNREADABLE"),
    ],
)
def test_a_forged_callback_is_refused_and_leaves_nothing(world: World, rpc: Rpc, change: Change, reason: str) -> None:
    request = post(said())
    change(request)
    with pytest.raises(CloseloopError) as refused:
        door(world, rpc).ReceiveCallback(request)
    assert refused.value.reason == reason
    assert world.events() == []
    assert world.rows(callback_nonce) == []


@pytest.mark.spec("N1.1")
def test_a_replayed_callback_is_refused(staffed: World, rpc: Rpc) -> None:
    request = post(said())
    door(staffed, rpc).ReceiveCallback(request)
    with pytest.raises(PermissionDenied) as refused:
        door(staffed, rpc).ReceiveCallback(request)
    assert refused.value.reason == "CALLBACK_REPLAYED"
    assert len(staffed.rows(conversation_message)) == 1


@pytest.mark.spec("N1.1")
@pytest.mark.parametrize("age", [301, -301])
def test_a_callback_outside_five_minutes_is_refused(world: World, rpc: Rpc, age: float) -> None:
    with pytest.raises(PermissionDenied) as refused:
        door(world, rpc).ReceiveCallback(post(said(), age=age))
    assert refused.value.reason == "CALLBACK_TOO_OLD"


@pytest.mark.parametrize("message", [said(msg_id=""), "no xml at all", said().replace("1773108000", "9" * 30)])
def test_a_genuine_callback_that_says_nothing_sensible_is_refused(world: World, rpc: Rpc, message: str) -> None:
    with pytest.raises(CloseloopError) as refused:
        door(world, rpc).ReceiveCallback(post(message))
    assert refused.value.reason == "CALLBACK_UNREADABLE"
    assert world.rows(callback_nonce) == []


def test_pictures_are_taken_and_not_told_on(world: World, rpc: Rpc) -> None:
    assert door(world, rpc).ReceiveCallback(post(said(kind="image"))).body == b"success"
    assert world.events() == []


def test_another_company_s_message_is_not_ours() -> None:
    cipher = CallbackCipher(SecretStr("token"), SecretStr(KEY), "wwcorp")
    assert cipher.decrypt(seal("你好")) == "你好"
    for foreign in (seal("你好", "wwother"), seal("你好", key="B" * 43), "AAAA", "not base64", ""):
        with pytest.raises(NotForUs):
            cipher.decrypt(foreign)


def test_people_can_t_call_the_callback_door(world: World, rpc: Rpc) -> None:
    with pytest.raises(PermissionDenied):
        pb_grpc.CallbackServiceStub(rpc(world.service, as_=as_hq())).ReceiveCallback(post(said()))
    with pytest.raises(CloseloopError) as unknown:
        door(world, rpc).ReceiveCallback(pb.ReceiveCallbackRequest(source="fax", method="POST"))
    assert unknown.value.reason == "UNKNOWN_CALLBACK_SOURCE"


def test_nobody_signed_half_a_character() -> None:
    cipher = CallbackCipher(SecretStr("token"), SecretStr(KEY), "wwcorp")
    assert not cipher.is_signed("0" * 40, "1", "n", "\ud800")
    assert not cipher.is_signed("\ud800", "1", "n", "x")
