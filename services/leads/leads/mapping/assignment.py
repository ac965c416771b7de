"""Reps, closed leads, waiting leads and decisions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC

from closeloop.common.v1 import provenance_pb2
from closeloop.leads.v1 import (
    assignment_service_pb2,
)
from leads.assignment.count_waiting import Waiting
from leads.assignment.explain_assignment import Explanation
from leads.assignment.explain_rules import REFUSALS, Measured, parts
from leads.assignment.list_rep_loads import RepLoad
from leads.history.import_closed_leads import ClosedLead
from leads.history.store import Step
from leads.lead.rules import Lead, Position
from leads.mapping.common import DATUMS, GRADE_OF, instant, money
from leads.mapping.leads import lead
from leads.normalise.datum_rules import to_wgs84
from leads.normalise.name_rules import place_name
from leads.roster.import_rep_profiles import RepProfile
from leads.roster.store import Person
from leads.scoring.field_rules import Facts


def rep_profile(message: assignment_service_pb2.RepProfile) -> RepProfile:
    centre = None
    if message.HasField("territory_centre"):
        given = Position(message.territory_centre.latitude, message.territory_centre.longitude)
        centre = to_wgs84(given, DATUMS[message.territory_centre.datum])
    return RepProfile(
        employee_id=message.employee_id,
        centre=centre,
        radius_km=message.territory_radius_km,
        province=place_name(message.province),
        city=place_name(message.city),
        grades=tuple(GRADE_OF[each] for each in message.grades if each in GRADE_OF),
        industries=tuple(message.industries),
        baseline=message.baseline,
    )


def closed_lead(message: assignment_service_pb2.ClosedLead) -> ClosedLead:
    return ClosedLead(
        message.external_id,
        message.owner_id,
        GRADE_OF[message.grade],
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
        grade=GRADE_OF[message.grade].value,
        budget_fen=money(known.budget).fen if known.HasField("budget") else None,
        budget_confirmed=known.budget_confirmed if known.HasField("budget_confirmed") else None,
        decision_chain=tuple(known.decision_chain),
        first_touch_due_hours=known.first_touch_due_hours if known.HasField("first_touch_due_hours") else None,
        known_customer=known.known_customer,
        need=known.need,
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
