from __future__ import annotations

from typing import Any

from chassis.kernel.ids import new_id

from .roles import Owner, Role
from .rows_table import Rows


def record(rows: Rows, owner: Owner) -> dict[str, str]:
    ids = {name: new_id() for name in ("follow_up_id", "call_id", "archive_id", "lead_id")}
    whose = {"unit": owner.unit}
    rows.put("employee", employee_id=owner.id, name=owner.mark, status="active", **whose)
    rows.put("lead", lead_id=ids["lead_id"], owner_id=owner.id, company_name=owner.mark, **whose)
    rows.put(
        "follow_up", follow_up_id=ids["follow_up_id"], author_id=owner.id, need=owner.mark, fields={}, source="manual",
        channel="visit", direction="outbound", outcome="connected", **whose,
    )  # fmt: skip
    rows.put(
        "call", call_id=ids["call_id"], external_id=ids["call_id"], rep_id=owner.id, direction="outbound",
        transcript=[{"speaker": "rep", "offset_seconds": 1, "text": owner.mark}],
        analysis={"keywords": [], "talk_ratio": None, "rep_questions": 0, "customer_questions": 0,
                  "digest": owner.mark},
        **whose,
    )  # fmt: skip
    rows.put("message", message_id=ids["archive_id"], source="wecom", text=owner.mark, chat_id=owner.mark)
    rows.put(
        "archive", archive_id=ids["archive_id"], command_id=ids["archive_id"], rep_id=owner.id, summary=owner.mark,
        message_ids=[ids["archive_id"]], **whose,
    )  # fmt: skip
    return ids


def _follow_up(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return {
        "lead_id": ids["lead_id"],
        "template": "first_visit",
        "channel": "CHANNEL_VISIT",
        "direction": "DIRECTION_OUTBOUND",
        "outcome": "OUTCOME_CONNECTED",
        "fields": {"customer": "杭州某校", "decision_maker_title": "设备科长", "need_keywords": "超声"},
        "input": "换了设备科长",
        "action": "上门演示",
        "output": "下周给答复",
        "blocker": "无",
        "need": "更新超声设备",
        "attitudes": [{"title": "设备科长", "attitude": "ATTITUDE_SUPPORTIVE"}],
    }


def _call(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return {
        "lead_id": ids["lead_id"],
        "external_id": new_id(),
        "rep_id": "E00002" if caller.name == "partner" else "",
        "direction": "CALL_DIRECTION_OUTBOUND",
        "started_at": "2026-03-10T01:00:00Z",
        "duration_seconds": 60,
        "connected": True,
    }


REQUESTS: dict[str, Any] = {
    "activity.FollowUpService/RecordFollowUp": _follow_up,
    "activity.CallService/RecordCall": _call,
    "activity.PolicyService/GetPolicy": {"name": "calls"},
    "activity.PolicyService/DraftPolicy": {"name": "calls", "body": {}, "reason": "试"},
    "activity.PolicyService/PublishPolicy": {"name": "calls", "version": 1},
}
