"""One table says who may do what with a slip, and when (I3.1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import IllegalCommand
from incentives.slips.rules import TABLE, Command, Role, State, after_taking_back, allowed, step

ENDS = {State.CANCELLED, State.SETTLED}


@pytest.mark.spec("I3.1")
@given(st.sampled_from(State), st.sampled_from(Command), st.sampled_from(Role))
def test_a_step_outside_the_table_is_refused_with_the_allowed_ones(state: State, command: Command, role: Role) -> None:
    roles, after = TABLE.get((state, command), (frozenset(), None))
    if role in roles:
        assert step(state, command, role) is after
        assert command in allowed(state, role)
        return
    with pytest.raises(IllegalCommand) as refused:
        step(state, command, role)
    assert list(refused.value.allowed) == allowed(state, role)


@pytest.mark.spec("I3.1")
def test_the_way_to_the_money_and_back_from_the_bank() -> None:
    state = State.PENDING
    way = [
        (Command.CONFIRM, Role.BENEFICIARY), (Command.MAKE_PAYABLE, Role.SYSTEM), (Command.PUT_IN_BATCH, Role.FINANCE),
        (Command.RETURN, Role.SYSTEM), (Command.PUT_IN_BATCH, Role.FINANCE), (Command.PAY, Role.SYSTEM),
    ]  # fmt: skip
    for command, role in way:
        state = step(state, command, role)
    assert state is State.PAID


@pytest.mark.spec("I3.1")
def test_an_appeal_is_rejected_reopened_once_and_then_only_accepted() -> None:
    state = State.PENDING
    for command, role in [
        (Command.APPEAL, Role.BENEFICIARY), (Command.ASSIGN, Role.SYSTEM), (Command.ASK_INFO, Role.DECIDER),
        (Command.GIVE_INFO, Role.BENEFICIARY), (Command.REJECT, Role.DECIDER), (Command.REOPEN, Role.BENEFICIARY),
        (Command.REJECT, Role.DECIDER),
    ]:  # fmt: skip
        state = step(state, command, role)
    assert allowed(state, Role.BENEFICIARY) == ["accept"]


@pytest.mark.spec("I3.1")
@pytest.mark.parametrize("state", State)
def test_cancelled_from_any_state_before_paid(state: State) -> None:
    can = Command.CANCEL in allowed(state, Role.SYSTEM)
    assert can == (state not in ENDS and state is not State.PAID)
    if can:
        assert after_taking_back(state) == (State.CANCELLED, State.SETTLED)


@pytest.mark.spec("I3.1", "I2.5")
def test_paid_money_is_taken_back_by_a_slip_that_is_payable() -> None:
    assert after_taking_back(State.PAID) == (State.PAID, State.PAYABLE)


@pytest.mark.spec("I3.1")
def test_every_state_can_be_reached_and_left() -> None:
    reached = {after for _, after in TABLE.values()} | {State.PENDING, State.HELD, State.SETTLED}
    left = {state for state, _ in TABLE}
    assert reached == set(State)
    assert set(State) - left == ENDS
