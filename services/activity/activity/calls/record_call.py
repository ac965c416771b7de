"""Take in a call, from a telephone system or by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from activity.calls import store
from activity.calls.policy import CallPolicy
from activity.calls.rules import CallIncomplete, CallRecorded, CallRecordedForAnother, Utterance, analyse
from activity.follow_ups.rules import check_time
from activity.parties.find_party import named_party, party_by_phone
from activity.parties.phone_rules import to_e164
from activity.parties.rules import Party
from activity.roster.act_for import Actor, act_for
from chassis.errors import Violation
from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction


@dataclass(frozen=True)
class CallReport:
    """A call as it is reported. Without lead and customer the number tells whom it was with."""

    external_id: str
    lead_id: str
    customer_id: str
    rep_id: str
    direction: str
    phone: str
    started_at: datetime
    duration_seconds: int
    connected: bool
    transcript: Sequence[Utterance]


def record_call(tx: Transaction, report: CallReport, policy: CallPolicy, *, version: int) -> Row[Any]:
    """The same call reported again is answered with the first record; only a transcript that was missing goes in.

    Raises CallIncomplete, PartyNotFound, EmployeeNotFound, RepNotNamed, CallRecordedForAnother. A number that nobody
    knows is kept and gets its lead when one with that number is assigned.
    """
    phone = _check(tx, report)
    actor = act_for(tx, report.rep_id)
    party = _party(tx, report, phone, actor)
    heard = heard_in(report, policy, version)
    made = store.insert_call(tx, _values(report, phone, party, actor) | heard)
    if made is None:
        return _known(tx, report.external_id, actor, heard)
    tx.audit(action="call.record", entity="call", entity_id=made.call_id, after={"external_id": report.external_id})
    if party.known:
        tx.record(told(made))
    return made


def _check(tx: Transaction, report: CallReport) -> str:
    """The number as E.164. Raises CallIncomplete with everything that is wrong."""
    phone = to_e164(report.phone)
    found = check_time(report.started_at, tx.now, "started_at")
    if phone is None:
        found.append(Violation("phone", "is not a phone number", "不是有效的电话号码"))
    elif not (report.lead_id or report.customer_id or phone):
        found.append(Violation("phone", "name the lead, the customer or the number", "请提供线索、客户或电话号码"))
    if found:
        raise CallIncomplete.of(*found)
    return phone or ""


def _party(tx: Transaction, report: CallReport, phone: str, actor: Actor) -> Party:
    if report.lead_id or report.customer_id:
        return named_party(tx, report.lead_id, report.customer_id)
    return party_by_phone(tx, phone, actor.employee_id)


def _values(report: CallReport, phone: str, party: Party, actor: Actor) -> dict[str, Any]:
    return {
        "call_id": new_id(),
        "external_id": report.external_id,
        "lead_id": party.lead_id,
        "customer_id": party.customer_id,
        "rep_id": actor.employee_id,
        "unit": actor.unit,
        "direction": report.direction,
        "phone": phone,
        "started_at": report.started_at,
        "duration_seconds": report.duration_seconds,
        "connected": report.connected,
    }


def heard_in(report: CallReport, policy: CallPolicy, version: int) -> dict[str, Any]:
    analysis = analyse(report.transcript, policy.keywords, policy.digest_characters)
    transcript = [asdict(each) for each in report.transcript]
    return {"transcript": transcript, "analysis": asdict(analysis), "policy_version": version}


def _known(tx: Transaction, external_id: str, actor: Actor, heard: dict[str, Any]) -> Row[Any]:
    """Telephone systems report a call when it ends and its transcript minutes later."""
    found = store.lock_by_external_id(tx, external_id)
    if found.rep_id != actor.employee_id:
        raise CallRecordedForAnother(external_id=external_id)
    if found.transcript or not heard["transcript"]:
        return found
    after = {"utterances": len(heard["transcript"]), "digest": heard["analysis"]["digest"]}
    tx.audit(action="call.transcribe", entity="call", entity_id=found.call_id, after=after)
    return store.change_call(tx, found.call_id, heard)


def told(row: Row[Any]) -> CallRecorded:
    """The event of a call whose lead or customer is known."""
    return CallRecorded(
        row.call_id,
        row.lead_id,
        row.customer_id,
        row.rep_id,
        row.unit,
        row.direction,
        row.connected,
        row.duration_seconds,
        row.started_at,
    )
