"""A message as it is told on, whatever it came through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

WECHAT, EMAIL = "wechat", "email"
# WeCom's prefixes of people outside the company: of WeChat and of other companies' WeCom.
_OUTSIDE = ("wm", "wo")


@dataclass(frozen=True)
class Attachment:
    """`media_id`: the source's own handle. `file_id`: of our file store, when it was small enough to be fetched."""

    kind: str
    name: str = ""
    media_type: str = ""
    size: int = 0
    media_id: str = ""
    digest: str = ""
    file_id: str = ""


@dataclass(frozen=True)
class ConversationMessage:
    """`recalls`: id of the message that this one withdraws. `customer_id`: of a customer known by address."""

    message_id: str
    chat_id: str
    source: str
    sender: str
    employee_id: str
    from_customer: bool
    customer_external_id: str
    text: str
    sent_at: datetime
    channel: str = WECHAT
    kind: str = "text"
    attachments: tuple[Attachment, ...] = ()
    subject: str = ""
    recalls: str = ""
    customer_id: str = ""


def customer_among(people: Sequence[str], ours: Mapping[str, str]) -> str:
    """The first of these chat users who is outside the company; "" when nobody is.

    `ours`: employees by chat user id. Somebody of ours may have an id that looks like an outsider's.
    """
    return next((each for each in people if each not in ours and each.startswith(_OUTSIDE)), "")


def chat_of(room: str, people: Sequence[str]) -> str:
    """A group has its own id; a chat between two is named by both, whoever wrote."""
    return room or "|".join(sorted(set(people)))
