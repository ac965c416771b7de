"""What may be done with a back-entry, in which state, by whom (N6.1). One table; everything else asks it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from chassis.errors import IllegalCommand
from integration.back_entries.errors import FourEyes, NotYetYours, OnlyItsAuthor


class State(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED_BY_FINANCE = "approved_by_finance"
    POSTED = "posted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Command(StrEnum):
    SUBMIT = "submit"
    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


FINANCE_SUPERVISOR, SALES_DIRECTOR = "finance_supervisor", "director"
AUTHOR = "author"
_S, _C = State, Command
# (state, command) → who may, and the state after it. What is posted stays posted: the bank alone corrects it.
TABLE: Mapping[tuple[State, Command], tuple[str, State]] = {
    (_S.DRAFT, _C.SUBMIT): (AUTHOR, _S.SUBMITTED),
    (_S.DRAFT, _C.WITHDRAW): (AUTHOR, _S.WITHDRAWN),
    (_S.SUBMITTED, _C.APPROVE): (FINANCE_SUPERVISOR, _S.APPROVED_BY_FINANCE),
    (_S.SUBMITTED, _C.REFUSE): (FINANCE_SUPERVISOR, _S.REFUSED),
    (_S.SUBMITTED, _C.WITHDRAW): (AUTHOR, _S.WITHDRAWN),
    (_S.APPROVED_BY_FINANCE, _C.APPROVE): (SALES_DIRECTOR, _S.POSTED),
    (_S.APPROVED_BY_FINANCE, _C.REFUSE): (SALES_DIRECTOR, _S.REFUSED),
    (_S.APPROVED_BY_FINANCE, _C.WITHDRAW): (AUTHOR, _S.WITHDRAWN),
}


@dataclass(frozen=True)
class Hands:
    """Who had it so far. `first`: who approved it for finance, empty before."""

    author: str
    first: str = ""


@dataclass(frozen=True)
class Actor:
    id: str
    duties: Collection[str]


def allowed(state: State) -> list[str]:
    return [command.value for at, command in TABLE if at is state]


def decide(state: State, command: Command, actor: Actor, hands: Hands) -> State:
    """The state after it. Raises IllegalCommand, OnlyItsAuthor, NotYetYours or FourEyes.

    Author, first and second approver are three people, whatever duties one of them holds.
    """
    if (state, command) not in TABLE:
        raise IllegalCommand(command=command.value, state=state.value, allowed=allowed(state))
    role, after = TABLE[state, command]
    if role == AUTHOR:
        if actor.id != hands.author:
            raise OnlyItsAuthor(author=hands.author)
        return after
    if role not in actor.duties:
        raise NotYetYours(duty=role)
    if actor.id in (hands.author, hands.first):
        raise FourEyes
    return after
