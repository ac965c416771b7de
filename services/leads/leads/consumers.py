"""Event type → use case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from chassis.consumer import Handler, on, on_batch
from chassis.events import Incoming
from chassis.policy import Policies
from chassis.unit_of_work import Transaction
from leads.assignment.assigner import clock_policies
from leads.assignment.probe import Probe
from leads.customer_grades.mark_customers import mark_customers
from leads.customer_grades.take_receipts import take_receipts
from leads.customer_merge.suggest_customers import suggest_customers
from leads.customers.follow_owners import follow_owners
from leads.duplicates.suggest_duplicates import suggest_duplicates
from leads.dynamics.note_registry_change import note_registry_change
from leads.dynamics.rules import FieldChange
from leads.handover import store as handovers
from leads.handover import watch_loss
from leads.handover.begin_handovers import begin_handovers
from leads.history.close_lead import close_lead
from leads.interactions import mapping as contacts
from leads.interactions import store as interactions
from leads.mapping import inward as mapping
from leads.pool.index_leads import index_leads
from leads.purchases.link_purchases import link_purchases
from leads.purchases.take_orders import take_orders
from leads.recall.recall_departed import start_recalls
from leads.response_clock.record_contact import Reported, record_contact
from leads.response_clock.rules import Contact, contact_of_call, contact_of_follow_up
from leads.roster.project_employees import project_employees
from leads.scoring.score_leads import see_leads
from leads.service_track import mapping as track
from leads.service_track.take_records import take_opportunity, take_records
from leads.signups.take_sign_up import take_sign_up
from leads.tenders.take_tender import take_tender

# They tell something that customers are graded by (LD2.2).
_MORE_KNOWN = (
    *("leads.captured", "leads.graded", "leads.converted", "leads.disqualified", "leads.reopened"),
    *("activity.follow_up_recorded", "activity.call_recorded", "activity.conversation_archived"),
    *("forecast.opportunity_created", "forecast.opportunity_won", "forecast.opportunity_lost"),
)


def consumers(policies: Policies, probe: Probe) -> list[Handler]:
    listener = _Listener(policies, probe)
    return [
        on_batch("integration.employee_changed", listener.employees_changed),
        on_batch("leads.captured", listener.leads_seen),
        on_batch("leads.graded", listener.leads_seen),
        on_batch("integration.order_received", orders_told),
        on_batch("integration.order_changed", orders_told),
        on_batch("customers.created", listener.customers_told),
        on_batch("customers.updated", listener.customers_told),
        on_batch("integration.receipt_claimed", receipts_claimed),
        on_batch("integration.receipt_unclaimed", receipts_unclaimed),
        *(on_batch(each, more_known) for each in _MORE_KNOWN),
        on("activity.follow_up_recorded", listener.follow_up_recorded),
        on("activity.call_recorded", listener.call_recorded),
        on("activity.conversation_archived", listener.conversation_archived),
        on("forecast.opportunity_created", opportunity_created),
        on("forecast.opportunity_won", opportunity_won),
        on("forecast.opportunity_lost", opportunity_lost),
        on("integration.tender_published", listener.tender_published),
        on("integration.pos_customer_registered", listener.pos_customer_registered),
        on("integration.registry_changed", registry_changed),
        on_batch("integration.order_scheduled", schedules_told),
        on_batch("integration.delivered", deliveries_told),
        on_batch("integration.service_call_recorded", service_calls_told),
    ]


def opportunity_created(tx: Transaction, event: Incoming) -> None:
    take_opportunity(tx, track.opportunity(event.message, event.time), event.message.lead_id)


def opportunity_won(tx: Transaction, event: Incoming) -> None:
    message = event.message
    take_opportunity(tx, track.won(message), message.lead_id)
    close_lead(tx, message.lead_id, message.owner_id, won=True, at=message.won_at.ToDatetime(UTC))
    watch_loss.opportunity_ended(tx, message.opportunity_id)


def opportunity_lost(tx: Transaction, event: Incoming) -> None:
    message = event.message
    take_opportunity(tx, track.lost(message), message.lead_id)
    close_lead(tx, message.lead_id, message.owner_id, won=False, at=message.lost_at.ToDatetime(UTC))
    watch_loss.opportunity_ended(tx, message.opportunity_id)


def orders_told(tx: Transaction, events: Sequence[Incoming]) -> None:
    bought = take_orders(tx, [mapping.purchase(event.message.order) for event in events])
    mark_customers(tx, bought)
    watch_loss.judge_losses(tx, bought)


def receipts_claimed(tx: Transaction, events: Sequence[Incoming]) -> None:
    take_receipts(tx, [mapping.receipt_claimed(event.message) for event in events])


def receipts_unclaimed(tx: Transaction, events: Sequence[Incoming]) -> None:
    take_receipts(tx, [mapping.receipt_unclaimed(event.message) for event in events])


def more_known(tx: Transaction, events: Sequence[Incoming]) -> None:
    """Of customers, told by their own id or by a lead's."""
    messages = [event.message for event in events]
    mark_customers(tx, *({getattr(each, name, "") for each in messages} for name in ("customer_id", "lead_id")))


def schedules_told(tx: Transaction, events: Sequence[Incoming]) -> None:
    take_records(tx, [track.schedule(event.message) for event in events])


def deliveries_told(tx: Transaction, events: Sequence[Incoming]) -> None:
    take_records(tx, [track.delivery(event.message) for event in events])


def service_calls_told(tx: Transaction, events: Sequence[Incoming]) -> None:
    take_records(tx, [track.service_call(event.message) for event in events])


def registry_changed(tx: Transaction, event: Incoming) -> None:
    message = event.message
    changes = [FieldChange(each.field, each.before, each.after) for each in message.changes]
    note_registry_change(tx, message.customer_id, message.version, changes, message.updated_at.ToDatetime(UTC))


class _Listener:
    def __init__(self, policies: Policies, probe: Probe) -> None:
        self._policies = policies
        self._probe = probe

    def employees_changed(self, tx: Transaction, events: Sequence[Incoming]) -> None:
        employees = [mapping.employee(event.message) for event in events]
        ids = [each.employee_id for each in employees]
        before = handovers.known(tx, ids)
        project_employees(tx, employees)
        start_recalls(tx, [mapping.departure(each.message) for each in events if each.message.status == "departed"])
        begin_handovers(tx, before, ids, self._policies.current("handover"))
        follow_owners(tx, ids)
        self._probe.forget(ids)

    def leads_seen(self, tx: Transaction, events: Sequence[Incoming]) -> None:
        """More is known of them: their own events bring them here, so that capturing is not held up by it."""
        ids = sorted({event.message.lead_id for event in events})
        see_leads(tx, ids, self._policies.current("score")[1])
        index_leads(tx, ids)
        suggest_duplicates(tx, ids, self._policies.current("duplicates")[1])

    def customers_told(self, tx: Transaction, events: Sequence[Incoming]) -> None:
        """Our own word: what waited for a customer finds it here, so that whoever makes one need not know."""
        told = {event.message.customer_id for event in events}
        bought = link_purchases(tx, told)
        mark_customers(tx, told | bought)
        suggest_customers(tx, told, self._policies.current("duplicates")[1])
        # Last: it locks handovers, as who moves them does after all else.
        watch_loss.judge_losses(tx, bought)

    def tender_published(self, tx: Transaction, event: Incoming) -> None:
        policies = [self._policies.current(name)[1] for name in ("tenders", "capture", "grading")]
        take_tender(tx, mapping.tender(event.message), *policies)

    def pos_customer_registered(self, tx: Transaction, event: Incoming) -> None:
        policies = [self._policies.current(name)[1] for name in ("capture", "grading")]
        take_sign_up(tx, mapping.sign_up(event.message), *policies)

    def follow_up_recorded(self, tx: Transaction, event: Incoming) -> None:
        message = event.message
        interactions.keep(tx, [contacts.follow_up(message)])
        contact = contact_of_follow_up(message.channel, message.direction, message.outcome)
        self._record(
            tx, message.lead_id, contact, message.author_id, message.occurred_at.ToDatetime(UTC), message.follow_up_id
        )

    def call_recorded(self, tx: Transaction, event: Incoming) -> None:
        message = event.message
        interactions.keep(tx, [contacts.call(message)])
        contact = contact_of_call(message.direction, message.connected)
        self._record(tx, message.lead_id, contact, message.rep_id, message.started_at.ToDatetime(UTC), message.call_id)

    def conversation_archived(self, tx: Transaction, event: Incoming) -> None:
        """An archive comes with its follow-up, which is the interaction."""
        message, at = event.message, event.message.archived_at.ToDatetime(UTC)
        if message.rep_wrote:
            self._record(tx, message.lead_id, Contact.MESSAGE, message.rep_id, at, message.archive_id)
        if message.customer_replied:
            known = message.HasField("last_customer_message_at")
            replied = message.last_customer_message_at.ToDatetime(UTC) if known else at
            self._record(tx, message.lead_id, Contact.REPLY, message.rep_id, replied, message.archive_id)

    def _record(self, tx: Transaction, lead_id: str, contact: Contact, by: str, at: datetime, reference: str) -> None:
        if lead_id:
            record_contact(tx, Reported(lead_id, contact, by, at, reference), clock_policies(self._policies))
