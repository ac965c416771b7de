"""What people hear of approvals that chat systems finished."""

from __future__ import annotations

from typing import Any

from integration.notifications.rules import Notice
from integration.notifications.said import values as _values

RESULTS = {"agreed": ("approved", "已通过"), "refused": ("refused", "已拒绝"), "withdrawn": ("withdrawn", "已撤销")}


def approval_completed(said: Any) -> list[Notice]:
    """Who asked for it."""
    values = _values(said, "approval_id", "title", "completed_at", "url")
    values["result"], values["result_zh"] = RESULTS.get(said.result, (said.result, said.result))
    return [Notice("approval_completed", f"{said.source}:{said.approval_id}", values, (said.applicant_id,))]
