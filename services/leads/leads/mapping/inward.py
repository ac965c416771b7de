"""Events of neighbours → what the use cases work with."""

from __future__ import annotations

from datetime import UTC, date

from chassis.kernel.calendar import local_date
from closeloop.integration.v1 import events_pb2 as integration_events
from leads.customer_grades.take_receipts import Claim
from leads.mapping.common import money
from leads.normalise.name_rules import name_key
from leads.purchases.rules import Purchase
from leads.purchases.rules import Source as PurchaseSource
from leads.purchases.rules import State as PurchaseState
from leads.recall.rules import Departure
from leads.roster.store import Employee
from leads.signups.rules import SignUp
from leads.tenders.rules import Tender


def employee(message: integration_events.EmployeeChanged) -> Employee:
    return Employee(
        employee_id=message.employee_id,
        version=message.version,
        name=message.name,
        status=message.status,
        unit=message.unit,
        unit_name=message.unit_name,
        manager_id=message.manager_id,
        position=message.position,
        duties=tuple(message.duties),
        hired_on=date.fromisoformat(message.hired_on) if message.hired_on else None,
        as_of=message.as_of.ToDatetime(UTC) if message.HasField("as_of") else None,
    )


def departure(message: integration_events.EmployeeChanged) -> Departure:
    has_instant = message.HasField("status_since")
    return Departure(
        employee_id=message.employee_id,
        version=message.version,
        left_on=date.fromisoformat(message.left_on) if message.left_on else None,
        status_since=message.status_since.ToDatetime(UTC) if has_instant else None,
        as_of=message.as_of.ToDatetime(UTC),
    )


def tender(message: integration_events.TenderPublished) -> Tender:
    texts = ("tender_id", "version", "state", "project_number", "title", "buyer", "region", "url")
    return Tender(
        **{name: getattr(message, name) for name in texts},
        budget=money(message.budget) if message.HasField("budget") else None,
        published_at=message.published_at.ToDatetime(UTC),
        deadline_at=message.deadline_at.ToDatetime(UTC) if message.HasField("deadline_at") else None,
    )


def purchase(message: integration_events.OrderFacts) -> Purchase:
    return Purchase(
        order_number=message.order_id,
        source=PurchaseSource.ERP,
        version=message.version,
        customer_code=message.customer_code,
        customer_name=message.customer_name,
        name_key=name_key(message.customer_name),
        contract_number=message.contract_number,
        salesperson_id=message.salesperson_id,
        store=message.store,
        amount=money(message.amount),
        signed_on=local_date(message.signed_at.ToDatetime(UTC)),
        state=PurchaseState(message.state),
    )


def receipt_claimed(message: integration_events.ReceiptClaimed) -> Claim:
    return Claim(
        claim_id=message.claim_id,
        contract_number=message.contract_number,
        amount_fen=message.amount.fen,
        currency=message.amount.currency or "CNY",
        arrived_on=date.fromisoformat(message.arrived_on) if message.arrived_on else None,
        undone=False,
    )


def receipt_unclaimed(message: integration_events.ReceiptUnclaimed) -> Claim:
    currency = message.amount.currency or "CNY"
    return Claim(message.claim_id, message.contract_number, message.amount.fen, currency, None, undone=True)


def sign_up(message: integration_events.PosCustomerRegistered) -> SignUp:
    texts = ("pos_customer_id", "name", "company_name", "phone", "store", "store_name", "province", "city")
    return SignUp(**{name: getattr(message, name) for name in texts}, signed_up_at=message.signed_up_at.ToDatetime(UTC))
