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


def record_call(tx: Transaction, report: CallReport, policy: CallPolicy) -> Row[Any]:
    """The same call reported again is answered with the first record and changes nothing.

    Raises CallIncomplete, PartyNotFound, EmployeeNotFound, CallRecordedForAnother. A number that nobody knows is kept
    and gets its lead when one with that number is assigned.
    """
    actor = act_for(tx, report.rep_id)
    _check(tx, report)
    phone = to_e164(report.phone)
    party = _party(tx, report, phone, actor)
    made = store.insert_call(tx, _values(report, phone, party, actor, policy))
    if made is None:
        return _known(tx, report.external_id, actor)
    tx.audit(action="call.record", entity="call", entity_id=made.call_id, after={"external_id": report.external_id})
    if party.known:
        tx.record(told(made))
    return made


def _check(tx: Transaction, report: CallReport) -> None:
    found = check_time(report.started_at, tx.now, "started_at")
    if not (report.lead_id or report.customer_id or report.phone.strip()):
        found.append(Violation("phone", "name the lead, the customer or the number", "请提供线索、客户或电话号码"))
    if found:
        raise CallIncomplete.of(*found)


def _party(tx: Transaction, report: CallReport, phone: str, actor: Actor) -> Party:
    if report.lead_id or report.customer_id:
        return named_party(tx, report.lead_id, report.customer_id)
    return party_by_phone(tx, phone, actor.employee_id)


def _values(report: CallReport, phone: str, party: Party, actor: Actor, policy: CallPolicy) -> dict[str, Any]:
    analysis = analyse(report.transcript, policy.keywords, policy.digest_characters)
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
        "transcript": [asdict(each) for each in report.transcript],
        "analysis": asdict(analysis),
    }


def _known(tx: Transaction, external_id: str, actor: Actor) -> Row[Any]:
    found = store.by_external_id(tx, external_id)
    if found.rep_id != actor.employee_id:
        raise CallRecordedForAnother(external_id=external_id)
    return found


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
