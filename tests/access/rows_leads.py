from __future__ import annotations

from datetime import timedelta
from typing import Any

from chassis.kernel.ids import new_id

from .roles import MATE, Owner, Role
from .rows_table import AT, Rows

# Not on the first page of a list.
BEFORE = AT - timedelta(days=1)
_QUEUED: dict[str, Any] = {
    **dict.fromkeys(("owner_id", "unit", "reason", "reason_zh"), ""),
    **dict.fromkeys(("bounces", "recalls"), 0),
    **dict.fromkeys(("assigned_at", "accepted_at", "first_contact_at", "last_effective_action_at", "recycle_due_at")),
    "state": "queued",
    "yellow": False,
    "waiting_since": AT.isoformat(),
}


def record(rows: Rows, owner: Owner) -> dict[str, str]:
    ids = {
        name: new_id()
        for name in (
            *("lead_id", "accepted", "recycled", "customer_id"),
            *("import_id", "over_import_id", "recall_id", "pause_id", "batch_id", "replay_id"),
            *("twin", "merged", "suggestion_id", "merge_id"),
            *("handover_id", "item_id"),
            *("contact_id", "credential_id"),
            *("customer_twin", "customer_merged", "customer_suggestion", "customer_merge"),
        )
    }
    ids["employee_id"] = owner.id
    whose = {"owner_id": owner.id, "unit": owner.unit}
    number = abs(hash(owner.id)) % 10**8
    ids["phone"] = f"+86138{number:08}"
    rows.put(
        "rep", employee_id=owner.id, version=1, name=owner.mark, status="active", unit=owner.unit, team=owner.unit,
        duties=["rep"], position="sales_rep", as_of=AT,
    )  # fmt: skip
    rows.put("customer", customer_id=ids["customer_id"], customer_code=owner.mark, name=owner.mark, **whose)
    rows.put("customer", customer_id=ids["customer_twin"], name=owner.mark, name_key=owner.mark, **whose)
    rows.put("customer", customer_id=ids["customer_merged"], name=owner.mark, name_key=owner.mark,
             merged_into=ids["customer_id"], **whose)  # fmt: skip
    rows.put("customer_suggestion", suggestion_id=ids["customer_suggestion"], customer_id=ids["customer_twin"],
             other_id=ids["customer_id"], why="name", score=100.0, state="open", made_at=AT)  # fmt: skip
    rows.put("customer_merge", merge_id=ids["customer_merge"], kept_id=ids["customer_id"],
             merged_id=ids["customer_merged"], merged_by=owner.id, merged_at=AT, reason=owner.mark, taken_over={},
             differences={})  # fmt: skip
    rows.put("purchase", order_number=new_id(), source="erp", version=1, customer_id=ids["customer_id"], store="S1",
             amount_fen=1, currency="CNY", signed_on=AT.date(), state="active")  # fmt: skip
    rows.put("customer_grade", customer_id=ids["customer_id"], override="A", override_reason=owner.mark,
             override_by=owner.id, override_at=AT, override_until=AT + timedelta(days=9))  # fmt: skip
    rows.put("customer_grade_change", customer_id=ids["customer_id"], at=AT, kind="overridden", text=owner.mark,
             policy_version=0)  # fmt: skip
    theirs = {"customer_id": ids["customer_id"], "added_by": owner.id, "added_at": AT}
    rows.put("customer_contact", contact_id=ids["contact_id"], name=owner.mark, **theirs)
    rows.put("customer_credential", credential_id=ids["credential_id"], kind="qualification", name=owner.mark,
             number="1", **theirs)  # fmt: skip
    rows.put("interaction", reference=new_id(), channel="visit", source="activity", customer_id=ids["customer_id"],
             at=AT, need=owner.mark)  # fmt: skip
    rows.put("service_record", kind="service_call", reference=new_id(), customer_code=owner.mark, title=owner.mark,
             at=AT)  # fmt: skip
    rows.put(
        "lead", lead_id=ids["lead_id"], state="assigned", company_name=owner.mark, name_key=owner.mark, grade="B",
        channel="expo", need=owner.mark, phone=ids["phone"], assigned_at=AT, **whose,
    )  # fmt: skip
    for state in ("accepted", "recycled"):
        rows.put("lead", lead_id=ids[state], state=state, company_name=owner.mark, name_key=owner.mark,
                 channel=owner.mark, **whose)  # fmt: skip
    rows.put(
        "lead", lead_id=new_id(), state="held", company_name=owner.mark, name_key=owner.mark, channel="expo",
        waiting_since=AT, **whose,
    )  # fmt: skip
    rows.put("lead_score", lead_id=ids["lead_id"], own_probability=0.7, own_reason=owner.mark, own_by=owner.id)
    rows.put("lead", lead_id=ids["twin"], state="assigned", company_name=owner.mark, name_key=owner.mark,
             channel="expo", captured_at=BEFORE, **whose)  # fmt: skip
    rows.put("lead", lead_id=ids["merged"], state="merged", company_name=owner.mark, name_key=owner.mark,
             channel="expo", merged_into=ids["lead_id"], captured_at=BEFORE, unit=owner.unit)  # fmt: skip
    rows.put("lead_suggestion", suggestion_id=ids["suggestion_id"], lead_id=ids["twin"], other_id=ids["lead_id"],
             score=100.0, state="open", made_at=AT)  # fmt: skip
    rows.put("lead_merge", merge_id=ids["merge_id"], kept_id=ids["lead_id"], merged_id=ids["merged"],
             merged_by=owner.id, merged_at=AT, reason=owner.mark, standing=_QUEUED | {"unit": owner.unit}, clocks=[],
             taken_over={}, touches=0)  # fmt: skip
    rows.put("handover", handover_id=ids["handover_id"], employee_id=owner.id, name=owner.mark, unit=owner.unit,
             cause="departed", employee_version=1, state="moving", opened_at=AT, planned_at=AT)  # fmt: skip
    rows.put("handover_item", item_id=ids["item_id"], handover_id=ids["handover_id"], position=1, kind="customer",
             subject_id=ids["customer_id"], name=owner.mark, state="moved", taker_id=owner.id, taker_unit=owner.unit,
             moved_at=AT)  # fmt: skip
    rows.put("timeline", lead_id=ids["lead_id"], at=AT, kind="captured", text=owner.mark)
    rows.put("assignment", assignment_id=new_id(), lead_id=ids["lead_id"], employee_id=owner.id, unit=owner.unit,
             grade="B", how="manual", assigned_at=AT)  # fmt: skip
    rows.put("decision", decision_id=new_id(), lead_id=ids["lead_id"], at=AT, grade="B", policy_version=0,
             outcome="manual", winner_id=owner.id, body={"reason": owner.mark, "by": owner.id})  # fmt: skip
    rows.put("recall", recall_id=ids["recall_id"], employee_id=owner.id, since=AT, automatic=False, reason=owner.mark,
             started_by=owner.id, started_at=AT)  # fmt: skip
    rows.put("rep_pause", pause_id=ids["pause_id"], employee_id=owner.id, unit=owner.unit, team=owner.unit,
             paused_at=AT, to_rep=20, to_team=20, share=1.0, most=0.3, window_minutes=60,
             clear_reason=owner.mark)  # fmt: skip
    rows.put("bulk_assignment", batch_id=ids["batch_id"], by=owner.id, unit=owner.unit, reason=owner.mark,
             assigned_at=AT)  # fmt: skip
    rows.put("pool_filter", employee_id=owner.id, name=owner.mark, filter={"text": owner.mark}, saved_at=AT)
    rows.put("policy_replay", replay_id=ids["replay_id"], state="done", draft_version=1, live_version=0, days=90,
             started_by=owner.mark, started_at=AT)  # fmt: skip
    rows.put("lead_import", import_id=ids["import_id"], state="running", file_id=owner.mark, channel="expo",
             mapping={}, started_by=owner.id, unit=owner.unit, started_at=AT)  # fmt: skip
    rows.put("lead_import", import_id=ids["over_import_id"], state="done", file_id=owner.mark, channel="expo",
             mapping={}, started_by=owner.id, unit=owner.unit, started_at=AT)  # fmt: skip
    for import_id in (ids["import_id"], ids["over_import_id"]):
        rows.put("lead_import_row", import_id=import_id, row=2, outcome="appended", company_name=owner.mark)
        rows.put("lead_import_kept", import_id=import_id, lead_id=ids["lead_id"], why=owner.mark)
    rows.put("lead_import_error", import_id=ids["import_id"], row=1, field="phone", value=owner.mark, message="bad",
             message_zh="错误")  # fmt: skip
    return ids


def _capture(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    """Somebody else's lead comes in once more, by its phone number."""
    return {"company_name": "杭州某校", "channel": "expo", "phone": ids["phone"]}


def _to_mate(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return {"employee_id": MATE.id, "reason": "近"}


def _convert(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return {
        "lead_id": ids["accepted"],
        "opportunity_name": "实验室设备",
        "expected_amount": {"fen": "100"},
        "expected_close": "2026-04-30",
    }


def _over(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return {"import_id": ids["over_import_id"]}


def _revert(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return {"import_id": ids["over_import_id"], "reason": "导错文件"}


def _merge(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return {"merged_lead_id": ids["twin"], "reason": "同一家"}


def _merge_customers(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return {"merged_customer_id": ids["customer_twin"], "reason": "同一家", "etag": "1", "merged_etag": "1"}


def _suggested(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return {"suggestion_id": ids["customer_suggestion"], "reason": "看过"}


def _part_customers(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return {"merge_id": ids["customer_merge"], "reason": "看错了"}


def _claim(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return {"lead_id": ids["recycled"]}


def _lost(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return {"item_id": ids["item_id"], "reason": "改用他家"}


def _own_filter(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return {"name": caller.owner.mark}


def _hand_out(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return {"lead_ids": [ids["recycled"]], "employee_ids": [MATE.id], "reason": "片区调整"}


def _reopen(ids: dict[str, str], caller: Role) -> dict[str, Any]:
    return {"lead_id": ids["recycled"], "reason": "有预算了"}


REQUESTS: dict[str, Any] = {
    "leads.CaptureService/CaptureLead": _capture,
    "leads.CaptureService/StartImport": {"file_id": "FILE", "channel": "expo"},
    "leads.ImportService/PreviewImport": {"file_id": "FILE", "channel": "expo"},
    "leads.ImportService/RevertImport": _revert,
    "leads.ImportService/WriteErrorFile": _over,
    "leads.LeadService/ConvertLead": _convert,
    "leads.LeadService/DisqualifyLead": {"reason": "无预算"},
    "leads.LeadService/ReopenLead": _reopen,
    "leads.LeadService/GradeLead": {"grade": "GRADE_C", "reason": "电话核实"},
    "leads.DuplicateService/AcceptSuggestion": {"reason": "同一家"},
    "leads.DuplicateService/RefuseSuggestion": {"reason": "两家"},
    "leads.DuplicateService/MergeLeads": _merge,
    "leads.DuplicateService/UnmergeLead": {"reason": "看错了"},
    "leads.CustomerMergeService/AcceptCustomerSuggestion": _suggested,
    "leads.CustomerMergeService/RefuseCustomerSuggestion": _suggested,
    "leads.CustomerMergeService/MergeCustomers": _merge_customers,
    "leads.CustomerMergeService/UnmergeCustomer": _part_customers,
    "leads.PoolService/ClaimLead": _claim,
    "leads.PoolService/ReleaseLead": {"reason": "不是目标客户"},
    "leads.PoolService/SavePoolFilter": {"saved": {"name": "重点"}},
    "leads.PoolService/DeletePoolFilter": _own_filter,
    "leads.PoolService/BulkAssign": _hand_out,
    "leads.AssignmentService/AssignLead": _to_mate,
    "leads.FlowService/GetLeadFlow": {"first_month": "2026-03"},
    "leads.FlowService/ListFlowLeads": {"month": "2026-03", "what": "taken"},
    "leads.FlowService/GetLeadFunnel": {"first_month": "2026-03"},
    "leads.FlowService/ListFunnelLeads": {"first_month": "2026-03", "step": "FUNNEL_STEP_CAPTURED"},
    "leads.FlowService/ExportLeadFlow": {"first_month": "2026-03", "what": "flow", "form": "csv"},
    "leads.ReplayService/StartReplay": {"version": 0},
    "leads.ScoreService/EstimateLead": {"probability": 0.5, "reason": "老板亲自来谈"},
    "leads.HandoverService/DecideHandoverItems": _to_mate,
    "leads.HandoverService/CheckOffHandover": {"side": "HANDOVER_SIDE_TAKER", "accept_gaps": True},
    "leads.HandoverService/InformCustomers": {"channel": "wechat"},
    "leads.HandoverService/ReportLoss": _lost,
    "leads.GuardService/RecallLeads": {"since": "2026-03-09T00:00:00Z", "reason": "账号异常"},
    "leads.GuardService/ClearPause": {"reason": "属正常"},
    "leads.AssignmentService/ImportRepProfiles": {"profiles": [{"employee_id": MATE.id}]},
    "leads.AssignmentService/ImportClosedLeads": {
        "leads": [{"external_id": "x1", "owner_id": MATE.id, "grade": "GRADE_B", "closed_at": "2026-01-05T02:00:00Z"}]
    },
    "leads.CustomerService/ImportCustomers": {"customers": [{"customer_code": "C9", "name": "甲"}]},
    "leads.ChurnService/GetChurnReport": {"by": "rep"},
    "leads.ChurnService/ListChurnRows": {"days": 30, "what": "buyers"},
    "leads.ChurnService/GetRepeatReport": {"by": "rep"},
    "leads.ChurnService/ListRepeatRows": {"what": "buyers"},
    "leads.ChurnService/ExportChurn": {"what": "churn", "form": "csv"},
    "leads.CustomerGradeService/OverrideCustomerGrade": {"grade": "GRADE_B", "reason": "重点培育"},
    "leads.CustomerGradeService/WithdrawGradeOverride": {"reason": "客户已转型"},
    "leads.CustomerGradeService/RegradeCustomers": {"reason": "年度复核"},
    "leads.CustomerGradeService/DraftCustomerGradePolicy": {"body": {}, "reason": "试"},
    "leads.CustomerGradeService/PublishCustomerGradePolicy": {"version": 1},
    "leads.CustomerFileService/UpdateCustomerBase": {"etag": "1", "needs": "影像系统"},
    "leads.CustomerFileService/AddContact": {"contact": {"name": "王院长"}},
    "leads.CustomerFileService/ChangeContact": {"etag": "1", "contact": {"name": "王院长"}},
    "leads.CustomerFileService/RetireContact": {"reason": "已离职"},
    "leads.CustomerFileService/AddCredential": {
        "kind": "CREDENTIAL_KIND_QUALIFICATION",
        "name": "执业许可证",
        "number": "2",
    },
    "leads.CustomerFileService/RetireCredential": {"reason": "换证"},
    "leads.PolicyService/GetPolicy": {"name": "recycle"},
    "leads.PolicyService/DraftPolicy": {"name": "recycle", "body": {}, "reason": "试"},
    "leads.PolicyService/PublishPolicy": {"name": "recycle", "version": 1},
}
