"""What a service raises, its caller catches."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chassis import errors
from chassis.errors import CloseloopError, FailedPrecondition, Internal, InvalidInput, Missing, Violation
from chassis.kernel.money import CurrencyMismatch
from chassis.testing.contracts import Contract
from chassis.testing.identity import as_rep
from chassis.testing.rpc import Rpc

from .conftest import Stage


class GateClosed(FailedPrecondition):
    en = "Stage {stage} needs evidence."
    zh = "进入阶段 {stage} 需要证据。"


KINDS = [
    errors.NotFound(),
    errors.PermissionDenied(),
    errors.Unauthenticated(),
    errors.AlreadyExists(),
    errors.Conflict(),
    errors.ResourceExhausted(retry_after=timedelta(seconds=3)),
    errors.DeadlineExceeded(),
    errors.EtagMismatch(),
]


def caught(stage: Stage, rpc: Rpc, contract: Contract, error: Exception) -> CloseloopError:
    def play() -> None:
        raise error

    stage.notebook.plays["fail"] = play
    stub = contract.grpc.NotebookServiceStub(rpc(stage.servicers, as_=as_rep()))
    with pytest.raises(CloseloopError) as caught:
        stub.ReadNote(contract.pb2.ReadNoteRequest(play="fail"))
    return caught.value


@pytest.mark.spec("P1.5")
@pytest.mark.parametrize("error", KINDS, ids=lambda error: type(error).__name__)
def test_each_kind_arrives_as_itself(stage: Stage, rpc: Rpc, contract: Contract, error: CloseloopError) -> None:
    received = caught(stage, rpc, contract, error)

    assert received.code == error.code
    assert isinstance(error, type(received))
    assert (received.reason, received.text_en, received.text_zh) == (error.reason, error.text_en, error.text_zh)
    assert received.domain == "test"


@pytest.mark.spec("P1.5")
def test_a_condition_keeps_its_facts_its_chinese_words_and_what_is_missing(
    stage: Stage, rpc: Rpc, contract: Contract
) -> None:
    seal = Missing("seal", en="company seal", zh="公司印章")
    received = caught(stage, rpc, contract, GateClosed(stage="L4", missing=[seal], allowed=["recall"]))

    assert isinstance(received, FailedPrecondition)
    assert received.reason == "GATE_CLOSED"
    assert received.text("zh") == "进入阶段 L4 需要证据。"
    assert received.metadata["stage"] == "L4"
    assert received.missing == (seal,)
    assert received.allowed == ("recall",)


@pytest.mark.spec("P1.5")
def test_amounts_that_do_not_go_together_are_the_caller_s_mistake(stage: Stage, rpc: Rpc, contract: Contract) -> None:
    received = caught(stage, rpc, contract, CurrencyMismatch("CNY and USD"))

    assert (received.code, received.reason) == ("INVALID_ARGUMENT", "CURRENCIES_MIXED")


@pytest.mark.spec("P1.5")
def test_violations_arrive_by_field_in_both_languages(stage: Stage, rpc: Rpc, contract: Contract) -> None:
    violation = Violation("phone", "is not a phone number", "不是有效的手机号", "PHONE")
    received = caught(stage, rpc, contract, InvalidInput.of(violation))

    assert isinstance(received, InvalidInput)
    assert received.violations == (violation,)


@pytest.mark.spec("P1.5")
def test_hundreds_of_violations_still_arrive(stage: Stage, rpc: Rpc, contract: Contract) -> None:
    many = [Violation(f"rows[{row}].phone", "is wrong " * 50, "错误" * 100) for row in range(300)]
    received = caught(stage, rpc, contract, InvalidInput.of(*many))

    assert isinstance(received, InvalidInput)
    assert len(received.violations) == 50


@pytest.mark.spec("P1.5")
def test_retry_after_arrives(stage: Stage, rpc: Rpc, contract: Contract) -> None:
    received = caught(stage, rpc, contract, errors.ResourceExhausted(retry_after=timedelta(seconds=3)))

    assert isinstance(received, errors.ResourceExhausted)
    assert received.retry_after == timedelta(seconds=3)


@pytest.mark.spec("P1.5")
def test_what_nobody_expected_tells_an_incident_and_nothing_else(stage: Stage, rpc: Rpc, contract: Contract) -> None:
    received = caught(stage, rpc, contract, ZeroDivisionError("secret of the library"))

    assert isinstance(received, Internal)
    assert "secret" not in received.text_en + received.text_zh
    assert received.metadata["incident"] in received.text("zh")
