"""Leads, their timeline and their imports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from closeloop.common.v1 import money_pb2
from closeloop.leads.v1 import (
    capture_service_pb2,
    lead_pb2,
    lead_service_pb2,
)
from leads.capture.rules import Arrival
from leads.lead.list_leads import Order, Wish
from leads.lead.rules import Lead, Position, Qualification
from leads.mapping.common import DATUMS, GRADE_OF, STATES, grade_shown, instant, money
from leads.normalise.name_rules import place_name
from leads.roster.store import Person

_STATE_OF = {number: state for state, number in STATES.items()}
_DATUM_OF = {name: number for number, name in DATUMS.items()}
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
        datum=DATUMS.get(request.position.datum, "") if has_position else "",
        grade=GRADE_OF.get(request.grade),
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


def wish(request: lead_service_pb2.ListLeadsRequest) -> Wish:
    return Wish(
        states=tuple(_STATE_OF[each] for each in request.states if each in _STATE_OF),
        grades=tuple(GRADE_OF.get(each) for each in request.grades),
        owner_id=request.owner_id,
        channel=request.channel,
        city=place_name(request.city),
        import_id=request.import_id,
        text=request.text,
        yellow=request.yellow if request.HasField("yellow") else None,
        order=_ORDERS.get(request.order, "newest"),
    )


def lead(each: Lead, people: Mapping[str, Person]) -> lead_pb2.Lead:
    owner = people.get(each.owner_id)
    return lead_pb2.Lead(
        lead_id=each.lead_id,
        state=STATES[each.state],
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


def timeline_entry(row: Row[Any]) -> lead_service_pb2.TimelineEntry:
    return lead_service_pb2.TimelineEntry(
        at=instant(row.at),
        kind=row.kind,
        actor=row.actor,
        text=row.text,
        text_zh=row.text_zh,
        reference=row.reference,
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
