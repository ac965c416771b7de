"""The doors of appeals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import grpc
from google.protobuf.message import Message

from chassis.errors import InvalidInput, NotFound, Violation
from chassis.files import FileStore
from chassis.policy import Policies, PolicySpec
from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.common.v1.page_pb2 import PageInfo
from closeloop.incentives.v1 import appeal_service_pb2 as pb
from closeloop.incentives.v1 import appeal_service_pb2_grpc as appeal_grpc
from incentives import mapping
from incentives.api import encode_appeals
from incentives.appeals import store
from incentives.appeals.assign_appeal import assign_appeal
from incentives.appeals.case import Case, case_of
from incentives.appeals.clear_up import ask_info, give_info
from incentives.appeals.decide_appeal import adjust_slip, decide_appeal
from incentives.appeals.end_appeal import accept_rejection, withdraw_appeal
from incentives.appeals.open_appeal import open_appeal, reopen_appeal
from incentives.appeals.policy import AppealPolicy
from incentives.rule_library.policy import BonusPolicy
from incentives.slips.confirm_slip import find_slip

Context = grpc.ServicerContext
Do = Callable[[Transaction], Case]
R = TypeVar("R", bound=Message)


class ScreenshotMissing(InvalidInput):
    en = "An appeal needs a screenshot of the contract's key page."
    zh = "申诉须附合同关键页截图。"


class AppealService(Servicer, appeal_grpc.AppealServiceServicer):
    def __init__(
        self,
        uow: UnitOfWork,
        files: FileStore,
        policies: Policies,
        appeals: PolicySpec[AppealPolicy],
        bonuses: PolicySpec[BonusPolicy],
    ) -> None:
        super().__init__(uow)
        self._files = files
        self._policies = policies
        self._specs = appeals, bonuses

    def _appeals(self) -> AppealPolicy:
        return self._policies.current(self._specs[0])[1]

    def _bonuses(self) -> BonusPolicy:
        return self._policies.current(self._specs[1])[1]

    def _answer(self, request: Message, response: Callable[..., R], do: Do) -> R:
        def decide(tx: Transaction) -> R:
            case = do(tx)
            return response(slip=mapping.slip(case.slip), appeal=encode_appeals.whole(tx, case))

        return self.change(request, decide)

    def ListAppeals(self, request: pb.ListAppealsRequest, context: Context) -> pb.ListAppealsResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> pb.ListAppealsResponse:
            found = store.list_appeals(tx, page, open_only=request.open, decider_id=request.decider_id)
            rows, token = page.cut(found, lambda row: {"id": row.appeal_id})
            return pb.ListAppealsResponse(
                appeals=[encode_appeals.appeal(row, row) for row in rows], page=PageInfo(next_token=token)
            )

        return self.read(request, query)

    def GetAppeal(self, request: pb.GetAppealRequest, context: Context) -> pb.GetAppealResponse:
        def query(tx: Transaction) -> pb.GetAppealResponse:
            case = case_of(tx, find_slip(tx, request.slip_id))
            return pb.GetAppealResponse(appeal=encode_appeals.whole(tx, case))

        return self.read(request, query)

    def AppealSlip(self, request: pb.AppealSlipRequest, context: Context) -> pb.AppealSlipResponse:
        require_screenshot(self._files, request.file_id)
        claimed = _fen(request, "claimed")

        def do(tx: Transaction) -> Case:
            return open_appeal(
                tx, request.slip_id, request.etag, file_id=request.file_id, reason=request.reason, claimed=claimed,
                policy=self._appeals(),
            )  # fmt: skip

        return self._answer(request, pb.AppealSlipResponse, do)

    def WithdrawAppeal(self, request: pb.WithdrawAppealRequest, context: Context) -> pb.WithdrawAppealResponse:
        do: Do = lambda tx: withdraw_appeal(tx, request.slip_id, request.etag)  # noqa: E731
        return self._answer(request, pb.WithdrawAppealResponse, do)

    def AssignAppeal(self, request: pb.AssignAppealRequest, context: Context) -> pb.AssignAppealResponse:
        do: Do = lambda tx: assign_appeal(  # noqa: E731
            tx, request.slip_id, request.etag, request.decider_id, request.reason
        )
        return self._answer(request, pb.AssignAppealResponse, do)

    def AskAppealInfo(self, request: pb.AskAppealInfoRequest, context: Context) -> pb.AskAppealInfoResponse:
        do: Do = lambda tx: ask_info(  # noqa: E731
            tx, request.slip_id, request.etag, request.question, self._appeals(), self._bonuses()
        )
        return self._answer(request, pb.AskAppealInfoResponse, do)

    def GiveAppealInfo(self, request: pb.GiveAppealInfoRequest, context: Context) -> pb.GiveAppealInfoResponse:
        if request.file_id:
            require_screenshot(self._files, request.file_id)
        do: Do = lambda tx: give_info(  # noqa: E731
            tx, request.slip_id, request.etag, request.answer, request.file_id, self._appeals()
        )
        return self._answer(request, pb.GiveAppealInfoResponse, do)

    def DecideAppeal(self, request: pb.DecideAppealRequest, context: Context) -> pb.DecideAppealResponse:
        command, said = encode_appeals.DECISIONS[request.decision], _fen(request, "awarded")
        do: Do = lambda tx: decide_appeal(  # noqa: E731
            tx, request.slip_id, request.etag, command, said, request.reason, self._bonuses()
        )
        return self._answer(request, pb.DecideAppealResponse, do)

    def ReopenAppeal(self, request: pb.ReopenAppealRequest, context: Context) -> pb.ReopenAppealResponse:
        do: Do = lambda tx: reopen_appeal(  # noqa: E731
            tx, request.slip_id, request.etag, request.reason, self._appeals()
        )
        return self._answer(request, pb.ReopenAppealResponse, do)

    def AcceptRejection(self, request: pb.AcceptRejectionRequest, context: Context) -> pb.AcceptRejectionResponse:
        do: Do = lambda tx: accept_rejection(tx, request.slip_id, request.etag)  # noqa: E731
        return self._answer(request, pb.AcceptRejectionResponse, do)

    def AdjustSlip(self, request: pb.AdjustSlipRequest, context: Context) -> pb.AdjustSlipResponse:
        do: Do = lambda tx: adjust_slip(tx, request.slip_id, request.etag, self._bonuses())  # noqa: E731
        return self._answer(request, pb.AdjustSlipResponse, do)


def require_screenshot(files: FileStore, file_id: str) -> None:
    """Raises ScreenshotMissing for what is not there, or neither image nor PDF."""
    try:
        kind = files.describe(file_id).media_type
    except (InvalidInput, NotFound):
        kind = ""
    if not (kind.startswith("image/") and "svg" not in kind) and kind != "application/pdf":
        en, zh = "upload an image or PDF of the key page first", "请先上传关键页的图片或 PDF"
        raise ScreenshotMissing.of(Violation("file_id", en, zh, "REQUIRED"))


def _fen(request: Any, field: str) -> int | None:
    """Raises InvalidInput for another currency or an amount that is none."""
    if not request.HasField(field):
        return None
    said = getattr(request, field)
    if said.fen <= 0 or said.currency not in ("", "CNY"):
        raise InvalidInput.of(Violation(field, "is an amount above zero in CNY", "须为大于零的人民币金额"))
    return int(said.fen)
