"""Take mails of a mailbox: read, matched to a customer by address, told on once."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import UTC

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from chassis.unit_of_work import Transaction
from integration.conversations import store
from integration.conversations.mail_reading import Mail, MailFile, UnreadableMail, read_mail
from integration.conversations.mail_rules import Parties, parties, said_at, thread_of
from integration.conversations.mailbox_policy import MailboxPolicy
from integration.conversations.rules import EMAIL, Attachment, ConversationMessage
from integration.conversations.tell_message import tell_message
from integration.directory import store as directory
from integration.feeds.rules import Outcome, Raw, Rejection, decoded, refusal

SOURCE = "mailbox"
Files = Mapping[str, str]


class Pulled(BaseModel):
    """A mail as it lay in its folder. `arrived_at`: by the server's clock; `content`: base64."""

    model_config = ConfigDict(frozen=True)

    key: str
    sent: bool
    arrived_at: AwareDatetime
    content: str

    @property
    def octets(self) -> bytes:
        """Raises ValueError."""
        try:
            return base64.b64decode(self.content, validate=True)
        except binascii.Error:
            raise ValueError("content") from None


def take_mail(tx: Transaction, records: Sequence[Raw], policy: MailboxPolicy, files: Files) -> Outcome:
    """`files`: ids of our file store by the digest of the attachment."""
    outcome = Outcome(records=len(records))
    for raw in records:
        body = decoded(raw) or {}
        try:
            pulled = Pulled.model_validate(body)
            mail = read_mail(pulled.octets)
        except ValidationError as failure:
            outcome.rejections.append(refusal(raw, failure, str(body.get("key", ""))[:200]))
        except UnreadableMail as failure:
            outcome.rejections.append(_unreadable(raw, str(failure), str(body["key"])))
        else:
            outcome.accepted.append(pulled.key)
            _tell(tx, pulled, mail, policy, files, outcome)
    return outcome


def _unreadable(raw: Raw, what: str, key: str) -> Rejection:
    return Rejection(raw, f"no mail: {what} can't be read", f"邮件无法解析：{what}", what, key)


def _tell(tx: Transaction, pulled: Pulled, mail: Mail, policy: MailboxPolicy, files: Files, outcome: Outcome) -> None:
    people = [mail.sender, *mail.recipients]
    employees = directory.by_email(tx, people)
    ours = set(employees) | {each for each in people if each in policy.ours or _domain(each) in policy.ours}
    found = parties(mail.sender, mail.recipients, was_sent=pulled.sent, ours=ours, customers=policy.customers)
    if found is None or not (found.customer_id or policy.tell_unknown):
        return
    employee_id = employees.get(mail.sender, "") if pulled.sent else ""
    if tell_message(tx, _message(tx, pulled, mail, found, employee_id, files)):
        outcome.new += 1
    else:
        outcome.duplicates += 1


def _message(
    tx: Transaction, pulled: Pulled, mail: Mail, found: Parties, employee_id: str, files: Files
) -> ConversationMessage:
    known = store.chats_of(tx, SOURCE, [_id(each) for each in mail.before])
    return ConversationMessage(
        message_id=_id(mail.message_id),
        chat_id=thread_of(mail.message_id, mail.before, {each[len("mail:") :]: chat for each, chat in known.items()}),
        source=SOURCE,
        sender=mail.sender,
        employee_id=employee_id,
        from_customer=found.from_customer,
        customer_external_id=found.address,
        text=mail.text,
        sent_at=said_at(mail.written_at, pulled.arrived_at.astimezone(UTC), tx.now),
        channel=EMAIL,
        attachments=tuple(_attachment(each, files) for each in mail.files),
        subject=mail.subject,
        customer_id=found.customer_id,
    )


def _attachment(file: MailFile, files: Files) -> Attachment:
    digest = file.digest
    return Attachment("file", file.name, file.media_type, len(file.content), "", digest, files.get(digest, ""))


def _id(mail_id: str) -> str:
    return f"mail:{mail_id}"


def _domain(address: str) -> str:
    return address[address.rfind("@") :]
