"""What may be done with a slip, in which state, by whom (I3.1). One table; everything else asks it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chassis.errors import IllegalCommand, NotFound, PermissionDenied
from chassis.kernel.money import Money


class State(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    PAYABLE = "payable"
    IN_BATCH = "in_batch"
    PAID = "paid"
    DISPUTED = "disputed"
    ASSIGNED = "assigned"
    INFO_NEEDED = "info_needed"
    UPHELD = "upheld"
    PARTLY_UPHELD = "partly_upheld"
    ADJUSTED = "adjusted"
    REJECTED = "rejected"
    REOPENED = "reopened"
    REJECTED_AGAIN = "rejected_again"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    HELD = "held"
    # A claw-back that met an unpaid slip: both are closed, no money moves.
    SETTLED = "settled"


class Command(StrEnum):
    CONFIRM = "confirm"
    MAKE_PAYABLE = "make_payable"
    PUT_IN_BATCH = "put_in_batch"
    PAY = "pay"
    RETURN = "return"
    APPEAL = "appeal"
    ASSIGN = "assign"
    ASK_INFO = "ask_info"
    GIVE_INFO = "give_info"
    ESCALATE = "escalate"
    UPHOLD = "uphold"
    UPHOLD_PARTLY = "uphold_partly"
    REJECT = "reject"
    ADJUST = "adjust"
    SHOW_AGAIN = "show_again"
    ACCEPT = "accept"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"
    CLOSE = "close"
    CANCEL = "cancel"
    HOLD = "hold"
    RELEASE = "release"


class Role(StrEnum):
    """Who acts, as seen from the slip."""

    BENEFICIARY = "beneficiary"
    # Manager, director or headquarters on whose level the appeal lies; never a beneficiary.
    DECIDER = "decider"
    # Hand an appeal over when its decider is away; never a beneficiary.
    HEADQUARTERS = "headquarters"
    # Books what was decided; never its decider or a beneficiary (I2.5).
    FINANCE = "finance"
    # Clocks, feeds and the recalculation.
    SYSTEM = "system"


_S, _C, _R = State, Command, Role
_BEFORE_PAID = [each for each in State if each not in {_S.PAID, _S.CANCELLED, _S.SETTLED}]
TABLE: Mapping[tuple[State, Command], tuple[frozenset[Role], State]] = {
    # A budget is exhausted, and money is there again (I2.2).
    (_S.PENDING, _C.HOLD): (frozenset({_R.SYSTEM}), _S.HELD),
    (_S.HELD, _C.RELEASE): (frozenset({_R.SYSTEM}), _S.PENDING),
    # The system confirms after the reminders stayed without answer (I3.2).
    (_S.PENDING, _C.CONFIRM): (frozenset({_R.BENEFICIARY, _R.SYSTEM}), _S.CONFIRMED),
    (_S.CONFIRMED, _C.MAKE_PAYABLE): (frozenset({_R.SYSTEM}), _S.PAYABLE),
    (_S.PAYABLE, _C.PUT_IN_BATCH): (frozenset({_R.FINANCE, _R.SYSTEM}), _S.IN_BATCH),
    (_S.IN_BATCH, _C.PAY): (frozenset({_R.SYSTEM}), _S.PAID),
    (_S.IN_BATCH, _C.RETURN): (frozenset({_R.SYSTEM}), _S.PAYABLE),
    (_S.PAID, _C.RETURN): (frozenset({_R.SYSTEM}), _S.PAYABLE),
    (_S.PENDING, _C.APPEAL): (frozenset({_R.BENEFICIARY}), _S.DISPUTED),
    (_S.DISPUTED, _C.ASSIGN): (frozenset({_R.SYSTEM}), _S.ASSIGNED),
    (_S.ASSIGNED, _C.ASSIGN): (frozenset({_R.DECIDER, _R.HEADQUARTERS}), _S.ASSIGNED),
    # To the next level when its time is over; at headquarters it stays and is told again.
    (_S.ASSIGNED, _C.ESCALATE): (frozenset({_R.SYSTEM}), _S.ASSIGNED),
    (_S.ASSIGNED, _C.ASK_INFO): (frozenset({_R.DECIDER}), _S.INFO_NEEDED),
    (_S.INFO_NEEDED, _C.GIVE_INFO): (frozenset({_R.BENEFICIARY}), _S.ASSIGNED),
    (_S.ASSIGNED, _C.UPHOLD): (frozenset({_R.DECIDER}), _S.UPHELD),
    (_S.ASSIGNED, _C.UPHOLD_PARTLY): (frozenset({_R.DECIDER}), _S.PARTLY_UPHELD),
    (_S.ASSIGNED, _C.REJECT): (frozenset({_R.DECIDER}), _S.REJECTED),
    (_S.UPHELD, _C.ADJUST): (frozenset({_R.FINANCE}), _S.ADJUSTED),
    (_S.PARTLY_UPHELD, _C.ADJUST): (frozenset({_R.FINANCE}), _S.ADJUSTED),
    (_S.ADJUSTED, _C.SHOW_AGAIN): (frozenset({_R.SYSTEM}), _S.PENDING),
    (_S.REJECTED, _C.ACCEPT): (frozenset({_R.BENEFICIARY, _R.SYSTEM}), _S.CONFIRMED),
    # Once: a second rejection can only be accepted.
    (_S.REJECTED, _C.REOPEN): (frozenset({_R.BENEFICIARY}), _S.REOPENED),
    (_S.REOPENED, _C.ASSIGN): (frozenset({_R.DECIDER, _R.HEADQUARTERS}), _S.REOPENED),
    (_S.REOPENED, _C.ESCALATE): (frozenset({_R.SYSTEM}), _S.REOPENED),
    (_S.REOPENED, _C.UPHOLD): (frozenset({_R.DECIDER}), _S.UPHELD),
    (_S.REOPENED, _C.UPHOLD_PARTLY): (frozenset({_R.DECIDER}), _S.PARTLY_UPHELD),
    (_S.REOPENED, _C.REJECT): (frozenset({_R.DECIDER}), _S.REJECTED_AGAIN),
    (_S.REJECTED_AGAIN, _C.ACCEPT): (frozenset({_R.BENEFICIARY, _R.SYSTEM}), _S.CONFIRMED),
    (_S.DISPUTED, _C.WITHDRAW): (frozenset({_R.BENEFICIARY}), _S.WITHDRAWN),
    (_S.ASSIGNED, _C.WITHDRAW): (frozenset({_R.BENEFICIARY}), _S.WITHDRAWN),
    # The system after a silence: an appeal whose question stays without answer is given up (I3.2).
    (_S.INFO_NEEDED, _C.WITHDRAW): (frozenset({_R.BENEFICIARY, _R.SYSTEM}), _S.WITHDRAWN),
    (_S.WITHDRAWN, _C.CLOSE): (frozenset({_R.SYSTEM}), _S.CONFIRMED),
    **{(state, _C.CANCEL): (frozenset({_R.SYSTEM}), _S.CANCELLED) for state in _BEFORE_PAID},
}


class SlipNotFound(NotFound):
    en = "There is no such slip."
    zh = "没有找到该激励单。"


class NotYourSlip(PermissionDenied):
    en = "Only the beneficiary does this with a slip."
    zh = "只有受益人本人可以执行该操作。"


@dataclass(frozen=True)
class SlipCreated:
    slip_id: str
    beneficiary_id: str
    beneficiary_name: str
    manager_id: str
    unit: str
    amount: Money
    deal_key: str
    contract_number: str
    rule_id: str
    rule_version: int
    words: str
    words_zh: str
    customer_name: str
    signed_at: datetime


@dataclass(frozen=True)
class SlipHeld:
    slip_id: str
    beneficiary_id: str
    manager_id: str
    unit: str
    amount: Money
    deal_key: str
    rule_id: str
    customer_name: str
    reason: str
    reason_zh: str


@dataclass(frozen=True)
class SlipConfirmed:
    slip_id: str
    beneficiary_id: str
    manager_id: str
    unit: str
    amount: Money
    confirmed_at: datetime


@dataclass(frozen=True)
class SlipClawedBack:
    slip_id: str
    original_slip_id: str
    beneficiary_id: str
    manager_id: str
    unit: str
    amount: Money
    reason: str
    reason_zh: str


@dataclass(frozen=True)
class SlipReminded:
    slip_id: str
    beneficiary_id: str
    customer_name: str
    amount: Money
    number: int
    confirmed_from: datetime


def allowed(state: State, role: Role) -> list[str]:
    """What this role may do with a slip in this state."""
    return sorted(command for (at, command), (roles, _) in TABLE.items() if at is state and role in roles)


def step(state: State, command: Command, role: Role) -> State:
    """The state after the command. Raises IllegalCommand naming the allowed ones."""
    return step_as(state, command, {role})


def step_as(state: State, command: Command, roles: Collection[Role]) -> State:
    """As `step`, for somebody who is several things at once."""
    known, after = TABLE.get((state, command), (frozenset(), state))
    if known.isdisjoint(roles):
        possible = sorted({each for role in roles for each in allowed(state, role)})
        raise IllegalCommand(command=command, state=state, allowed=possible)
    return after


def after_taking_back(state: State) -> tuple[State, State]:
    """States of the slip and of its claw-back. Paid money is recovered from later payouts; unpaid closes both."""
    if state is State.PAID:
        return State.PAID, State.PAYABLE
    return step(state, Command.CANCEL, Role.SYSTEM), State.SETTLED
