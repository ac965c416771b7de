"""When a lead goes back to the pool (LD6.1): wall time without non-working days since the last effective action."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from chassis.kernel.calendar import BusinessCalendar
from leads.lead.rules import Grade
from leads.recycle.policy import RecyclePolicy


class RecycleClock(StrEnum):
    WARNING = "recycle.warning"
    RETURN = "recycle.return"


YELLOW_REASON = ("No reply of the customer: please re-screen.", "客户未回复，请重新筛选。")
IDLE_REASON = ("No effective action in {hours} h: please re-screen.", "{hours} 小时内无有效跟进，请重新筛选。")


def due(
    last_action: datetime, grade: Grade, policy: RecyclePolicy, calendar: BusinessCalendar
) -> dict[RecycleClock, datetime]:
    """When the warning and the return are due."""
    return {
        RecycleClock.WARNING: calendar.add_wall_time_on_workdays(last_action, policy.warning_after(grade)),
        RecycleClock.RETURN: calendar.add_wall_time_on_workdays(last_action, policy.recycle_after(grade)),
    }


def reason(yellow: bool, grade: Grade, policy: RecyclePolicy) -> tuple[str, str]:
    """Why it has to be re-screened, in English and Chinese. A yellow mark that was due before is the reason (LD6.1)."""
    if yellow:
        return YELLOW_REASON
    hours = policy.recycle_hours[grade]
    return IDLE_REASON[0].format(hours=hours), IDLE_REASON[1].format(hours=hours)
