"""Notices of handovers (LD10.1): the manager when one begins, takers when it is theirs, both until it is through."""

from __future__ import annotations

from typing import Any

from integration.notifications.rules import Notice
from integration.notifications.said import values

CAUSES = {
    "departed": ("left", "已离职"),
    "disabled": ("has a closed account", "账号已停用"),
    "frozen": ("has been frozen for days", "账号已冻结多日"),
    "moved": ("moves to another post", "已调岗"),
}


def handover_opened(said: Any) -> list[Notice]:
    told = values(said, "handover_id", "name", "customers", "leads", "promises", "move_due_at")
    told["cause"], told["cause_zh"] = CAUSES.get(said.cause, (said.cause, said.cause))
    return [Notice("handover_opened", said.handover_id, told, (said.manager_id,), ("ops",))]


def handover_moved(said: Any) -> list[Notice]:
    told = values(said, "handover_id", "name", "moved", "held", "moved_at")
    people = (*said.taker_ids, said.manager_id)
    return [Notice("handover_moved", f"{said.handover_id}:{told['moved_at']}", told, people)]


def handover_reminded(said: Any) -> list[Notice]:
    """What has no owner after two hours does not wait for the morning."""
    told = values(said, "handover_id", "name", "left", "reminded_at")
    once, people = f"{said.handover_id}:{told['reminded_at']}", (*said.people, said.manager_id)
    if said.step == "late":
        return [Notice("handover_late", once, told, people, ("ops",), popup=True, urgent=True)]
    return [Notice("handover_check_off", once, told, people)]


def handover_closed(said: Any) -> list[Notice]:
    """That there was nothing to hand over is no news."""
    if said.outcome == "nothing":
        return []
    told = values(said, "handover_id", "name", "moved")
    kind = "handover_cancelled" if said.outcome == "cancelled" else "handover_closed"
    return [Notice(kind, said.handover_id, told, (said.manager_id,))]
