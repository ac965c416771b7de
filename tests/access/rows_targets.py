from __future__ import annotations

from datetime import date
from typing import Any

from chassis.kernel.ids import new_id

from .roles import Owner
from .rows_table import AT, MONTH, Rows

# One plan holds everybody's targets; who looks sees the own part of it.
PLAN = "01957a00-0000-7000-8000-000000000001"


def record(rows: Rows, owner: Owner) -> dict[str, str]:
    node, claim = new_id(), new_id()
    rows.put_once("plan", plan_id=PLAN, name="2026", first_month="2026-01", last_month="2026-12", category="all")
    rows.put("employee", employee_id=owner.id, name=owner.mark, status="active", unit=owner.unit)
    rows.put("plan_node", node_id=node, plan_id=PLAN, level="rep", subject=owner.id, unit=owner.unit, month=MONTH)
    rows.put("target_change", change_id=new_id(), plan_id=PLAN, node_id=node, actor=owner.id, note=owner.mark, at=AT)
    rows.put(
        "collected_claim", claim_id=claim, receipt_id=new_id(), customer_name=owner.mark, salesperson_id=owner.id,
        unit=owner.unit, arrived_on=date(2026, 3, 9), month=MONTH, method="person",
    )  # fmt: skip
    return {"plan_id": PLAN, "node_id": node}


REQUESTS: dict[str, Any] = {
    "targets.PlanService/CreatePlan": {"name": "新品", "first_month": "2026-04", "months": 3, "category": "新品"},
    "targets.PlanService/GetPlanTree": {"month": MONTH},
    "targets.PlanService/ImportPlanNodes": {
        "rows": [{"level": "company", "subject": "/HQ/", "month": MONTH, "target": {"fen": "5"}}],
        "reason": "分解",
    },
    "targets.PlanService/SetTarget": {"target": {"fen": "7"}, "reason_code": "correction"},
    "targets.AttainmentService/GetAttainment": {"month": MONTH},
    "targets.AttainmentService/ListAttainmentRows": {"month": MONTH},
}
