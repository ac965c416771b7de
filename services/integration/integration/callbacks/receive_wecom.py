"""Take a WeCom callback: signature, freshness, replay, decryption; a text is told on once per message id."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from lxml import etree

from chassis.errors import Violation
from chassis.unit_of_work import Transaction
from integration.callbacks import store
from integration.callbacks.errors import (
    CallbackReplayed,
    CallbackSignatureWrong,
    CallbackTooOld,
    CallbackUnreadable,
)
from integration.callbacks.rules import ChatText, ConversationMessage, is_fresh, text_message
from integration.callbacks.wecom_cipher import NotForUs, WecomCipher
from integration.directory import store as directory

SOURCE = "wecom"
LONGEST_NONCE = 128
DONE = b"success"


def receive_wecom(
    tx: Transaction, cipher: WecomCipher, method: str, query: Mapping[str, str], body: bytes, real_now: datetime
) -> bytes:
    """What to answer. GET is WeCom's check of the address: the decrypted text is echoed. Raises one of `errors`."""
    encrypted = query.get("echostr", "") if method == "GET" else _xml(body, "body").get("Encrypt", "")
    _admit(tx, cipher, query, encrypted, real_now)
    try:
        plain = cipher.decrypt(encrypted)
    except NotForUs:
        raise _unreadable("Encrypt") from None
    if method == "GET":
        return plain.encode()
    try:
        message = text_message(_xml(plain.encode(), "message"))
    except (ValueError, OverflowError, OSError):
        raise _unreadable("message") from None
    if message is not None:
        _tell(tx, message)
    return DONE


def _admit(tx: Transaction, cipher: WecomCipher, query: Mapping[str, str], encrypted: str, real_now: datetime) -> None:
    """The signature first: nobody else may fill the table of nonces."""
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    if not nonce or len(nonce) > LONGEST_NONCE or not encrypted:
        raise CallbackSignatureWrong
    if not cipher.is_signed(query.get("msg_signature", ""), timestamp, nonce, encrypted):
        raise CallbackSignatureWrong
    if not is_fresh(timestamp, real_now):
        raise CallbackTooOld
    if not store.is_new_nonce(tx, SOURCE, nonce, real_now):
        raise CallbackReplayed


def _tell(tx: Transaction, message: ChatText) -> None:
    if not store.is_new_message(tx, SOURCE, message.message_id, message.chat_id):
        return
    employee_id = "" if message.from_customer else directory.by_wecom(tx, message.sender)
    tx.record(
        ConversationMessage(
            message_id=message.message_id,
            chat_id=message.chat_id,
            source=SOURCE,
            sender=message.sender,
            employee_id=employee_id,
            from_customer=message.from_customer,
            customer_external_id=message.customer_external_id,
            text=message.text,
            sent_at=message.sent_at,
        )
    )


def _xml(content: bytes, field: str) -> dict[str, str]:
    """Texts of the elements below the root. No entity is resolved, no document type definition allowed."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise _unreadable(field) from None
    if root.getroottree().docinfo.doctype:
        raise _unreadable(field)
    return {str(each.tag): (each.text or "") for each in root if isinstance(each.tag, str)}


def _unreadable(field: str) -> CallbackUnreadable:
    return CallbackUnreadable.of(Violation(field, CallbackUnreadable.en, CallbackUnreadable.zh))
