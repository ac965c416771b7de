"""One record of the service track, and how long a customer waited for an answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from chassis.kernel.money import Money


class Kind(StrEnum):
    OPPORTUNITY = "opportunity"
    SCHEDULE = "schedule"
    DELIVERY = "delivery"
    SERVICE_CALL = "service_call"


class Stage(StrEnum):
    PRE_SALES = "pre_sales"
    DELIVERY = "delivery"
    AFTER_SALES = "after_sales"


# Leads and orders are read where they stand.
STAGE_OF = {
    "lead": Stage.PRE_SALES,
    Kind.OPPORTUNITY: Stage.PRE_SALES,
    "order": Stage.DELIVERY,
    Kind.SCHEDULE: Stage.DELIVERY,
    Kind.DELIVERY: Stage.DELIVERY,
    Kind.SERVICE_CALL: Stage.AFTER_SALES,
}


@dataclass(frozen=True)
class Record:
    """As it is now. The customer is named by our id, by its number in the ERP, or by its order alone."""

    kind: Kind
    reference: str
    version: int
    at: datetime
    customer_id: str | None = None
    customer_code: str = ""
    order_id: str = ""
    title: str = ""
    state: str = ""
    amount: Money | None = None
    ready_on: date | None = None
    responded_at: datetime | None = None
    closed_at: datetime | None = None


def taken_over(told: Record, held: Record | None) -> Record | None:
    """What is held from now on; None: an older word, or the same again, changes nothing.

    An opportunity's end says less than its beginning: what it leaves out stays as it was.
    """
    if held is None:
        return told
    if told.version <= held.version:
        return None
    if told.kind is not Kind.OPPORTUNITY:
        return told
    return replace(
        told,
        at=held.at,
        customer_id=told.customer_id or held.customer_id,
        title=told.title or held.title,
        amount=told.amount or held.amount,
    )


def minutes_between(start: datetime, end: datetime | None) -> int | None:
    """Whole minutes of wall time; None while it has not ended. A clock that ran ahead there counts as 0."""
    return None if end is None else max(0, int((end - start).total_seconds() // 60))
