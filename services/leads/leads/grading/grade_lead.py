"""Set or change a lead's grade: who, when and why are recorded (LD2.1)."""

from __future__ import annotations

from chassis.errors import FailedPrecondition
from chassis.unit_of_work import Transaction
from leads.grading import rules
from leads.grading.policy import GradingPolicy
from leads.lead import store
from leads.lead.events import LeadGraded
from leads.lead.rules import OPEN, OWNED, Grade, Lead, Qualification, counts_as
from leads.roster import store as roster


class LeadIsClosed(FailedPrecondition):
    en = "The lead is {state}; its grade can't change any more."
    zh = "线索已处于“{state}”状态，不能再调整等级。"


def grade_lead(
    tx: Transaction,
    lead_id: str,
    grade: Grade,
    known: Qualification,
    reason: str,
    policy: GradingPolicy,
    etag: str = "",
) -> Lead:
    """Raises LeadNotFound, EtagMismatch, LeadIsClosed or GradeCriteriaNotMet; refused, the lead stays as it was."""
    lead = store.lock(tx, lead_id)
    store.check_etag(lead, etag)
    if lead.state not in OPEN:
        raise LeadIsClosed(state=lead.state.value)
    qualification = lead.qualification.completed_by(known)
    rules.require(grade, qualification, policy)
    if lead.state in OWNED:
        roster.regrade(tx, lead.owner_id, counts_as(lead.grade).value, grade.value)
    graded = store.save(tx, lead, grade=grade, qualification=qualification)
    before = lead.grade.value if lead.grade else ""
    words = f"Grade {before or '–'} → {grade.value}: {reason}", f"等级 {before or '–'} → {grade.value}：{reason}"
    store.note(tx, lead_id, "graded", *words)
    tx.audit(
        action="lead.grade",
        entity="lead",
        entity_id=lead_id,
        before={"grade": before},
        after={"grade": grade.value},
        why=reason,
    )
    tx.record(LeadGraded(lead_id, before, grade.value, reason, tx.identity.subject))
    return graded
