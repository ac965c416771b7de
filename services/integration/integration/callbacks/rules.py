"""Which callbacks are fresh, and what a chat message says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# The chat systems' own limit for the age of a callback, in real time.
LONGEST_AGE = timedelta(minutes=5)


@dataclass(frozen=True)
class ChatText:
    """A text somebody wrote, in the chat system's own ids."""

    message_id: str
    chat_id: str
    sender: str
    customer_external_id: str
    text: str
    sent_at: datetime

    @property
    def from_customer(self) -> bool:
        return bool(self.customer_external_id) and self.sender == self.customer_external_id


def is_fresh(timestamp: str, real_now: datetime) -> bool:
    """`timestamp`: seconds since 1970 as text, or milliseconds (DingTalk). Not five minutes old, nor as far ahead."""
    if not timestamp.isascii() or not timestamp.isdecimal() or len(timestamp) > 13:
        return False
    seconds = int(timestamp) / 1000 if len(timestamp) == 13 else int(timestamp)
    try:
        return abs(real_now - datetime.fromtimestamp(seconds, UTC)) <= LONGEST_AGE
    except (OverflowError, ValueError, OSError):
        return False


def text_message(parts: Mapping[str, str]) -> ChatText | None:
    """None for anything but a text: pictures and events carry no archive command. Raises ValueError when cut short."""
    if parts.get("MsgType") != "text":
        return None
    missing = [name for name in ("MsgId", "FromUserName", "CreateTime") if not parts.get(name)]
    if missing:
        raise ValueError(f"{', '.join(missing)} missing")
    return ChatText(
        message_id=parts["MsgId"],
        chat_id=parts.get("ChatId") or parts["FromUserName"],
        sender=parts["FromUserName"],
        customer_external_id=parts.get("ExternalUserId", ""),
        text=parts.get("Content", ""),
        sent_at=datetime.fromtimestamp(int(parts["CreateTime"]), UTC),
    )
