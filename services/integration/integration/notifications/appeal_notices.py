"""Notices of appeals and of slips that wait for an answer (I3.2).

What a decider has hours for does not wait for the morning.
"""

from __future__ import annotations

from typing import Any

from integration.notifications.rules import Notice
from integration.notifications.said import money, values

LEVELS_ZH = {"manager": "主管", "director": "总监", "headquarters": "总部"}
OUTCOMES = {
    "upheld": ("upheld", "支持"),
    "partly_upheld": ("partly upheld", "部分支持"),
    "rejected": ("rejected", "驳回"),
    "rejected_again": ("rejected for good", "复议驳回"),
}


def slip_reminded(said: Any) -> list[Notice]:
    told = values(said, "slip_id", "customer_name", "number", "confirmed_from") | {"amount": money(said.amount)}
    once = f"{said.slip_id}:{said.number}:{told['confirmed_from']}"
    return [Notice("slip_reminded", once, told, (said.beneficiary_id,))]


def slip_appealed(said: Any) -> list[Notice]:
    once = f"{said.appeal_id}:{'again' if said.reopened else 'first'}"
    return [_to_decide("slip_appealed", said, once, "reason")]


def appeal_moved(said: Any) -> list[Notice]:
    once = f"{said.appeal_id}:{said.number}"
    return [_to_decide("appeal_moved" if said.why == "overdue" else "appeal_assigned", said, once)]


def appeal_info_asked(said: Any) -> list[Notice]:
    told = values(said, "slip_id", "customer_name", "question", "asked_at")
    return [Notice("appeal_info_asked", f"{said.appeal_id}:{told['asked_at']}", told, (said.beneficiary_id,))]


def appeal_info_given(said: Any) -> list[Notice]:
    told = values(said, "given_at")
    return [_to_decide("appeal_info_given", said, f"{said.appeal_id}:{told['given_at']}", "answer", level=False)]


def slip_decided(said: Any) -> list[Notice]:
    told = values(said, "slip_id", "beneficiary_name", "customer_name", "reason", "decided_at")
    told["outcome"], told["outcome_zh"] = OUTCOMES.get(said.outcome, (said.outcome, said.outcome))
    once = f"{said.appeal_id}:{said.outcome}"
    notices = [Notice("slip_decided", once, told, (said.beneficiary_id,))]
    if said.HasField("awarded"):
        to_book = told | {"amount": money(said.amount), "awarded": money(said.awarded)}
        notices.append(Notice("slip_to_adjust", once, to_book, duties=("finance",)))
    return notices


def slip_adjusted(said: Any) -> list[Notice]:
    told = values(said, "slip_id", "customer_name") | {"before": money(said.before), "amount": money(said.amount)}
    return [Notice("slip_adjusted", said.appeal_id, told, (said.beneficiary_id,))]


def appeal_withdrawn(said: Any) -> list[Notice]:
    told = values(said, "slip_id", "beneficiary_name", "customer_name")
    return [Notice("appeal_withdrawn", said.appeal_id, told, *_decider(said))]


def _to_decide(kind: str, said: Any, once: str, *names: str, level: bool = True) -> Notice:
    """In the inbox, on the screen, and by e-mail at any hour."""
    told = values(said, "slip_id", "beneficiary_name", "customer_name", "due_at", *names)
    if level:
        told |= {"amount": money(said.amount), "level": said.level, "level_zh": LEVELS_ZH.get(said.level, said.level)}
    people, duties = _decider(said)
    return Notice(kind, once, told, people, duties, popup=True, email_all=True, urgent=True)


def _decider(said: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Nobody by name: everybody at headquarters who may decide."""
    return ((said.decider_id,), ()) if said.decider_id else ((), ("hq",))
