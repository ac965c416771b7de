from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import IllegalCommand
from chassis.kernel.money import Money
from forecast.evidence.rules import EvidenceState, Piece, level_of
from forecast.gates.rules import Facts, Quoted, SurveyInvalid, check_budget, missing_for, needs_approval
from forecast.opportunities.rules import OPEN, STEPS, Stage, check_step, next_stage
from forecast.policy import ITEMS, GatePolicy

POLICY = GatePolicy()
NOTHING = Facts(amount=Money.of("80000"), collected=Money(0))


@pytest.mark.spec("F1.1")
def test_each_gate_names_what_is_missing() -> None:
    assert missing_for("need_confirmed", NOTHING, POLICY) == ["need_survey.budget_range", "need_survey.decision_chain"]
    assert missing_for("demo", NOTHING, POLICY) == ["demo_record"]
    assert missing_for("negotiation", NOTHING, POLICY) == ["quote"]
    assert missing_for("won", NOTHING, POLICY) == ["evidence_l5"]
    assert missing_for("collected", NOTHING, POLICY) == ["acceptance_document", "receipts"]


@pytest.mark.spec("F1.1")
def test_a_quote_above_50000_needs_an_approval_at_50000_none() -> None:
    assert not needs_approval(Money.of("50000"), POLICY)
    assert needs_approval(Money.of("50000.01"), POLICY)
    quoted = replace(NOTHING, quote=Quoted(Money.of("50000.01"), approved=False))
    assert missing_for("negotiation", quoted, POLICY) == ["quote_approval"]
    approved = replace(NOTHING, quote=Quoted(Money.of("50000.01"), approved=True))
    assert missing_for("negotiation", approved, POLICY) == []


@pytest.mark.spec("F1.1")
def test_collected_asks_for_the_whole_amount() -> None:
    short = replace(NOTHING, accepted=True, collected=Money.of("79999.99"))
    assert missing_for("collected", short, POLICY) == ["receipts"]
    assert missing_for("collected", replace(short, collected=Money.of("80000")), POLICY) == []


@pytest.mark.spec("F1.1")
@given(st.sampled_from(list(Stage)), st.sampled_from(list(Stage)))
def test_a_step_is_taken_one_at_a_time_and_a_refusal_names_the_others(before: Stage, after: Stage) -> None:
    if after in STEPS[before]:
        check_step(before, after)
        return
    with pytest.raises(IllegalCommand) as refused:
        check_step(before, after)
    assert len(refused.value.allowed) == len(STEPS[before])


@pytest.mark.spec("F1.1")
def test_every_open_stage_leads_up_or_out() -> None:
    climbed = [Stage.CONTACT]
    while (following := next_stage(climbed[-1])) is not None:
        climbed.append(following)
    assert climbed == [*OPEN, Stage.WON, Stage.COLLECTED]
    assert all(Stage.LOST in STEPS[stage] for stage in OPEN)


@pytest.mark.spec("F1.1")
def test_every_item_of_the_shipped_gates_has_words() -> None:
    gates = [POLICY.need_confirmed, POLICY.demo, POLICY.negotiation, POLICY.won, POLICY.collected]
    assert {item for gate in gates for item in gate} == set(ITEMS)


@pytest.mark.parametrize(("low", "high"), [(None, 1), (1, None), (2, 1), (-2, -1)])
def test_a_budget_range_has_two_ends_in_order(low: int | None, high: int | None) -> None:
    with pytest.raises(SurveyInvalid):
        check_budget(None if low is None else Money(low), None if high is None else Money(high))


pieces = st.lists(st.builds(Piece, st.integers(1, 5), st.sampled_from(list(EvidenceState))))


@pytest.mark.spec("F2.1")
@given(pieces)
def test_the_level_is_the_highest_that_stands(found: list[Piece]) -> None:
    standing = [each.level for each in found if each.state is not EvidenceState.WITHDRAWN]
    assert level_of(found) == (max(standing) if standing else 0)
    assert level_of([*found, Piece(5, EvidenceState.WITHDRAWN)]) == level_of(found)
