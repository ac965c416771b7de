from __future__ import annotations

from typing import Any

from chassis.kernel.ids import new_id

from .roles import Owner
from .rows_table import AT, Rows

RULE = "matrix-rule"
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
    return {"slip_id": slip, "employee_id": owner.id, "rule_id": RULE}


REQUESTS: dict[str, Any] = {
    "incentives.RuleService/DraftRule": {
        "rule_id": "another-rule", "name": "a", "name_zh": "甲", "words": "a", "words_zh": "甲", "model": MODEL,
    },
    "incentives.RuleService/ValidateRule": {"model": MODEL},
    "incentives.RuleService/PublishRule": {"version": 1, "effective_from": "2026-04-01T00:00:00Z"},
    "incentives.PolicyService/GetPolicy": {"name": "bonuses"},
    "incentives.PolicyService/DraftPolicy": {"name": "bonuses", "body": {}, "reason": "试"},
    "incentives.PolicyService/PublishPolicy": {"name": "bonuses", "version": 1},
}  # fmt: skip
