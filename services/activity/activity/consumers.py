"""Event type → use case."""

from __future__ import annotations

from collections.abc import Sequence

from activity import mapping
from activity.calls.place_calls import place_calls
from activity.calls.take_call import take_call
from activity.conversations.place_archive import place_archives
from activity.conversations.take_message import take_message
from activity.parties.store import link_customer, merge_customers, take_owner, upsert_customers, upsert_lead
from activity.policies import ARCHIVE, CALLS
from activity.roster.store import upsert_employees
from chassis.consumer import Handler, on, on_batch
from chassis.events import Incoming
from chassis.policy import Policies
from chassis.unit_of_work import Transaction


def consumers(policies: Policies) -> list[Handler]:
    def conversation_message(tx: Transaction, event: Incoming) -> None:
        version, policy = policies.current(ARCHIVE)
        take_message(tx, mapping.message_in(event.message), policy, version=version)

    def call_transcribed(tx: Transaction, event: Incoming) -> None:
        version, policy = policies.current(CALLS)
        take_call(tx, mapping.transcribed_in(event.message), policy, version=version)

    return [
        on_batch("integration.employee_changed", _employees_changed),
        on("leads.assigned", _lead_assigned),
        on("leads.recycled", _lead_recycled),
        on("leads.recalled", _lead_recalled),
        on("leads.withdrawn", _lead_withdrawn),
        on("leads.merged", _lead_merged),
        on("leads.converted", _lead_converted),
        on_batch("customers.created", _customers_changed),
        on_batch("customers.updated", _customers_changed),
        on_batch("customers.merged", _customers_merged),
        on_batch("customers.unmerged", _customers_merged),
        on("integration.conversation_message", conversation_message),
        on("integration.call_transcribed", call_transcribed),
    ]


def _employees_changed(tx: Transaction, events: Sequence[Incoming]) -> None:
    newest = {
        event.message.employee_id: event.message for event in sorted(events, key=lambda each: each.message.version)
    }
    columns = ("employee_id", "version", "name", "status", "unit")
    upsert_employees(tx, [{name: getattr(said, name) for name in columns} for said in newest.values()])


def _lead_assigned(tx: Transaction, event: Incoming) -> None:
    """What came before anybody knew whose it was finds its lead now."""
    said = event.message
    columns = ("lead_id", "owner_id", "unit", "company_name", "phone", "wecom_external_id")
    values = {name: getattr(said, name) for name in columns}
    upsert_lead(tx, values | {"assigned_at": mapping.instant_in(said.assigned_at)})
    place_calls(tx, phone=said.phone, lead_id=said.lead_id)
    place_archives(tx, external_id=said.wecom_external_id, lead_id=said.lead_id)


def _lead_recycled(tx: Transaction, event: Incoming) -> None:
    take_owner(tx, event.message.lead_id, mapping.instant_in(event.message.recycled_at))


def _lead_recalled(tx: Transaction, event: Incoming) -> None:
    take_owner(tx, event.message.lead_id, mapping.instant_in(event.message.recalled_at))


def _lead_withdrawn(tx: Transaction, event: Incoming) -> None:
    take_owner(tx, event.message.lead_id, mapping.instant_in(event.message.withdrawn_at))


def _lead_merged(tx: Transaction, event: Incoming) -> None:
    """What is written for it later belongs to the lead that goes on, whose owner leads knows."""
    take_owner(tx, event.message.lead_id, mapping.instant_in(event.message.merged_at))


def _lead_converted(tx: Transaction, event: Incoming) -> None:
    said = event.message
    columns = ("lead_id", "owner_id", "unit", "customer_id")
    link_customer(tx, {name: getattr(said, name) for name in columns} | {"company_name": said.customer_name})


def _customers_changed(tx: Transaction, events: Sequence[Incoming]) -> None:
    facts = [event.message.customer for event in events]
    newest = {each.customer_id: each for each in sorted(facts, key=lambda each: each.version)}
    columns = ("customer_id", "version", "name", "owner_id", "unit")
    upsert_customers(tx, [{name: getattr(each, name) for name in columns} for each in newest.values()])


def _customers_merged(tx: Transaction, events: Sequence[Incoming]) -> None:
    """A merge names the customer that goes on; an un-merge none."""
    merge_customers(tx, [mapping.merged_customer(event.message) for event in events])
