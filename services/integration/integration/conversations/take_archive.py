"""Take messages of the WeCom session archive: open, read, tell on; what can't be opened waits for its key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError

from chassis.unit_of_work import Transaction
from integration.conversations.archive_cipher import ArchiveKeys, CannotOpen, KeyMissing, opened
from integration.conversations.archive_rules import SWITCH, Content, Envelope, Said, content_of
from integration.conversations.rules import ConversationMessage, chat_of, customer_among
from integration.conversations.tell_message import tell_message
from integration.directory import store as directory
from integration.feeds.rules import Outcome, Raw, Rejection, decoded, refusal

SOURCE = "wecom"
NOTHING = Content("")
Files = Mapping[str, str]


@dataclass(frozen=True)
class Opened:
    """A record that could be opened. Without `said` it was no message."""

    key: str
    said: Said | None = None
    content: Content = NOTHING


def take_archive(tx: Transaction, records: Sequence[Raw], keys: ArchiveKeys, files: Files) -> Outcome:
    """`files`: ids of our file store by media id, of what was small enough."""
    outcome = Outcome(records=len(records))
    for raw in records:
        found = read(raw, keys)
        if isinstance(found, Rejection):
            outcome.rejections.append(found)
        else:
            outcome.accepted.append(found.key)
            _tell(tx, found, files, outcome)
    return outcome


def read(raw: Raw, keys: ArchiveKeys) -> Opened | Rejection:
    body = decoded(raw)
    if body is None:
        return Rejection(raw, "not a JSON object", "不是 JSON 对象")
    try:
        envelope = Envelope.model_validate(body)
    except ValidationError as failure:
        return refusal(raw, failure, str(body.get("msgid", ""))[:200])
    return _open(raw, envelope, keys)


def _open(raw: Raw, envelope: Envelope, keys: ArchiveKeys) -> Opened | Rejection:
    key, version = envelope.msgid, envelope.publickey_ver
    try:
        plain = opened(keys, version, envelope.encrypt_random_key, envelope.encrypt_chat_msg)
    except KeyMissing:
        en = f"there is no private key of version {version}; replay when it is there"
        return Rejection(raw, en, f"缺少第 {version} 版私钥，补齐后请重放", "publickey_ver", key)
    except CannotOpen:
        return Rejection(raw, "can't be decrypted", "无法解密", "encrypt_chat_msg", key)
    try:
        message = decoded(Raw("", plain)) or {}
        if message.get("action") == SWITCH:
            return Opened(key)
        said = Said.model_validate(message)
        return Opened(key, said, content_of(said))
    except (ValueError, RecursionError):
        return Rejection(raw, "the opened message can't be read as agreed", "解密后的内容不符合约定", "message", key)


def _tell(tx: Transaction, found: Opened, files: Files, outcome: Outcome) -> None:
    """What colleagues say among themselves is nobody's business here."""
    message = _message(tx, found.said, found.content, files) if found.said else None
    if message is None or not message.customer_external_id:
        return
    if tell_message(tx, message):
        outcome.new += 1
    else:
        outcome.duplicates += 1


def _message(tx: Transaction, said: Said, content: Content, files: Files) -> ConversationMessage:
    people = [said.sender, *said.tolist]
    ours = directory.by_wecom_ids(tx, people)
    writing = customer_among([said.sender], ours)
    return ConversationMessage(
        message_id=said.msgid,
        chat_id=chat_of(said.roomid, people),
        source=SOURCE,
        sender=said.sender,
        employee_id=ours.get(said.sender, ""),
        from_customer=bool(writing),
        customer_external_id=writing or customer_among(people, ours),
        text=content.text,
        sent_at=said.sent_at,
        kind="recall" if content.recalls else said.msgtype,
        attachments=tuple(replace(each, file_id=files.get(each.media_id, "")) for each in content.attachments),
        recalls=content.recalls,
    )
