"""Between the contracts and what the use cases work with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import Row

from chassis.kernel.calendar import local_date
from chassis.kernel.money import Money
from closeloop.common.v1 import money_pb2, page_pb2, provenance_pb2
from closeloop.integration.v1 import events_pb2 as integration_events
from closeloop.leads.v1 import (
    assignment_service_pb2,
    capture_service_pb2,
    customer_service_pb2,
    lead_pb2,
    lead_service_pb2,
)
from leads.assignment.count_waiting import Waiting
from leads.assignment.explain_assignment import Explanation
from leads.assignment.explain_rules import REFUSALS, Measured, parts
from leads.assignment.list_rep_loads import RepLoad
from leads.capture.rules import Arrival
from leads.customer_grades.take_receipts import Claim
from leads.customers.import_customers import CustomerRow, Imported
from leads.customers.list_customers import Listed
from leads.customers.list_customers import Wish as CustomerWish
from leads.customers.rules import Customer
from leads.history.import_closed_leads import ClosedLead
from leads.history.store import Step
from leads.lead.list_leads import Order, Wish
from leads.lead.rules import Grade, Lead, Position, Qualification, State
from leads.normalise.datum_rules import to_wgs84
from leads.normalise.name_rules import name_key, place_name
from leads.purchases.rules import Purchase
from leads.purchases.rules import Source as PurchaseSource
from leads.purchases.rules import State as PurchaseState
from leads.recall.rules import Departure
from leads.roster.import_rep_profiles import RepProfile
from leads.roster.store import Employee, Person
from leads.scoring.field_rules import Facts
from leads.signups.rules import SignUp
from leads.tenders.rules import Tender

_STATES = {state: lead_pb2.LeadState.Value(f"LEAD_STATE_{state.name}") for state in State}
_STATE_OF = {number: state for state, number in _STATES.items()}
_GRADES = {grade: lead_pb2.Grade.Value(f"GRADE_{grade.name}") for grade in Grade}
_GRADE_OF = {number: grade for grade, number in _GRADES.items()}
_DATUMS = {lead_pb2.DATUM_WGS84: "wgs84", lead_pb2.DATUM_GCJ02: "gcj02", lead_pb2.DATUM_BD09: "bd09"}
_DATUM_OF = {name: number for number, name in _DATUMS.items()}
_ORDERS: dict[int, Order] = {
    lead_service_pb2.LEAD_ORDER_OLDEST: "oldest",
    lead_service_pb2.LEAD_ORDER_DUE: "due",
}
_IMPORT_STATES = {
    each: capture_service_pb2.ImportState.Value(f"IMPORT_STATE_{each.upper()}")
    for each in ("running", "done", "cancelled", "failed", "reverting", "reverted")
}

_KINDS = {
    capture_service_pb2.ImportKind.Value(f"IMPORT_KIND_{each.upper()}"): each
    for each in ("leads", "customers", "contacts", "follow_ups", "orders")
}
_KIND_OF = {kind: number for number, kind in _KINDS.items()}


# -- in ------------------------------------------------------------------------------------------------------------


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


def arrival(request: capture_service_pb2.CaptureLeadRequest) -> Arrival:
    has_position = request.HasField("position")
    return Arrival(
        company_name=request.company_name,
        channel=request.channel,
        contact_name=request.contact_name,
        phone=request.phone,
        uscc=request.uscc,
        wecom_external_id=request.wecom_external_id,
        industry=request.industry,
        province=request.province,
        city=request.city,
        position=Position(request.position.latitude, request.position.longitude) if has_position else None,
        datum=_DATUMS.get(request.position.datum, "") if has_position else "",
        grade=_GRADE_OF.get(request.grade),
        qualification=qualification(request.qualification),
        need=request.need,
    )


def qualification(message: lead_pb2.Qualification) -> Qualification:
    return Qualification(
        first_touch_due_hours=message.first_touch_due_hours if message.HasField("first_touch_due_hours") else None,
        budget=money(message.budget) if message.HasField("budget") else None,
        budget_confirmed=message.budget_confirmed if message.HasField("budget_confirmed") else None,
        decision_chain=tuple(message.decision_chain),
    )


def grade(number: lead_pb2.Grade.ValueType) -> Grade:
    return _GRADE_OF[number]


def departure(message: integration_events.EmployeeChanged) -> Departure:
    has_instant = message.HasField("status_since")
    return Departure(
        employee_id=message.employee_id,
        version=message.version,
        left_on=date.fromisoformat(message.left_on) if message.left_on else None,
        status_since=message.status_since.ToDatetime(UTC) if has_instant else None,
        as_of=message.as_of.ToDatetime(UTC),
    )


def money(message: money_pb2.Money) -> Money:
    return Money(message.fen, message.currency or "CNY")


def wish(request: lead_service_pb2.ListLeadsRequest) -> Wish:
    return Wish(
        states=tuple(_STATE_OF[each] for each in request.states if each in _STATE_OF),
        grades=tuple(_GRADE_OF.get(each) for each in request.grades),
        owner_id=request.owner_id,
        channel=request.channel,
        city=place_name(request.city),
        import_id=request.import_id,
        text=request.text,
        yellow=request.yellow if request.HasField("yellow") else None,
        order=_ORDERS.get(request.order, "newest"),
    )


def rep_profile(message: assignment_service_pb2.RepProfile) -> RepProfile:
    centre = None
    if message.HasField("territory_centre"):
        given = Position(message.territory_centre.latitude, message.territory_centre.longitude)
        centre = to_wgs84(given, _DATUMS[message.territory_centre.datum])
    return RepProfile(
        employee_id=message.employee_id,
        centre=centre,
        radius_km=message.territory_radius_km,
        province=place_name(message.province),
        city=place_name(message.city),
        grades=tuple(_GRADE_OF[each] for each in message.grades if each in _GRADE_OF),
        industries=tuple(message.industries),
        baseline=message.baseline,
    )


def closed_lead(message: assignment_service_pb2.ClosedLead) -> ClosedLead:
    return ClosedLead(
        message.external_id,
        message.owner_id,
        _GRADE_OF[message.grade],
        message.won,
        message.closed_at.ToDatetime(UTC),
        _facts(message) if message.HasField("facts") else None,
        tuple(Step(message.external_id, each.at.ToDatetime(UTC), each.kind) for each in message.facts.steps),
    )


def _facts(message: assignment_service_pb2.ClosedLead) -> Facts:
    known = message.facts
    return Facts(
        channel=known.channel,
        industry=known.industry.strip(),
        province=place_name(known.province),
        grade=_GRADE_OF[message.grade].value,
        budget_fen=money(known.budget).fen if known.HasField("budget") else None,
        budget_confirmed=known.budget_confirmed if known.HasField("budget_confirmed") else None,
        decision_chain=tuple(known.decision_chain),
        first_touch_due_hours=known.first_touch_due_hours if known.HasField("first_touch_due_hours") else None,
        known_customer=known.known_customer,
        need=known.need,
    )


def customer_wish(request: customer_service_pb2.ListCustomersRequest) -> CustomerWish:
    return CustomerWish(
        text=request.text,
        owner_id=request.owner_id,
        customer_code=request.customer_code,
        grades=tuple(_GRADE_OF.get(each) for each in request.grades),
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
        grade=_GRADE_OF.get(message.grade),
        industry=message.industry,
        province=message.province,
        city=message.city,
        owner_id=message.owner_id,
        since=message.since.ToDatetime(UTC) if message.HasField("since") else None,
    )


# -- out -----------------------------------------------------------------------------------------------------------


def page(token: str) -> page_pb2.PageInfo:
    return page_pb2.PageInfo(next_token=token)


def lead(each: Lead, people: Mapping[str, Person]) -> lead_pb2.Lead:
    owner = people.get(each.owner_id)
    return lead_pb2.Lead(
        lead_id=each.lead_id,
        state=_STATES[each.state],
        grade=grade_shown(each.grade),
        company_name=each.company_name,
        contact_name=each.contact_name,
        phone=each.phone,
        uscc=each.uscc,
        wecom_external_id=each.wecom_external_id,
        channel=each.channel,
        industry=each.industry,
        province=each.province,
        city=each.city,
        position=_position(each.position, "wgs84"),
        original_position=_position(each.original_position, each.original_datum),
        qualification=_qualification(each.qualification),
        need=each.need,
        owner_id=each.owner_id,
        owner_name=owner.name if owner else "",
        unit=each.unit,
        customer_id=each.customer_id or "",
        opportunity_id=each.opportunity_id or "",
        yellow=each.yellow,
        reason=each.reason,
        reason_zh=each.reason_zh,
        touches=each.touches,
        bounces=each.bounces,
        captured_at=instant(each.captured_at),
        assigned_at=instant(each.assigned_at),
        accepted_at=instant(each.accepted_at),
        first_contact_at=instant(each.first_contact_at),
        last_effective_action_at=instant(each.last_effective_action_at),
        recycle_due_at=instant(each.recycle_due_at),
        hint_lead_id=each.hint_lead_id or "",
        import_id=each.import_id or "",
        merged_into=each.merged_into or "",
        parent_lead_id=each.parent_lead_id or "",
        etag=each.etag,
    )


def state(value: str) -> lead_pb2.LeadState.ValueType:
    return _STATES[State(value)]


def grade_shown(grade: Grade | None) -> lead_pb2.Grade.ValueType:
    return _GRADES[grade] if grade else lead_pb2.GRADE_UNSPECIFIED


def timeline_entry(row: Row[Any]) -> lead_service_pb2.TimelineEntry:
    return lead_service_pb2.TimelineEntry(
        at=instant(row.at),
        kind=row.kind,
        actor=row.actor,
        text=row.text,
        text_zh=row.text_zh,
        reference=row.reference,
    )


def waiting(each: Lead) -> assignment_service_pb2.WaitingLead:
    return assignment_service_pb2.WaitingLead(
        lead=lead(each, {}), since=instant(each.waiting_since), reason=each.reason, reason_zh=each.reason_zh
    )


def waiting_figures(counted: Waiting) -> assignment_service_pb2.CountWaitingResponse:
    return assignment_service_pb2.CountWaitingResponse(
        waiting={grade.value: count for grade, count in counted.by_grade.items()},
        a_overdue=counted.a_overdue,
        unassigned_overdue=counted.unassigned_overdue,
        oldest_since=instant(counted.oldest),
    )


def import_(row: Row[Any]) -> capture_service_pb2.Import:
    return capture_service_pb2.Import(
        import_id=row.import_id,
        state=_IMPORT_STATES[row.state],
        file_id=row.file_id,
        encoding=row.encoding,
        rows_read=row.rows_read,
        created=row.created,
        appended=row.appended,
        failed=row.failed,
        started_at=instant(row.started_at),
        finished_at=instant(row.finished_at),
        error=row.error,
        dry_run=row.dry_run,
        suggested=row.suggested,
        mapping=row.mapping,
        withdrawn=row.withdrawn,
        touches_removed=row.touches_removed,
        kept=row.kept,
        kind=_KIND_OF[row.kind],
    )


def import_kind(number: capture_service_pb2.ImportKind.ValueType) -> str:
    return _KINDS.get(number, "leads")


def import_error(row: Row[Any]) -> capture_service_pb2.ImportError:
    return capture_service_pb2.ImportError(
        row=row.row, field=row.field, value=row.value, message=row.message, message_zh=row.message_zh
    )


def explanation(found: Explanation) -> assignment_service_pb2.ExplainAssignmentResponse:
    row, body = found.row, found.row.body
    decision = assignment_service_pb2.Decision(
        decision_id=row.decision_id,
        lead_id=row.lead_id,
        at=instant(row.at),
        policy_version=row.policy_version,
        outcome=row.outcome,
        winner_id=row.winner_id,
        winner_name=found.winner_name,
        mean_load=body.get("mean_load", 0.0),
        high_load_weights=body.get("high_load", False),
        newcomer_quota=body.get("newcomer_quota", False),
        candidates=[_candidate(each, found.weights) for each in body.get("candidates", ())],
        filtered=body.get("filtered", {}),
        reason=found.summary[0],
        reason_zh=found.summary[1],
    )
    return assignment_service_pb2.ExplainAssignmentResponse(
        decision=decision,
        summary=found.summary[0],
        summary_zh=found.summary[1],
        why_not=_candidate(found.asked, found.weights) if found.asked else None,
        why_not_summary=found.why_not[0],
        why_not_summary_zh=found.why_not[1],
    )


def rep_load(each: RepLoad, people: Mapping[str, Person]) -> assignment_service_pb2.RepLoad:
    return assignment_service_pb2.RepLoad(
        employee_id=each.employee_id,
        name=each.name,
        unit=each.unit,
        weighted=each.weighted,
        baseline=each.baseline,
        load=each.load,
        conversion=each.conversion,
        owed={grade.value: owed for grade, owed in each.owed.items()},
        received={grade.value: received for grade, received in each.received.items()},
        drift={grade.value: drift for grade, drift in each.drift.items()},
        status=each.status,
        status_as_of=instant(people[each.employee_id].as_of) if each.employee_id in people else None,
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


def instant(at: datetime | None) -> Timestamp | None:
    if at is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp


def _position(position: Position | None, datum: str) -> lead_pb2.Position | None:
    if position is None:
        return None
    return lead_pb2.Position(latitude=position.latitude, longitude=position.longitude, datum=_DATUM_OF[datum])


def _qualification(known: Qualification) -> lead_pb2.Qualification:
    budget = money_pb2.Money(fen=known.budget.fen, currency=known.budget.currency) if known.budget else None
    return lead_pb2.Qualification(
        first_touch_due_hours=known.first_touch_due_hours,
        budget=budget,
        budget_confirmed=known.budget_confirmed,
        decision_chain=known.decision_chain,
    )


def _candidate(each: Measured, weights: Mapping[str, float]) -> assignment_service_pb2.Candidate:
    refused = REFUSALS.get(each["refused"], ("", ""))
    figures = {
        "load": f"{each['load']:.0%}",
        "weighted": f"{each['weighted']:.2f}",
        "baseline": f"{each['baseline']:g}",
    }
    return assignment_service_pb2.Candidate(
        employee_id=each["employee_id"],
        name=each["name"],
        score=each["score"],
        parts=[provenance_pb2.ScorePart(**part) for part in parts(each, weights)],
        owed=each["owed"],
        received=each["received"],
        refused=refused[0].format(**figures),
        refused_zh=refused[1].format(**figures),
        status_age_seconds=each["age_seconds"],
    )
