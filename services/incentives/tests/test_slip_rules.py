"""One table says who may do what with a slip, and when (I3.1)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chassis.errors import IllegalCommand
from incentives.slips.rules import TABLE, Command, Role, State, after_taking_back, allowed, step

ENDS = {State.CANCELLED, State.SETTLED}
ONLY = {
    Command.UPHOLD: Role.DECIDER, Command.UPHOLD_PARTLY: Role.DECIDER, Command.REJECT: Role.DECIDER,
    Command.APPEAL: Role.BENEFICIARY,
}  # fmt: skip


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


class SlipLife(RuleBasedStateMachine):
    """Anybody tries anything on one slip; what the spec says of the whole life holds after each try (I3.1)."""

    def __init__(self) -> None:
        super().__init__()
        self.state = State.PENDING
        self.done: list[tuple[State, Command, Role]] = []

    @rule(command=st.sampled_from(Command), role=st.sampled_from(Role))
    def anybody_tries(self, command: Command, role: Role) -> None:
        possible = allowed(self.state, role)
        if command not in possible:
            with pytest.raises(IllegalCommand) as refused:
                step(self.state, command, role)
            assert list(refused.value.allowed) == possible
            return
        self.done.append((self.state, command, role))
        self.state = step(self.state, command, role)

    @rule(data=st.data())
    def somebody_does_what_is_allowed(self, data: st.DataObject) -> None:
        """So that long lives come about, too; cancelling would end them early."""
        ways = [(Command(each), role) for role in Role for each in allowed(self.state, role) if each != Command.CANCEL]
        if ways:
            self.anybody_tries(*data.draw(st.sampled_from(ways)))

    @invariant()
    def reopened_once_per_appeal(self) -> None:
        appeals = sum(command is Command.APPEAL for _, command, _ in self.done)
        assert sum(command is Command.REOPEN for _, command, _ in self.done) <= appeals

    @invariant()
    def only_deciders_decide_and_only_the_beneficiary_appeals(self) -> None:
        for _, command, role in self.done:
            assert role is ONLY.get(command, role)

    @invariant()
    def no_money_moves_while_disputed(self) -> None:
        last = [command for _, command, _ in self.done if command in (Command.APPEAL, Command.CONFIRM, Command.ACCEPT,
                                                                      Command.CLOSE, Command.SHOW_AGAIN)]  # fmt: skip
        disputed = bool(last) and last[-1] is Command.APPEAL
        assert not (disputed and self.state in {State.PAYABLE, State.IN_BATCH, State.PAID})

    @invariant()
    def an_end_is_an_end(self) -> None:
        left = {state for state, _, _ in self.done}
        assert not left & ENDS


SlipLife.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestSlipLife = pytest.mark.spec("I3.1")(SlipLife.TestCase)
