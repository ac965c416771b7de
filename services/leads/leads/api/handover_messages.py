"""Between the contract of handovers and what the use cases work with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from closeloop.leads.v1 import handover_service_pb2 as pb
from leads.customer_file.completeness_rules import WORDS, Completeness
from leads.handover.check_off import CheckedOff
from leads.handover.loss_rules import loss_rate
from leads.handover.message_rules import message
from leads.handover.policy import HandoverPolicy
from leads.handover.report_rules import Report, Times, seconds_between
from leads.handover.rules import HandoverState, ItemState
from leads.lead.rules import Grade
from leads.mapping import common as mapping

_STATES = {
    each.value: pb.HandoverState.Value(f"HANDOVER_STATE_{each.name}")
    for each in HandoverState
    if each is not HandoverState.OPENING
}
_ITEM_STATES = {each.value: pb.HandoverItemState.Value(f"HANDOVER_ITEM_STATE_{each.name}") for each in ItemState}


def state_of(number: int) -> str:
    """Empty: whichever."""
    return {value: name for name, value in _STATES.items()}.get(pb.HandoverState.ValueType(number), "")


def item_state_of(number: int) -> str:
    return {value: name for name, value in _ITEM_STATES.items()}.get(pb.HandoverItemState.ValueType(number), "")


def handover(row: Row[Any]) -> pb.Handover:
    done = row.closed_at if row.state == HandoverState.CLOSED.value else None
    return pb.Handover(
        handover_id=row.handover_id,
        employee_id=row.employee_id,
        name=row.name,
        unit=row.unit,
        manager_id=row.manager_id,
        cause=row.cause,
        state=_STATES[row.state],
        opened_at=mapping.instant(row.opened_at),
        move_due_at=mapping.instant(row.move_due_at),
        deadline_at=mapping.instant(row.deadline_at),
        released_at=mapping.instant(row.released_at),
        released_by=row.released_by,
        moved_at=mapping.instant(row.moved_at),
        closed_at=mapping.instant(row.closed_at),
        loss_until=mapping.instant(row.loss_until),
        customers=row.customers,
        leads=row.leads,
        waiting=row.waiting,
        held=row.held,
        moved=row.moved,
        dropped=row.dropped,
        passed_on=row.passed_on,
        giver_checked=row.giver_checked,
        taker_checked=row.taker_checked,
        informed=row.informed,
        customers_moved=row.customers_moved,
        lost=row.lost,
        loss_rate=loss_rate(row.lost, row.customers_moved),
        seconds_to_move=seconds_between(row.opened_at, row.moved_at),
        seconds_to_check_off=seconds_between(row.moved_at, done),
    )


def item(row: Row[Any], of: Row[Any], file: Completeness | None, policy: HandoverPolicy) -> pb.HandoverItem:
    told = row.kind == "customer" and row.taker_id != ""
    en, zh = message(policy, row.name, of.name, row.taker_name) if told else ("", "")
    body: Mapping[str, Any] = row.body
    return pb.HandoverItem(
        item_id=row.item_id,
        kind=row.kind,
        subject_id=row.subject_id,
        goes_with=row.goes_with or "",
        name=row.name,
        grade=mapping.grade_shown(Grade(row.grade) if row.grade else None),
        state=_ITEM_STATES[row.state],
        reason=row.reason,
        reason_zh=row.reason_zh,
        lead_state=body.get("state", ""),
        clocks=[pb.RunningClock(kind=each["kind"], due_at=_read(each["due_at"])) for each in body.get("clocks", ())],
        promises=map(_promise, body.get("promises", ())),
        last_contact=_contact(body.get("last")),
        planned_to=row.planned_to,
        planned_name=row.planned_name,
        planned_by=row.planned_by,
        plan_reason=row.plan_reason,
        parts=pb.TakerParts(**row.parts) if row.parts else None,
        taker_id=row.taker_id,
        taker_name=row.taker_name,
        moved_at=mapping.instant(row.moved_at),
        giver=_checked(row.giver_at, row.giver_by, row.giver_remark),
        taker=_checked(row.taker_at, row.taker_by, row.taker_remark),
        completeness=file.percent if file else None,
        missing=missing(file.missing if file else ()),
        accepted_gaps=missing(row.gaps or ()),
        message=en,
        message_zh=zh,
        informed_at=mapping.instant(row.informed_at),
        informed_channel=row.informed_channel,
        lost_at=mapping.instant(row.lost_at),
        lost_why=row.lost_why,
        lost_reason=row.lost_reason,
    )


def checked_off(done: CheckedOff) -> pb.CheckOffHandoverResponse:
    left = [
        pb.IncompleteItem(item_id=row.item_id, name=row.name, completeness=file.percent, missing=missing(file.missing))
        for row, file in done.left
    ]
    return pb.CheckOffHandoverResponse(checked=done.checked, left=left, closed=done.closed)


def report(found: Report, slowest: Sequence[Row[Any]]) -> pb.ReportHandoversResponse:
    return pb.ReportHandoversResponse(
        handovers=found.handovers,
        to_move=_times(found.to_move),
        in_time=found.in_time,
        to_check_off=_times(found.to_check_off),
        customers=found.customers,
        lost=found.lost,
        loss_rate=found.rate,
        slowest=map(handover, slowest),
    )


def missing(fields: Iterable[str]) -> list[pb.FileGap]:
    return [pb.FileGap(field=each, label=WORDS[each][0], label_zh=WORDS[each][1]) for each in fields]


def _times(times: Times) -> pb.HandoverTimes:
    return pb.HandoverTimes(count=times.count, mean=times.mean, p90=times.p90)


def _promise(each: Mapping[str, Any]) -> pb.Promise:
    return pb.Promise(what=each["what"], due_at=_read(each["due_at"]), by=each["by"], reference=each["reference"])


def _contact(last: Mapping[str, Any] | None) -> pb.LastContact | None:
    if last is None:
        return None
    known = {name: last[name] for name in ("by", "channel", "need", "next_step")}
    return pb.LastContact(at=_read(last["at"]), next_step_due_at=_read(last["due_at"]), **known)


def _checked(at: datetime | None, by: str, remark: str) -> pb.CheckedOff | None:
    return pb.CheckedOff(at=mapping.instant(at), by=by, remark=remark) if at else None


def _read(at: str | None) -> Any:
    return mapping.instant(datetime.fromisoformat(at) if at else None)
