"""`#归档 [tags]` in a customer's chat archives its context (A3.1).

The context reaches back to the last archive of the chat, or 30 minutes and 20 messages, whichever is less; both are
policy. Only one of our people can ask for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from activity.conversations.policy import ArchivePolicy
from activity.follow_ups.rules import Channel, Direction, Outcome
from activity.text_rules import choose_sentences
from chassis.errors import NotFound

# Source of messages that are mails.
MAILBOX = "mailbox"
_BETWEEN_TAGS = re.compile(r"[\s\[\]【】#＃,，、;；]+")


class ArchiveNotFound(NotFound):
    en = "There is no such archive."
    zh = "没有找到该会话归档。"


@dataclass(frozen=True)
class Attachment:
    """`file_id`: in the file store; empty when it was too large to be kept."""

    kind: str
    name: str
    size: int
    file_id: str


@dataclass(frozen=True)
class Message:
    message_id: str
    chat_id: str
    sender: str
    employee_id: str
    from_customer: bool
    customer_external_id: str
    text: str
    sent_at: datetime
    source: str = ""
    kind: str = "text"
    # The message that this one takes back.
    recalls: str = ""
    customer_id: str = ""
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True)
class Tags:
    """Those of the dictionary, and those nobody defined; each once, in the order written."""

    known: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class ConversationArchived:
    archive_id: str
    chat_id: str
    lead_id: str
    customer_id: str
    rep_id: str
    unit: str
    follow_up_id: str
    tags: tuple[str, ...]
    customer_replied: bool
    rep_wrote: bool
    archived_at: datetime
    last_customer_message_at: datetime | None


def is_command(message: Message, policy: ArchivePolicy) -> bool:
    """Written by one of our people; a customer who writes the same says something."""
    ours = bool(message.employee_id) and not message.from_customer
    return ours and _narrow(message.text).startswith(policy.command)


def _narrow(text: str) -> str:
    """Chinese keyboards write a wide number sign."""
    return text.strip().replace("＃", "#")


def read_tags(text: str, policy: ArchivePolicy) -> Tags:
    written = _BETWEEN_TAGS.split(_narrow(text).removeprefix(policy.command))
    wanted = list(dict.fromkeys(tag for tag in written if tag))
    return Tags(
        tuple(tag for tag in wanted if tag in policy.tags), tuple(tag for tag in wanted if tag not in policy.tags)
    )


def window_start(command: Message, policy: ArchivePolicy) -> datetime:
    """Messages sent before this are not of the context."""
    return command.sent_at - timedelta(minutes=policy.minutes)


def context(earlier: Sequence[Message], policy: ArchivePolicy) -> list[Message]:
    """The last messages of the window, oldest first, without commands. `earlier` is in the order sent."""
    said = [each for each in earlier if not each.recalls and not is_command(each, policy)]
    return said[-policy.messages :]


def summarise(messages: Sequence[Message], tags: Tags, policy: ArchivePolicy) -> str:
    parts = [(each.from_customer, each.text) for each in messages]
    return choose_sentences(parts, [*policy.words, *tags.known], policy.summary_characters)


def direction_of(messages: Sequence[Message]) -> Direction:
    """Outbound as soon as we wrote: that is what a golden clock waits for (LD5.1)."""
    return Direction.INBOUND if messages and all(each.from_customer for each in messages) else Direction.OUTBOUND


def outcome_of(messages: Sequence[Message]) -> Outcome:
    return Outcome.CONNECTED if any(each.from_customer for each in messages) else Outcome.DELIVERED


def channel_of(messages: Sequence[Message]) -> Channel:
    return Channel.EMAIL if any(each.source == MAILBOX for each in messages) else Channel.WECHAT


def last_from_customer(messages: Sequence[Message]) -> datetime | None:
    return max((each.sent_at for each in messages if each.from_customer), default=None)
