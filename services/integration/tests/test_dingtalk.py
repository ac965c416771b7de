"""Events of DingTalk: only genuine, fresh and new ones; an approval that is over is told on once."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from chassis.errors import CloseloopError
from chassis.testing.events import deliver
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import callback_service_pb2 as pb
from integration.tables import approval, callback_nonce, notification
from services.integration.tests.conftest import World
from services.integration.tests.test_callbacks import door, seal

KEY = "D" * 43
OVER: dict[str, Any] = {
    "EventType": "bpms_instance_change",
    "processInstanceId": "ad253df6-e175caf",
    "corpId": "ding1",
    "createTime": 1773100800000,
    "finishTime": 1773108000000,
    "title": "李娜的样品申请",
    "type": "finish",
    "result": "agree",
    "staffId": "e00001",
    "url": "https://aflow.dingtalk.com/x",
    "processCode": "PROC-SAMPLE",
}


def sign(timestamp: str, nonce: str, encrypted: str) -> str:
    return hashlib.sha1("".join(sorted(["dtoken", timestamp, nonce, encrypted])).encode()).hexdigest()


def post(event: Any, nonce: str = "n1", *, age: float = 0, to: str = "dingapp", name: str = "signature") -> Any:
    encrypted = seal(event if isinstance(event, str) else json.dumps(event), to, KEY)
    timestamp = str(int((time.time() - age) * 1000))
    query = {"timestamp": timestamp, "nonce": nonce, name: sign(timestamp, nonce, encrypted)}
    body = json.dumps({"encrypt": encrypted}).encode()
    return pb.ReceiveCallbackRequest(source="dingtalk", method="POST", query=query, body=body)


def opened(answer: bytes) -> str:
    """As DingTalk opens our answer; written without the code under test."""
    told = json.loads(answer)
    assert told["msg_signature"] == sign(told["timeStamp"], told["nonce"], told["encrypt"])
    key = base64.b64decode(KEY + "=")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    plain = decryptor.update(base64.b64decode(told["encrypt"])) + decryptor.finalize()
    length = int.from_bytes(plain[16:20], "big")
    assert plain[20 + length : len(plain) - plain[-1]] == b"dingapp"
    return plain[20 : 20 + length].decode()


@pytest.mark.spec("N1.1")
def test_the_address_check_is_answered_with_the_encrypted_word(world: World, rpc: Rpc) -> None:
    answer = door(world, rpc).ReceiveCallback(post({"EventType": "check_url"}))
    assert (opened(answer.body), answer.content_type) == ("success", "application/json")
    assert world.events() == []


@pytest.mark.spec("N1.1")
def test_an_approval_that_is_over_is_told_on_and_the_applicant_hears_of_it(staffed: World, rpc: Rpc) -> None:
    assert opened(door(staffed, rpc).ReceiveCallback(post(OVER)).body) == "success"
    [told] = staffed.events("integration.approval_completed")
    message = told.message
    assert (message.approval_id, message.applicant_id, message.result, message.process_code) == (
        "ad253df6-e175caf", "E00001", "agreed", "PROC-SAMPLE",
    )  # fmt: skip
    assert message.completed_at.ToJsonString() == "2026-03-10T02:00:00Z"
    deliver(staffed.service, message, times=2)
    [heard] = staffed.rows(notification)
    assert (heard.recipient_id, heard.title_zh) == ("E00001", "审批已通过：李娜的样品申请")


@pytest.mark.spec("N1.3")
def test_an_approval_told_again_is_told_on_once(staffed: World, rpc: Rpc) -> None:
    stub = door(staffed, rpc)
    stub.ReceiveCallback(post(OVER | {"type": "start", "result": ""}, "n0"))
    stub.ReceiveCallback(post(OVER, "n1"))
    stub.ReceiveCallback(post(OVER, "n2", name="msg_signature"))
    assert len(staffed.events("integration.approval_completed")) == 1


@pytest.mark.parametrize(
    ("change", "result", "applicant"),
    [
        ({"result": "refuse"}, "refused", "E00001"),
        ({"type": "terminate", "result": ""}, "withdrawn", "E00001"),
        ({"staffId": "manager75"}, "agreed", ""),
    ],
)
def test_how_an_approval_ends(staffed: World, rpc: Rpc, change: dict[str, str], result: str, applicant: str) -> None:
    door(staffed, rpc).ReceiveCallback(post(OVER | change))
    [row] = staffed.rows(approval)
    assert (row.result, row.applicant_id) == (result, applicant)


@pytest.mark.spec("N1.1")
def test_what_is_not_genuine_fresh_and_new_is_refused(world: World, rpc: Rpc) -> None:
    stub = door(world, rpc)

    def refused(request: Any) -> str:
        with pytest.raises(CloseloopError) as failure:
            stub.ReceiveCallback(request)
        return failure.value.reason

    forged = post(OVER)
    forged.query["signature"] = "0" * 40
    assert refused(forged) == "CALLBACK_SIGNATURE_WRONG"
    assert refused(post(OVER, age=301)) == "CALLBACK_TOO_OLD"
    assert refused(post(OVER, age=-301)) == "CALLBACK_TOO_OLD"
    assert refused(post(OVER, to="another")) == "CALLBACK_UNREADABLE"
    stub.ReceiveCallback(post({"EventType": "check_url"}, "n9"))
    assert refused(post(OVER, "n9")) == "CALLBACK_REPLAYED"
    assert world.events() == []


@pytest.mark.parametrize(
    "event",
    ["[]", "not json", OVER | {"processInstanceId": ""}, OVER | {"createTime": "soon"}, OVER | {"result": "maybe"}],
)
def test_an_event_cut_short_changes_nothing(world: World, rpc: Rpc, event: Any) -> None:
    with pytest.raises(CloseloopError) as refused:
        door(world, rpc).ReceiveCallback(post(event))
    assert refused.value.reason == "CALLBACK_UNREADABLE"
    assert (world.rows(approval), world.rows(callback_nonce)) == ([], [])


def test_bodies_that_are_no_callback(world: World, rpc: Rpc) -> None:
    for body in (b"", b"[]", b'{"encrypt": 1}', b'{"encrypt": "\\ud800"}', b"\xff", os.urandom(30), b"[" * 100_000):
        with pytest.raises(CloseloopError):
            door(world, rpc).ReceiveCallback(
                pb.ReceiveCallbackRequest(source="dingtalk", method="POST", query={"nonce": "n"}, body=body)
            )
