from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from chassis.kernel.ids import new_id

from .roles import Owner
from .rows_table import AT, MONTH, Rows


def record(rows: Rows, owner: Owner) -> dict[str, str]:
    ids = {name: new_id() for name in ("opportunity_id", "evidence_id", "quote_id")}
    deal = {"opportunity_id": ids["opportunity_id"]}
    rows.put("employee", employee_id=owner.id, version=1, name=owner.mark, unit=owner.unit)
    rows.put(
        "opportunity", name=owner.mark, stage="contact", lead_id=ids["opportunity_id"], customer_name=owner.mark,
        owner_id=owner.id, unit=owner.unit, expected_close=date(2026, 3, 31), **deal,
    )  # fmt: skip
    rows.put("stage_step", step_id=new_id(), before="contact", after="need_confirmed", actor=owner.mark, **deal)
    rows.put("need_survey", survey_id=new_id(), budget_low_fen=1, budget_high_fen=2, decision_roles=["科长"],
             needs="有", **deal)  # fmt: skip
    rows.put("quote", quote_id=ids["quote_id"], author_id="E00777", approval_needed=True, **deal)
    rows.put("evidence", evidence_id=ids["evidence_id"], level=1, note=owner.mark, added_by=owner.id,
             state="standing", **deal)  # fmt: skip
    rows.put("submission", submission_id=new_id(), rep_id=owner.id, note=owner.mark, at=AT, **deal)
    rows.put("past_deal", external_id=owner.id, owner_id=owner.id, name=owner.mark, won=True, closed_at=AT,
             last_claim=Decimal("0.9"))  # fmt: skip
    return {**ids, "employee_id": owner.id}


REQUESTS: dict[str, Any] = {
    "forecast.OpportunityService/AdvanceStage": {"to": "STAGE_NEED_CONFIRMED"},
    "forecast.OpportunityService/LoseOpportunity": {"reason": "价格"},
    "forecast.OpportunityService/RecordNeedSurvey": {"decision_roles": ["科长"], "needs": "超声"},
    "forecast.OpportunityService/RecordDemo": {"held_at": "2026-03-10T01:00:00Z", "minutes": 30, "feedback": "好"},
    "forecast.OpportunityService/CreateQuote": {"amount": {"fen": "100"}},
    "forecast.OpportunityService/RecordAcceptance": {"file_id": "FILE", "accepted_on": "2026-03-09"},
    "forecast.OpportunityService/ImportDeals": {
        "deals": [
            {"external_id": "x1", "owner_id": "E00002", "amount": {"fen": "1"}, "closed_at": "2026-01-05T02:00:00Z"}
        ]
    },
    "forecast.EvidenceService/AddEvidence": {"level": 1, "file_id": "FILE"},
    "forecast.EvidenceService/ChallengeEvidence": {"reason": "字迹不清"},
    "forecast.EvidenceService/WithdrawEvidence": {"reason": "传错"},
    "forecast.SubmissionService/SubmitForecast": {"probability": 0.5},
    "forecast.SubmissionService/GetRollUp": {"month": MONTH},
    "forecast.PolicyService/GetPolicy": {"name": "gates"},
    "forecast.PolicyService/DraftPolicy": {"name": "gates", "body": {}, "reason": "试"},
    "forecast.PolicyService/PublishPolicy": {"name": "gates", "version": 1},
}
