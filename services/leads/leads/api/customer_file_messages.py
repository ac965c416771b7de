"""Between the customer file and its contract."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Row

from chassis.errors import InvalidInput, Violation
from chassis.kernel.money import Money
from closeloop.common.v1 import money_pb2
from closeloop.leads.v1 import customer_file_service_pb2 as pb
from leads.customer_file.completeness_rules import WORDS, Completeness
from leads.customer_file.contact_rules import Contact, ContactEntry, Role
from leads.customer_file.credential_rules import Credential, CredentialEntry, Kind, is_valid
from leads.customer_file.get_file import CustomerFile
from leads.customer_file.policy import CompletenessPolicy
from leads.customers.rules import BASE_FIELDS
from leads.mapping import common
from leads.mapping import customers as mapping
from leads.roster.store import Person
from leads.service_track.rules import STAGE_OF, Stage, minutes_between

_ROLES = {each: pb.ContactRole.Value(f"CONTACT_ROLE_{each.name}") for each in Role}
_ROLE_OF = {number: role for role, number in _ROLES.items()}
_KINDS = {each: pb.CredentialKind.Value(f"CREDENTIAL_KIND_{each.name}") for each in Kind}
_KIND_OF = {number: kind for kind, number in _KINDS.items()}
_STAGES = {each: pb.ServiceStage.Value(f"SERVICE_STAGE_{each.name}") for each in Stage}
STAGES = {number: stage for stage, number in _STAGES.items()}
_STAGE_OF_KIND = {str(kind): stage for kind, stage in STAGE_OF.items()}


# -- in ------------------------------------------------------------------------------------------------------------


def edit(request: pb.UpdateCustomerBaseRequest) -> dict[str, str]:
    """Fields that are given."""
    return {field: getattr(request, field) for field in BASE_FIELDS if request.HasField(field)}  # type: ignore[arg-type]


def contact_entry(message: pb.ContactEntry) -> ContactEntry:
    return ContactEntry(
        name=message.name,
        title=message.title,
        role=_ROLE_OF.get(message.role),
        reports_to=message.reports_to or None,
        phone=message.phone,
        wecom_id=message.wecom_id,
        email=message.email,
        is_primary=message.primary,
    )


def credential_entry(request: pb.AddCredentialRequest) -> CredentialEntry:
    """Raises InvalidInput for a day that is none."""
    try:
        until = date.fromisoformat(request.valid_until) if request.valid_until else None
    except ValueError:
        raise InvalidInput.of(Violation("valid_until", "is no day of the calendar.", "不是有效日期。")) from None
    texts = {name: getattr(request, name).strip() for name in ("name", "number", "issuer", "product", "file_id")}
    return CredentialEntry(kind=_KIND_OF[request.kind], valid_until=until, **texts)


# -- out -----------------------------------------------------------------------------------------------------------


def people_in(found: CustomerFile) -> set[str]:
    """Employees whose names the file shows."""
    owners = {found.customer.owner_id, *(each.owner_id for each in found.branches)}
    return owners | {row.changed_by for row in found.fields.values()} | {row.by for row in found.interactions}


def file(
    found: CustomerFile, policy: CompletenessPolicy, people: Mapping[str, Person], today: date
) -> pb.GetCustomerFileResponse:
    bought, calls = found.purchases, found.service
    return pb.GetCustomerFileResponse(
        customer=mapping.customer(found.customer, people),
        completeness=completeness(found.completeness, policy),
        fields=[_field(row, people) for _, row in sorted(found.fields.items())],
        parent_name=found.parent,
        branches=[mapping.customer(each, people) for each in found.branches],
        contacts=map(contact, found.contacts),
        credentials=[credential(each, today) for each in found.credentials],
        purchases=pb.PurchaseFigures(
            orders=bought.orders,
            amounts=map(_money, bought.amounts),
            last_on=bought.last_on.isoformat() if bought.last_on else "",
        ),
        service=pb.ServiceFigures(
            calls=calls.calls,
            open_calls=calls.open_calls,
            response_minutes=calls.response_minutes,
            resolution_minutes=calls.resolution_minutes,
        ),
        interactions=[interaction(row, people) for row in found.interactions],
        service_track=map(step, found.steps),
    )


def completeness(counted: Completeness, policy: CompletenessPolicy) -> pb.FileCompleteness:
    missing = [pb.MissingField(field=each, label=WORDS[each][0], label_zh=WORDS[each][1]) for each in counted.missing]
    return pb.FileCompleteness(percent=counted.percent, bar=policy.bar, missing=missing)


def contact(each: Contact) -> pb.Contact:
    return pb.Contact(
        contact_id=each.contact_id,
        customer_id=each.customer_id,
        name=each.name,
        title=each.title,
        role=_ROLES[each.role] if each.role else pb.CONTACT_ROLE_UNSPECIFIED,
        reports_to=each.reports_to or "",
        phone=each.phone,
        wecom_id=each.wecom_id,
        email=each.email,
        primary=each.is_primary,
        added_at=common.instant(each.added_at),
        added_by=each.added_by,
        retired_at=common.instant(each.retired_at),
        retired_why=each.retired_why,
        etag=each.etag,
    )


def credential(each: Credential, today: date) -> pb.Credential:
    return pb.Credential(
        credential_id=each.credential_id,
        customer_id=each.customer_id,
        kind=_KINDS[each.kind],
        name=each.name,
        number=each.number,
        issuer=each.issuer,
        product=each.product,
        valid_until=each.valid_until.isoformat() if each.valid_until else "",
        file_id=each.file_id,
        valid=is_valid(each, today),
        added_at=common.instant(each.added_at),
        added_by=each.added_by,
    )


def interaction(row: Row[Any], people: Mapping[str, Person]) -> pb.Interaction:
    texts = ("channel", "direction", "outcome", "source", "reference", "by", "need", "text", "text_zh", "next_step")
    by = people.get(row.by)
    return pb.Interaction(
        **{name: getattr(row, name) for name in texts},
        at=common.instant(row.at),
        lead_id=str(row.lead_id or ""),
        by_name=by.name if by else "",
        url=row.url,
    )


def step(row: Row[Any]) -> pb.ServiceStep:
    is_call = row.kind == "service_call"
    return pb.ServiceStep(
        stage=_STAGES[_STAGE_OF_KIND[row.kind]],
        kind=row.kind,
        reference=row.reference,
        order_id=row.order_id,
        title=row.title,
        state=row.state,
        amount=None if row.amount_fen is None else _money(Money(row.amount_fen, row.currency)),
        at=common.instant(row.at),
        ready_on=row.ready_on.isoformat() if row.ready_on else "",
        responded_at=common.instant(row.responded_at),
        closed_at=common.instant(row.closed_at),
        response_minutes=minutes_between(row.at, row.responded_at) if is_call else None,
        resolution_minutes=minutes_between(row.at, row.closed_at) if is_call else None,
    )


def purchase(row: Row[Any]) -> pb.Purchase:
    texts = ("order_number", "contract_number", "store", "salesperson_id", "state", "source")
    return pb.Purchase(
        **{name: getattr(row, name) for name in texts},
        amount=_money(Money(row.amount_fen, row.currency)),
        signed_on=row.signed_on.isoformat(),
    )


def _field(row: Row[Any], people: Mapping[str, Person]) -> pb.FieldVersion:
    by = people.get(row.changed_by)
    return pb.FieldVersion(
        field=row.field,
        version=row.version,
        changed_by=row.changed_by,
        changed_by_name=by.name if by else "",
        changed_at=common.instant(row.changed_at),
    )


def _money(amount: Money) -> money_pb2.Money:
    return money_pb2.Money(fen=amount.fen, currency=amount.currency)
