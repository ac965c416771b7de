"""What a group's robot is sent, and what its answer means (N9.1).

WeCom: the key in the address is all. DingTalk: the address and a signature of the instant. Both take twenty messages a
minute, and both answer 200 to what they refuse: the code in the body decides. Texts go as plain text, since markdown of
a customer's name could forge a link.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

WECOM, DINGTALK = "wecom_robot", "dingtalk_robot"
PER_MINUTE = 20
# Bytes of UTF-8.
LONGEST = {WECOM: 2048, DINGTALK: 20_000}
# Sent too often, or busy: the same message passes later.
LATER = {WECOM: {-1, 45009, 45033}, DINGTALK: {-1, 130101, 410100}}


class Verdict(StrEnum):
    TAKEN = "taken"
    LATER = "later"
    REFUSED = "refused"


def message(channel: str, subject: str, body: str, delivery_id: str) -> dict[str, Any]:
    """With the delivery's id at the end: a message that came twice can be told from two that say the same."""
    end = f"\n〔{delivery_id}〕"
    room = LONGEST[channel] - len(end.encode())
    text = f"{subject}\n{body.rstrip()}".encode()[:room].decode(errors="ignore") + end
    told: dict[str, Any] = {"msgtype": "text", "text": {"content": text}}
    return told | {"at": {"isAtAll": False}} if channel == DINGTALK else told


def signature(timestamp: int, secret: str) -> dict[str, str]:
    """DingTalk's query: HMAC-SHA256 of the instant (milliseconds) and the secret, in base64."""
    digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    return {"timestamp": str(timestamp), "sign": base64.b64encode(digest).decode()}


def judged(channel: str, status: int, answer: object) -> tuple[Verdict, str]:
    """With a word for the log: codes only, since texts of the answer may repeat the address."""
    if status >= 500 or status == 429:
        return Verdict.LATER, f"status {status}"
    code = answer.get("errcode") if isinstance(answer, Mapping) else None
    if status != 200 or not isinstance(code, int):
        return Verdict.REFUSED, f"status {status}"
    if code == 0:
        return Verdict.TAKEN, ""
    return Verdict.LATER if code in LATER[channel] else Verdict.REFUSED, f"errcode {code}"
