"""Which event becomes which notice: one function per event, and the table of them at the end.

`said` is the event's message; only its fields are read, so that this stays a rule without the contracts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from integration.notifications import (
    appeal_notices,
    approval_notices,
    back_entry_notices,
    budget_notices,
    handover_notices,
)
from integration.notifications.rules import Notice
from integration.notifications.said import money as _money
from integration.notifications.said import values as _values

HELD = {
    "unverified": ("nobody's status could be verified", "无法核实人员状态"),
    "no_capacity": ("everybody is at capacity or off shift", "全员满负荷或不在班"),
}
HEALTH_ZH = {"degraded": "数据不完整", "down": "中断"}
UNDER_WAY = frozenset({"", "queued", "running"})


def lead_assigned(said: Any) -> list[Notice]:
    values = _values(said, "company_name", "grade", "lead_id", "assigned_at")
    return [Notice("lead_assigned", f"{said.lead_id}:{_key(said.decision_id, values)}", values, (said.owner_id,))]


def assignment_held(said: Any) -> list[Notice]:
    values = _values(said, "company_name", "grade", "lead_id", "since")
    values["why"], values["why_zh"] = HELD.get(said.reason, (said.reason, said.reason))
    return [Notice("assignment_held", f"{said.lead_id}:{said.reason}:{values['since']}", values, duties=("ops",))]


def response_overdue(said: Any) -> list[Notice]:
    """30 min: the rep. 2 h: rep and manager see a pop-up. 4 h: the manager by e-mail. 20 h: last warning (LD5.2)."""
    values = _values(said, "company_name", "grade", "lead_id", "owner_name", "assigned_at")
    once = f"{said.lead_id}:{said.step}:{values['assigned_at']}"
    rep, manager = (said.owner_id,), (said.manager_id,)
    match said.step:
        case "remind":
            return [Notice("response_reminder", once, values, rep)]
        case "popup":
            return [Notice("response_overdue", once, values, rep + manager, popup=True)]
        case "email":
            return [Notice("response_overdue", once, values, manager, email_to=manager, urgent=said.grade == "A")]
        case "recycle_warning":
            return [Notice("recycle_warning", once, values, rep + manager)]
    return []


def lead_recycled(said: Any) -> list[Notice]:
    values = _values(said, "company_name", "lead_id", "reason", "recycled_at")
    values["reason_zh"] = said.reason_zh or said.reason
    people = (said.previous_owner_id, said.manager_id)
    return [Notice("lead_recycled", f"{said.lead_id}:{said.bounces}:{values['recycled_at']}", values, people)]


def waits_too_long(said: Any) -> list[Notice]:
    """The managers near; everybody who is one when nobody is near. An A lead does not wait for the morning."""
    values = _values(said, "company_name", "grade", "lead_id", "minutes", "reason", "reason_zh", "since")
    people = tuple(said.manager_ids)
    duties = ("ops",) if people else ("ops", "manager")
    once = f"{said.lead_id}:{values['since']}"
    return [Notice("waits_too_long", once, values, people, duties, popup=True, email_to=people, urgent=True)]


def rep_paused(said: Any) -> list[Notice]:
    values = _values(said, "name", "to_rep", "to_team", "window_minutes", "paused_at")
    values |= {"share": f"{said.share:.0%}", "limit": f"{said.limit:.0%}"}
    people = (said.manager_id,)
    return [Notice("rep_paused", said.pause_id, values, people, ("ops",), popup=True, email_to=people, urgent=True)]


def leads_recalled(said: Any) -> list[Notice]:
    values = _values(said, "recall_id", "name", "released", "since", "reason", "reason_zh", "recalled_at")
    once = f"{said.recall_id}:{values['recalled_at']}"
    return [Notice("leads_recalled", once, values, (said.manager_id,), ("ops",))]


def fairness_drifted(said: Any) -> list[Notice]:
    values = _values(said, "name", "grade", "received", "owed", "drift", "employee_id")
    once = f"{said.employee_id}:{said.grade}:{said.received}:{said.owed}"
    return [Notice("fairness_drifted", once, values, (said.manager_id,), ("ops",))]


def rep_passed_over(said: Any) -> list[Notice]:
    """Load as people say it: 92 %."""
    values = _values(said, "employee_id", "weighted", "baseline") | {"load": f"{said.load:.0%}"}
    return [Notice("rep_passed_over", f"{said.employee_id}:{said.day}", values, (said.employee_id,))]


def import_progressed(said: Any) -> list[Notice]:
    """Progress is for the import's own page; the end is news."""
    if said.state.lower() in UNDER_WAY:
        return []
    values = _values(said, "import_id", "state", "rows_read", "created", "appended", "failed")
    return [Notice("import_progressed", f"{said.import_id}:{said.state}", values, (said.started_by,))]


def slip_created(said: Any) -> list[Notice]:
    values = _values(said, "slip_id", "beneficiary_name", "customer_name", "contract_number", "words", "words_zh")
    values["amount"] = _money(said.amount)
    return [Notice("slip_created", said.slip_id, values, (said.beneficiary_id, said.manager_id))]


def slip_confirmed(said: Any) -> list[Notice]:
    values = _values(said, "slip_id", "confirmed_at") | {"amount": _money(said.amount)}
    return [Notice("slip_confirmed", said.slip_id, values, (said.beneficiary_id,))]


def slip_clawed_back(said: Any) -> list[Notice]:
    values = _values(said, "slip_id", "reason") | {"amount": _money(said.amount)}
    values["reason_zh"] = said.reason_zh or said.reason
    return [Notice("slip_clawed_back", said.slip_id, values, (said.beneficiary_id, said.manager_id))]


def rule_published(said: Any) -> list[Notice]:
    values = _values(said, "rule_id", "name", "name_zh", "words", "words_zh")
    return [Notice("rule_published", f"{said.rule_id}:{said.version}", values, duties=("rep",))]


def gate_refused(said: Any) -> list[Notice]:
    values = _values(said, "opportunity_id", "name", "after") | {"missing": list(said.missing)}
    once = f"{said.opportunity_id}:{said.after}:{','.join(said.missing)}"
    return [Notice("gate_refused", once, values, (said.owner_id,))]


def feed_degraded(said: Any) -> list[Notice]:
    values = _values(said, "feed", "health", "reason", "reason_zh", "since", "complete_until")
    values["health_zh"] = HEALTH_ZH.get(said.health, said.health)
    once = f"{said.feed}:{said.health}:{values['since']}"
    # A feed that is down does not wait for the morning.
    return [Notice("feed_degraded", once, values, duties=("ops", "finance"), urgent=said.health == "down")]


def feed_escalated(said: Any) -> list[Notice]:
    values = _values(said, "feed", "alert_id", "health", "reason", "reason_zh", "opened_at")
    values["health_zh"] = HEALTH_ZH.get(said.health, said.health)
    return [Notice("feed_escalated", said.alert_id, values, duties=("hq", "cio"), urgent=True)]


def feed_recovered(said: Any) -> list[Notice]:
    values = _values(said, "feed", "at", "complete_until")
    return [Notice("feed_recovered", f"{said.feed}:{values['at']}", values, duties=("ops", "finance"))]


NOTICES: dict[str, Callable[[Any], list[Notice]]] = {
    "leads.assigned": lead_assigned,
    "leads.assignment_held": assignment_held,
    "leads.response_overdue": response_overdue,
    "leads.recycled": lead_recycled,
    "leads.waits_too_long": waits_too_long,
    "leads.rep_paused": rep_paused,
    "leads.leads_recalled": leads_recalled,
    "leads.fairness_drifted": fairness_drifted,
    "leads.rep_passed_over": rep_passed_over,
    "leads.import_progressed": import_progressed,
    "customers.handover_opened": handover_notices.handover_opened,
    "customers.handover_moved": handover_notices.handover_moved,
    "customers.handover_reminded": handover_notices.handover_reminded,
    "customers.handover_closed": handover_notices.handover_closed,
    "incentives.slip_created": slip_created,
    "incentives.slip_confirmed": slip_confirmed,
    "incentives.slip_clawed_back": slip_clawed_back,
    "incentives.slip_held": budget_notices.slip_held,
    "incentives.budget_exhausted": budget_notices.budget_exhausted,
    "incentives.slip_reminded": appeal_notices.slip_reminded,
    "incentives.slip_appealed": appeal_notices.slip_appealed,
    "incentives.appeal_moved": appeal_notices.appeal_moved,
    "incentives.appeal_info_asked": appeal_notices.appeal_info_asked,
    "incentives.appeal_info_given": appeal_notices.appeal_info_given,
    "incentives.slip_decided": appeal_notices.slip_decided,
    "incentives.slip_adjusted": appeal_notices.slip_adjusted,
    "incentives.appeal_withdrawn": appeal_notices.appeal_withdrawn,
    "incentives.rule_published": rule_published,
    "forecast.gate_refused": gate_refused,
    "integration.approval_completed": approval_notices.approval_completed,
    "integration.backfill_waits": back_entry_notices.backfill_waits,
    "integration.backfill_approved": back_entry_notices.backfill_approved,
    "integration.backfill_confirmed": back_entry_notices.backfill_confirmed,
    "integration.feed_degraded": feed_degraded,
    "integration.feed_escalated": feed_escalated,
    "integration.feed_recovered": feed_recovered,
}


def _key(decision_id: str, values: dict[str, object]) -> str:
    at = values["assigned_at"]
    return decision_id or (at.isoformat() if isinstance(at, datetime) else "")
