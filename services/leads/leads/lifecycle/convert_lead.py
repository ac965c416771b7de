"""A lead becomes an opportunity in forecast and a customer here (LD1.7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from chassis.errors import InvalidInput, Violation
from chassis.kernel.calendar import local_date
from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from leads.customers.customer_of_lead import customer_of_lead
from leads.lead import rules as lead_rules
from leads.lead import store
from leads.lead.events import LeadConverted
from leads.lead.rules import Command, Lead
from leads.lifecycle.rules import require_own
from leads.ownership import store as ownership


@dataclass(frozen=True)
class Prospect:
    """What the owner expects of the opportunity. `expected_close` is YYYY-MM-DD."""

    name: str
    amount: Money
    expected_close: str
    contract_number: str = ""


def convert_lead(tx: Transaction, lead_id: str, prospect: Prospect, etag: str = "") -> Lead:
    """Raises LeadNotFound, NotTheOwner, EtagMismatch, IllegalCommand or InvalidInput."""
    lead = store.lock(tx, lead_id)
    require_own(lead, tx.identity.subject)
    store.check_etag(lead, etag)
    state = lead_rules.after(lead.state, Command.CONVERT)
    _check_close(prospect.expected_close, local_date(tx.now))
    customer = customer_of_lead(tx, lead)
    ownership.end(tx, lead, "converted")
    tx.deadlines.stop_all(lead_id)
    converted = store.save(
        tx,
        lead,
        state=state,
        opportunity_id=new_id(),
        customer_id=customer.customer_id,
        recycle_due_at=None,
        yellow=False,
        reason="",
        reason_zh="",
    )
    store.note(tx, lead_id, "converted", f"Converted: {prospect.name}.", f"已转化为商机：{prospect.name}。")
    tx.audit(
        action="lead.convert",
        entity="lead",
        entity_id=lead_id,
        before={"state": lead.state.value},
        after={"opportunity_id": converted.opportunity_id, "customer_id": customer.customer_id},
    )
    tx.record(
        LeadConverted(
            lead_id=lead_id,
            opportunity_id=str(converted.opportunity_id),
            opportunity_name=prospect.name,
            customer_id=customer.customer_id,
            customer_code=customer.customer_code or "",
            customer_name=customer.name,
            owner_id=lead.owner_id,
            unit=lead.unit,
            channel=lead.channel,
            expected_amount=prospect.amount,
            expected_close=prospect.expected_close,
            contract_number=prospect.contract_number,
            converted_at=tx.now,
        )
    )
    return converted


def _check_close(expected_close: str, today: date) -> None:
    try:
        past = date.fromisoformat(expected_close) < today
    except ValueError:
        past = True
    if past:
        problem = Violation("expected_close", "must be a day from today on.", "必须是今天或之后的有效日期。")
        raise InvalidInput.of(problem)
