from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from chassis.kernel.ids import new_id

from .roles import Owner, Role
from .rows_table import AT, Rows

RULE = "matrix-rule"
LEADER = "E08000"
MODEL: dict[str, Any] = {"nodes": [], "edges": []}


def record(rows: Rows, owner: Owner) -> dict[str, str]:
    slip = new_id()
    rows.put("employee_version", employee_id=owner.id, version=1, changed_at=AT, name=owner.mark, unit=owner.unit)
    rows.put(
        "slip", slip_id=slip, state="pending", deal_key=owner.id, rule_id=RULE, beneficiary_id=owner.id,
        beneficiary_name=owner.mark, unit=owner.unit, customer_name=owner.mark,
    )  # fmt: skip
    rows.put("ledger_entry", entry_id=new_id(), employee_id=owner.id, kind="earn", text=owner.mark, effective_at=AT)
    rows.put(
        "deal", deal_key=owner.id, state="waiting", customer_name=owner.mark, salesperson_id=owner.id, context={},
        reasons=[{"code": "unknown_customer", "en": "x", "zh": "x"}],
    )  # fmt: skip
    rows.put_once(
        "rule_version", rule_id=RULE, version=1, state="draft", name="r", name_zh="规则", model=MODEL, author="E1"
    )
    change = new_id()
    rows.put(
        "budget_change", change_id=change, budget_id=f"rule:{RULE}", period="month", starts_on=date(2036, 1, 1),
        amount_fen=100, state="proposed", proposed_by="E1",
    )  # fmt: skip
    return {
        "slip_id": slip, "employee_id": owner.id, "rule_id": RULE, "deal_key": owner.id, "change_id": change,
        **_disputed(rows, owner),
    }  # fmt: skip


def _disputed(rows: Rows, owner: Owner) -> dict[str, str]:
    """A slip in each state that an appeal can be in, each of a deal of its own; and somebody to hand them to."""
    for person, manager in ((LEADER, ""), ("E08001", LEADER)):
        rows.put_once(
            "employee_version", employee_id=person, version=1, changed_at=AT, name="l", unit="/HQ/", manager_id=manager
        )
    ids = {}
    for state in ("assigned", "info_needed", "upheld", "rejected"):
        slip = ids[f"slip_{state}"] = new_id()
        rows.put(
            "slip", slip_id=slip, state=state, deal_key=f"{owner.id}-{state}", rule_id=RULE, beneficiary_id=owner.id,
            beneficiary_name=owner.mark, unit=owner.unit, customer_name=owner.mark,
        )  # fmt: skip
        rows.put(
            "appeal", appeal_id=new_id(), slip_id=slip, beneficiary_id=owner.id, unit=owner.unit, level="headquarters",
            decider_id="", claimed_fen=200, awarded_fen=200, opened_at=AT,
        )  # fmt: skip
    return ids


def _on(state: str, **fields: Any) -> Callable[[dict[str, str], Role], dict[str, Any]]:
    return lambda ids, _role: {"slip_id": ids[f"slip_{state}"], **fields}


REQUESTS: dict[str, Any] = {
    "incentives.SlipService/ListSlips": {"page": {"size": 200}},
    "incentives.AppealService/ListAppeals": {"page": {"size": 200}},
    "incentives.AppealService/GetAppeal": _on("assigned"),
    "incentives.AppealService/AppealSlip": {"file_id": "PAGE", "reason": "x"},
    "incentives.AppealService/WithdrawAppeal": _on("assigned"),
    "incentives.AppealService/AssignAppeal": _on("assigned", decider_id=LEADER, reason="x"),
    "incentives.AppealService/AskAppealInfo": _on("assigned", question="x"),
    "incentives.AppealService/GiveAppealInfo": _on("info_needed", answer="x"),
    "incentives.AppealService/DecideAppeal": _on("assigned", decision="DECISION_UPHOLD", reason="x"),
    "incentives.AppealService/ReopenAppeal": _on("rejected", reason="x"),
    "incentives.AppealService/AcceptRejection": _on("rejected"),
    "incentives.AppealService/AdjustSlip": _on("upheld"),
    "incentives.BudgetService/ListBudgets": {"page": {"size": 200}},
    "incentives.BudgetService/ProposeBudget": {
        "rule_id": RULE, "period": "BUDGET_PERIOD_MONTH", "amount": {"fen": 100}, "reason": "x",
    },
    "incentives.DealService/RecordDealSplit": {
        "shares": [{"employee_id": LEADER, "basis_points": 10_000}], "reason": "x",
    },
    "incentives.RuleService/DraftRule": {
        "rule_id": "another-rule", "name": "a", "name_zh": "甲", "words": "a", "words_zh": "甲", "model": MODEL,
    },
    "incentives.RuleService/ValidateRule": {"model": MODEL},
    "incentives.RuleService/PublishRule": {"version": 1, "effective_from": "2026-04-01T00:00:00Z"},
    "incentives.PolicyService/GetPolicy": {"name": "bonuses"},
    "incentives.PolicyService/DraftPolicy": {"name": "bonuses", "body": {}, "reason": "试"},
    "incentives.PolicyService/PublishPolicy": {"name": "bonuses", "version": 1},
}  # fmt: skip
