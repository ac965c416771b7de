"""Take a DingTalk event: signature, freshness, replay, decryption; an approval that is over is told on once.

All come as POST, the check of the address too, and all are answered with the encrypted word "success".
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chassis.unit_of_work import Transaction
from integration.approvals.rules import INSTANCE_CHANGED, completed
from integration.approvals.tell_approval import tell_approval
from integration.callbacks.admit import Signed, admit
from integration.callbacks.callback_cipher import CallbackCipher, NotForUs
from integration.callbacks.errors import unreadable
from integration.feeds.rules import whole

SOURCE = "dingtalk"
DONE = "success"


def receive_dingtalk(
    tx: Transaction, cipher: CallbackCipher, query: Mapping[str, str], body: bytes, real_now: datetime
) -> bytes:
    """What to answer. Raises one of `errors`."""
    encrypted = str(_object(body, "body").get("encrypt") or "")
    # Newer subscriptions name the signature as WeCom does.
    name = "msg_signature" if "msg_signature" in query else "signature"
    admit(tx, SOURCE, cipher, Signed.of(query, name, encrypted), real_now)
    try:
        event = _object(cipher.decrypt(encrypted).encode(), "encrypt")
    except NotForUs:
        raise unreadable("encrypt") from None
    if event.get("EventType") == INSTANCE_CHANGED:
        _take(tx, event)
    return _answer(cipher, real_now)


def _take(tx: Transaction, event: Mapping[str, Any]) -> None:
    try:
        approval = completed(event, SOURCE, tx.now)
    except ValueError:
        raise unreadable("event") from None
    if approval is not None:
        tell_approval(tx, approval)


def _answer(cipher: CallbackCipher, real_now: datetime) -> bytes:
    encrypted = cipher.encrypt(DONE, secrets.token_bytes(16))
    timestamp, nonce = str(int(real_now.timestamp() * 1000)), secrets.token_hex(8)
    signature = cipher.signature(timestamp, nonce, encrypted)
    told = {"msg_signature": signature, "timeStamp": timestamp, "nonce": nonce, "encrypt": encrypted}
    return json.dumps(told).encode()


def _object(content: bytes, field: str) -> dict[str, Any]:
    try:
        found = whole(content.decode())
    except (ValueError, RecursionError):
        raise unreadable(field) from None
    if not isinstance(found, dict):
        raise unreadable(field)
    return found
