"""Golden clocks ran out (LD5.1), or customers have not replied (LD5.2): those due together are told together."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.deadlines import Deadline
from chassis.unit_of_work import Transaction
from leads.lead import store
from leads.overdue.tell_overdue import Line, lock_owned, tell_overdue
from leads.response_clock.rules import GOLDEN, Clock

_LINES = {
    "remind": Line("reminded", "Not accepted and no call attempt yet.", "尚未接收，也没有拨打电话。"),
    "popup": Line("overdue", "No message, connected call or visit yet.", "尚未发送消息、接通电话或拜访。"),
    "email": Line("overdue", "The state has not changed since the assignment.", "分配后状态一直未变更。"),
}
_YELLOW = Line("yellow", "No reply of the customer.", "客户尚未回复。")


def fire_golden_clocks(tx: Transaction, due: Sequence[Deadline]) -> None:
    """Tells whom the step concerns; integration makes the reminder, pop-up or e-mail of it."""
    step = GOLDEN[Clock(due[0].kind)]
    tell_overdue(tx, lock_owned(tx, due), step, _LINES[step])


def mark_yellow(tx: Transaction, due: Sequence[Deadline]) -> None:
    owned = lock_owned(tx, due)
    mark = {"yellow": True, "reason": _YELLOW.text, "reason_zh": _YELLOW.text_zh}
    store.save_all(tx, [(lead, mark) for _, lead in owned])
    tell_overdue(tx, owned, "yellow", _YELLOW)
