"""Take calls of the telephone system: told on once, and once more when a transcript or a correction comes later.

A record of somebody we don't know waits in quarantine until HR names them.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from chassis.unit_of_work import Transaction
from integration.calls import store
from integration.calls.rules import CallRecord, Told, told, transcribed
from integration.feeds.rules import Outcome, Raw, Rejection, decoded, refusal


def take_calls(tx: Transaction, records: Sequence[Raw]) -> Outcome:
    outcome = Outcome(records=len(records))
    read = [(raw, each) for raw in records if (each := _read(raw, outcome)) is not None]
    known = store.known(tx, [call.rep_id for _, call in read])
    held = store.lock(tx, [call.external_id for _, call in read])
    for raw, call in read:
        if call.rep_id not in known:
            outcome.rejections.append(
                Rejection(raw, "agentId is nobody we know", "agentId 不是已知员工", "agentId", call.external_id)
            )
            continue
        outcome.accepted.append(call.external_id)
        held[call.external_id] = _keep(tx, call, held.get(call.external_id), outcome)
    return outcome


def _keep(tx: Transaction, call: CallRecord, held: Told | None, outcome: Outcome) -> Told:
    """What a later record of the call is compared with. One without words tells of the rest, if that is otherwise."""
    now = told(call).after(held)
    if now == held:
        outcome.duplicates += 1
        return now
    outcome.new += held is None
    outcome.corrected += held is not None
    store.keep(tx, call.external_id, now)
    # A withheld number leads to nobody.
    if call.phone:
        tx.record(transcribed(call))
    return now


def _read(raw: Raw, outcome: Outcome) -> CallRecord | None:
    body = decoded(raw)
    if body is None:
        outcome.rejections.append(Rejection(raw, "not a JSON object", "不是 JSON 对象"))
        return None
    try:
        return CallRecord.model_validate(body)
    except ValidationError as failure:
        outcome.rejections.append(refusal(raw, failure, str(body.get("callId", ""))[:60]))
        return None
