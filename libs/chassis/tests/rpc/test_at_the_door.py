"""Who gets in, and with which input."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from chassis.config import ConfigError
from chassis.errors import CloseloopError, InvalidInput, PermissionDenied, Unauthenticated
from chassis.identity import Identity
from chassis.rpc.context import IDENTITY_HEADER
from chassis.testing.contracts import Contract
from chassis.testing.identity import Keys, as_hq, as_manager, as_partner, as_rep, as_service
from chassis.testing.rpc import Rpc, channel_to, rpc_server

from .conftest import Stage


def write(contract: Contract, **fields: Any) -> Any:
    return contract.pb2.WriteNoteRequest(**{"request_id": "r1", "title": "visit"} | fields)


def refusal(stub: Any, request: Any) -> CloseloopError:
    with pytest.raises(CloseloopError) as caught:
        stub.WriteNote(request)
    return caught.value


@pytest.mark.spec("P1.4")
def test_a_call_without_identity_is_refused(stage: Stage, rpc: Rpc, contract: Contract) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{rpc.server(stage.servicers).port}") as bare:
        stub = contract.grpc.NotebookServiceStub(bare)
        for metadata in ((), ((IDENTITY_HEADER, ""),), ((IDENTITY_HEADER, "forged"),)):
            with pytest.raises(grpc.RpcError) as caught:
                stub.ReadNote(contract.pb2.ReadNoteRequest(), metadata=metadata)
            assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.spec("P1.4")
def test_a_stranger_with_a_key_of_his_own_is_refused(stage: Stage, rpc: Rpc, contract: Contract, tmp_path: Any) -> None:
    stranger = Keys(tmp_path).of("gateway")
    with grpc.insecure_channel(f"127.0.0.1:{rpc.server(stage.servicers).port}") as bare:
        stub = contract.grpc.NotebookServiceStub(bare)
        with pytest.raises(grpc.RpcError) as caught:
            stub.ReadNote(contract.pb2.ReadNoteRequest(), metadata=((IDENTITY_HEADER, stranger.sign(as_hq())),))
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.spec("P1.4")
def test_unauthenticated_is_told_in_chinese(stage: Stage, rpc: Rpc, contract: Contract, tmp_path: Any) -> None:
    server = rpc.server(stage.servicers)
    with channel_to(server, Keys(tmp_path), as_rep()) as channel, pytest.raises(Unauthenticated) as caught:
        contract.grpc.NotebookServiceStub(channel).ReadNote(contract.pb2.ReadNoteRequest())
    assert caught.value.reason == "IDENTITY_NOT_TRUSTED"
    assert caught.value.text("zh") == "请求的身份信息不可信。"


@pytest.mark.spec("P1.4")
@pytest.mark.parametrize("who", [as_hq(), as_service("leads"), as_partner("P1", "partner")], ids=lambda who: who.kind)
def test_the_wrong_duty_is_refused_and_the_right_one_is_named(
    stage: Stage, rpc: Rpc, contract: Contract, who: Identity
) -> None:
    error = refusal(contract.grpc.NotebookServiceStub(rpc(stage.servicers, as_=who)), write(contract))

    assert isinstance(error, PermissionDenied)
    assert error.text("zh") == "此操作需要以下职责之一：manager、rep。"


@pytest.mark.spec("P1.4")
def test_one_of_the_duties_is_enough(stage: Stage, rpc: Rpc, contract: Contract) -> None:
    stub = contract.grpc.NotebookServiceStub(rpc(stage.servicers, as_=as_manager()))

    assert stub.WriteNote(write(contract)).count == 1


@pytest.mark.spec("P1.4")
def test_an_rpc_for_everybody_is_open_to_people_and_services_but_not_to_partners(
    stage: Stage, rpc: Rpc, contract: Contract
) -> None:
    request = contract.pb2.ReadNoteRequest()
    for who in (as_rep(), as_service("leads")):
        contract.grpc.NotebookServiceStub(rpc(stage.servicers, as_=who)).ReadNote(request)
    with pytest.raises(PermissionDenied):
        contract.grpc.NotebookServiceStub(rpc(stage.servicers, as_=as_partner())).ReadNote(request)


@pytest.mark.spec("P1.4")
def test_an_internal_rpc_admits_services_alone(stage: Stage, rpc: Rpc, contract: Contract) -> None:
    request = contract.pb2.CountNotesRequest()

    assert (
        contract.grpc.NotebookServiceStub(rpc(stage.servicers, as_=as_service("leads"))).CountNotes(request).count == 0
    )
    for who in (as_hq(), as_partner("P1", "service")):
        with pytest.raises(PermissionDenied):
            contract.grpc.NotebookServiceStub(rpc(stage.servicers, as_=who)).CountNotes(request)


@pytest.mark.spec("P1.4")
def test_a_contract_without_access_option_does_not_start(contract: Contract, keys: Keys) -> None:
    open_service = [(contract.grpc.add_OpenServiceServicer_to_server, contract.grpc.OpenServiceServicer())]

    with pytest.raises(ConfigError, match="ReadAnything declares no access"), rpc_server(open_service, keys):
        pass


@pytest.mark.spec("P1.5")
def test_all_violations_come_back_at_once_in_words_for_people(stage: Stage, rpc: Rpc, contract: Contract) -> None:
    wrong = write(
        contract, request_id="x" * 101, title="", lines=[{"text": "1234567890"}, {"text": "12345678901"}],
        pages=201, mood=7, day="10.3.", share=float("nan"), since=3, until=1,
    )  # fmt: skip
    error = refusal(contract.grpc.NotebookServiceStub(rpc(stage.servicers, as_=as_rep())), wrong)

    assert isinstance(error, InvalidInput)
    words = {each.field + " " + each.reason.rpartition("_")[2]: (each.en, each.zh) for each in error.violations}
    assert words == {
        " RANGE": ("the note must end after it starts", "结束不能早于开始"),
        "request_id LEN": ("must have at most 100 characters", "最多 100 个字符"),
        "title LEN": ("must have at least 1 characters", "至少需要 1 个字符"),
        "lines[1].text LEN": ("must have at most 10 characters", "最多 10 个字符"),
        "pages LTE": ("must be at least 0 and must be at most 200", "不能小于 0且不能大于 200"),
        "mood ONLY": ("is not a known choice", "不是可选值"),
        "day PATTERN": ("has the wrong format", "格式不正确"),
        "share LT": ("must be at least 0 and must be less than 1", "不能小于 0且必须小于 1"),
        "share FINITE": ("must be a finite number", "必须是有限数值"),
    }


@pytest.mark.spec("P1.5")
@pytest.mark.parametrize(
    "cut", [b"\x0a\x05ab", b"\x0a\x02\xff\xfe", b"\xff\xff"], ids=["cut off", "not UTF-8", "noise"]
)
def test_a_request_that_cannot_be_read_is_refused_without_a_librarys_words(
    stage: Stage, rpc: Rpc, contract: Contract, keys: Keys, cut: bytes
) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{rpc.server(stage.servicers).port}") as bare:
        send = bare.unary_unary("/closeloop.test.v1.NotebookService/ReadNote")
        with pytest.raises(grpc.RpcError) as caught:
            send(cut, metadata=((IDENTITY_HEADER, keys.of("gateway").sign(as_rep())),))

    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert caught.value.details() == "The request can't be read: it is cut off or not valid UTF-8."
