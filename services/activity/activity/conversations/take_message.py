"""Keep a chat message; cut an archive when it asks for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from activity.conversations import store
from activity.conversations.place_archive import tell_archive
from activity.conversations.policy import ArchivePolicy
from activity.conversations.rules import (
    Message,
    context,
    is_command,
    last_from_customer,
    read_tags,
    summarise,
    window_start,
)
from activity.parties.find_party import party_by_chat_id
from activity.parties.rules import Party
from activity.roster.act_for import Actor
from activity.roster.store import find_employee
from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction


def take_message(tx: Transaction, said: Message, policy: ArchivePolicy, *, version: int) -> None:
    """A message told twice is kept once and archives once. A command with nothing before it archives nothing."""
    store.serialise_chat(tx, said.chat_id)
    position = store.insert_message(tx, said)
    if position is None or not is_command(said, policy):
        return
    customer = said.customer_id or said.customer_external_id or store.customer_of_chat(tx, said.chat_id)
    earlier = context(store.messages_before(tx, said, position, window_start(said, policy)), policy)
    if customer and earlier:
        _cut(tx, said, earlier, customer, policy, version)


def _cut(
    tx: Transaction, command: Message, said: Sequence[Message], customer: str, policy: ArchivePolicy, version: int
) -> None:
    rep = _rep(tx, command.employee_id)
    party = _party(tx, command, customer, rep)
    archive_id = new_id()
    values = _content(command, said, policy) | {
        "archive_id": archive_id,
        "lead_id": party.lead_id,
        "customer_id": party.customer_id,
        "customer_external_id": customer,
        "rep_id": rep.employee_id,
        "unit": rep.unit,
        "follow_up_id": "",
        "archived_at": tx.now,
        "policy_version": version,
    }
    store.insert_archive(tx, values)
    tx.audit(action="conversation.archive", entity="archive", entity_id=archive_id, after=values)
    if party.known:
        tell_archive(tx, archive_id)


def _party(tx: Transaction, command: Message, customer: str, rep: Actor) -> Party:
    """A mail's customer is known by the address; a chat's by the lead that was found under the chat id."""
    if command.customer_id:
        return Party(customer_id=command.customer_id)
    return party_by_chat_id(tx, customer, rep.employee_id)


def _content(command: Message, said: Sequence[Message], policy: ArchivePolicy) -> dict[str, Any]:
    tags = read_tags(command.text, policy)
    return {
        "chat_id": command.chat_id,
        "command_id": command.message_id,
        "summary": summarise(said, tags, policy),
        "tags": list(tags.known),
        "unknown_tags": list(tags.unknown),
        "message_ids": [each.message_id for each in said],
        "customer_replied": any(each.from_customer for each in said),
        "rep_wrote": any(not each.from_customer for each in said),
        "last_message_at": said[-1].sent_at,
        "last_customer_message_at": last_from_customer(said),
    }


def _rep(tx: Transaction, employee_id: str) -> Actor:
    """Somebody the roster does not know yet is kept without a unit; headquarters still sees the record."""
    found = find_employee(tx, employee_id)
    return Actor(employee_id, found.unit if found else "")
