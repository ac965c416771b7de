"""Take a WeCom callback: signature, freshness, replay, decryption; a text is told on once per message id."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from lxml import etree

from chassis.unit_of_work import Transaction
from integration.callbacks.admit import Signed, admit
from integration.callbacks.callback_cipher import CallbackCipher, NotForUs
from integration.callbacks.errors import unreadable
from integration.callbacks.rules import ChatText, text_message
from integration.conversations.rules import ConversationMessage
from integration.conversations.tell_message import tell_message
from integration.directory import store as directory

SOURCE = "wecom"
DONE = b"success"


def receive_wecom(
    tx: Transaction, cipher: CallbackCipher, method: str, query: Mapping[str, str], body: bytes, real_now: datetime
) -> bytes:
    """What to answer. GET is WeCom's check of the address: the decrypted text is echoed. Raises one of `errors`."""
    encrypted = query.get("echostr", "") if method == "GET" else _xml(body, "body").get("Encrypt", "")
    admit(tx, SOURCE, cipher, Signed.of(query, "msg_signature", encrypted), real_now)
    try:
        plain = cipher.decrypt(encrypted)
    except NotForUs:
        raise unreadable("Encrypt") from None
    if method == "GET":
        return plain.encode()
    try:
        message = text_message(_xml(plain.encode(), "message"))
    except (ValueError, OverflowError, OSError):
        raise unreadable("message") from None
    if message is not None:
        _tell(tx, message)
    return DONE


def _tell(tx: Transaction, message: ChatText) -> None:
    employee_id = "" if message.from_customer else directory.by_wecom(tx, message.sender)
    tell_message(
        tx,
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
        ),
    )


def _xml(content: bytes, field: str) -> dict[str, str]:
    """Texts of the elements below the root. No entity is resolved, no document type definition allowed."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise unreadable(field) from None
    if root.getroottree().docinfo.doctype:
        raise unreadable(field)
    return {str(each.tag): (each.text or "") for each in root if isinstance(each.tag, str)}
