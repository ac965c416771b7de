"""Take a call of the telephone feed: recorded as at the door, and mended when the feed tells of it otherwise later."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from activity.calls import store
from activity.calls.policy import CallPolicy
from activity.calls.record_call import CallReport, heard_in, record_call, told
from chassis.telemetry import logger
from chassis.unit_of_work import Transaction

log = logger()
# What a telephone system may know only after it has first told of the call.
_CORRECTED = ("started_at", "duration_seconds", "connected")


def take_call(tx: Transaction, report: CallReport, policy: CallPolicy, *, version: int) -> None:
    """Told for another person than first, the call stays as it is: nobody could answer an event with a refusal.

    Raises CallIncomplete, EmployeeNotFound, RepNotNamed.
    """
    held = store.find_by_external_id(tx, report.external_id)
    if held is not None and held.rep_id != report.rep_id:
        log.warning("call.told_for_another", call_id=held.call_id, rep_id=held.rep_id, told_rep_id=report.rep_id)
        return
    row = record_call(tx, report, policy, version=version)
    if held is not None:
        _hear_again(tx, row, heard_in(report, policy, version))
        _correct(tx, row, report)


def _hear_again(tx: Transaction, row: Row[Any], heard: dict[str, Any]) -> None:
    """The system has understood the call otherwise than first. A report without words takes none away."""
    if not heard["transcript"] or heard["transcript"] == row.transcript:
        return
    before, after = ({"digest": each["digest"]} for each in (row.analysis, heard["analysis"]))
    tx.audit(action="call.transcribe", entity="call", entity_id=row.call_id, before=before, after=after)
    store.change_call(tx, row.call_id, heard)


def _correct(tx: Transaction, row: Row[Any], report: CallReport) -> None:
    before = {name: getattr(row, name) for name in _CORRECTED}
    after = {name: getattr(report, name) for name in _CORRECTED}
    if before == after:
        return
    tx.audit(action="call.correct", entity="call", entity_id=row.call_id, before=before, after=after)
    corrected = store.change_call(tx, row.call_id, after)
    if corrected.lead_id or corrected.customer_id:
        tx.record(told(corrected))
