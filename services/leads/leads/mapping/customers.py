"""Customers: rows of an import, wishes of a list, and how they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC

from closeloop.leads.v1 import (
    customer_service_pb2,
)
from leads.customers.import_customers import CustomerRow, Imported
from leads.customers.list_customers import Listed
from leads.customers.list_customers import Wish as CustomerWish
from leads.customers.rules import Customer
from leads.mapping.common import GRADE_OF, grade_shown, instant
from leads.roster.store import Person


def customer_wish(request: customer_service_pb2.ListCustomersRequest) -> CustomerWish:
    return CustomerWish(
        text=request.text,
        owner_id=request.owner_id,
        customer_code=request.customer_code,
        grades=tuple(GRADE_OF.get(each) for each in request.grades),
        province=request.province,
        city=request.city,
        incomplete_below=request.incomplete_below,
        least_complete_first=request.order == customer_service_pb2.CUSTOMER_ORDER_LEAST_COMPLETE,
    )


def customer_row(message: customer_service_pb2.CustomerRow) -> CustomerRow:
    return CustomerRow(
        customer_code=message.customer_code.strip(),
        name=message.name,
        uscc=message.uscc,
        phone=message.phone,
        customer_class=message.customer_class,
        grade=GRADE_OF.get(message.grade),
        industry=message.industry,
        province=message.province,
        city=message.city,
        owner_id=message.owner_id,
        since=message.since.ToDatetime(UTC) if message.HasField("since") else None,
    )


def customer(each: Customer, people: Mapping[str, Person]) -> customer_service_pb2.Customer:
    owner = people.get(each.owner_id)
    return customer_service_pb2.Customer(
        customer_id=each.customer_id,
        customer_code=each.customer_code or "",
        name=each.name,
        uscc=each.uscc,
        phone=each.phone,
        customer_class=each.customer_class,
        grade=grade_shown(each.grade),
        industry=each.industry,
        province=each.province,
        city=each.city,
        owner_id=each.owner_id,
        owner_name=owner.name if owner else "",
        unit=each.unit,
        parent_customer_id=each.parent_customer_id or "",
        since=instant(each.since),
        etag=str(each.version),
        size=each.size,
        address=each.address,
        needs=each.needs,
    )


def customer_completeness(each: Listed) -> customer_service_pb2.CustomerCompleteness:
    return customer_service_pb2.CustomerCompleteness(
        customer_id=each.customer.customer_id, percent=each.completeness, missing=each.missing
    )


def imported_customers(done: Imported) -> customer_service_pb2.ImportCustomersResponse:
    return customer_service_pb2.ImportCustomersResponse(
        created=done.created,
        updated=done.updated,
        errors=[
            customer_service_pb2.CustomerRowError(
                row=each.row, field=each.violation.field, message=each.violation.en, message_zh=each.violation.zh
            )
            for each in done.errors
        ],
    )
