"""Recall, concentration pauses, refresh of accounts."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from sqlalchemy import Row

from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction
from closeloop.leads.v1 import guard_service_pb2 as pb
from closeloop.leads.v1 import guard_service_pb2_grpc as pb_grpc
from leads.assignment.assigner import Assigner
from leads.assignment.clear_pause import clear_pause
from leads.assignment.list_pauses import list_pauses
from leads.assignment.probe_rules import Verdict
from leads.mapping import common as mapping
from leads.recall.read_recall import read_recall
from leads.recall.recall_leads import recall_leads
from leads.recall.refresh_accounts import Changed, Refreshed, ask_about_all, refresh_accounts


class GuardService(Servicer, pb_grpc.GuardServiceServicer):
    def __init__(self, assigner: Assigner) -> None:
        super().__init__(assigner.uow)
        self._assigner = assigner

    def RecallLeads(self, request: pb.RecallLeadsRequest, context: Any) -> pb.RecallLeadsResponse:
        def answer(tx: Transaction) -> pb.RecallLeadsResponse:
            since = request.since.ToDatetime(UTC)
            found, released = recall_leads(tx, request.employee_id, since, request.reason)
            return pb.RecallLeadsResponse(recall=_recall(found), released=released)

        return self.change(request, answer)

    def GetRecall(self, request: pb.GetRecallRequest, context: Any) -> pb.GetRecallResponse:
        def answer(tx: Transaction) -> pb.GetRecallResponse:
            found, rows, token = read_recall(tx, request.recall_id, Page.of(request.page))
            return pb.GetRecallResponse(recall=_recall(found), leads=map(_recalled, rows), page=mapping.page(token))

        return self.read(request, answer)

    def ListPauses(self, request: pb.ListPausesRequest, context: Any) -> pb.ListPausesResponse:
        def answer(tx: Transaction) -> pb.ListPausesResponse:
            rows, token = list_pauses(tx, Page.of(request.page), open_only=request.open_only)
            return pb.ListPausesResponse(pauses=map(_pause, rows), page=mapping.page(token))

        return self.read(request, answer)

    def ClearPause(self, request: pb.ClearPauseRequest, context: Any) -> pb.ClearPauseResponse:
        return self.change(
            request,
            lambda tx: pb.ClearPauseResponse(pause=_pause(clear_pause(tx, request.pause_id, request.reason))),
        )

    def RefreshAccounts(self, request: pb.RefreshAccountsRequest, context: Any) -> pb.RefreshAccountsResponse:
        asked = ask_about_all(self._assigner)
        return self.change(request, lambda tx: _refreshed(refresh_accounts(tx, self._assigner, asked)))


def _recall(row: Row[Any]) -> pb.Recall:
    return pb.Recall(
        recall_id=row.recall_id,
        employee_id=row.employee_id,
        employee_name=row.name or "",
        unit=row.unit or "",
        since=mapping.instant(row.since),
        automatic=row.automatic,
        reason=row.reason,
        reason_zh=row.reason_zh,
        started_by=row.started_by,
        started_at=mapping.instant(row.started_at),
        leads=row.leads,
        reassigned=row.reassigned,
    )


def _recalled(row: Row[Any]) -> pb.RecalledLead:
    return pb.RecalledLead(
        lead_id=row.lead_id,
        company_name=row.company_name,
        assigned_at=mapping.instant(row.assigned_at),
        recalled_at=mapping.instant(row.recalled_at),
        state=mapping.state(row.state),
        owner_id=row.owner_id,
        owner_name=row.owner_name,
    )


def _pause(row: Row[Any]) -> pb.Pause:
    return pb.Pause(
        pause_id=row.pause_id,
        employee_id=row.employee_id,
        employee_name=row.name,
        team=row.team,
        paused_at=mapping.instant(row.paused_at),
        to_rep=row.to_rep,
        to_team=row.to_team,
        share=row.share,
        limit=row.most,
        window_minutes=row.window_minutes,
        cleared_at=mapping.instant(row.cleared_at),
        cleared_by=row.cleared_by,
        clear_reason=row.clear_reason,
    )


def _refreshed(done: Refreshed) -> pb.RefreshAccountsResponse:
    return pb.RefreshAccountsResponse(
        checked=done.verdicts.total(),
        verified=done.verdicts[Verdict.VERIFIED],
        on_leave=done.verdicts[Verdict.ON_LEAVE],
        inactive=done.verdicts[Verdict.INACTIVE],
        unverified=done.verdicts[Verdict.UNVERIFIED],
        changed=map(_change, done.changed),
    )


def _change(each: Changed) -> pb.AccountChange:
    return pb.AccountChange(
        employee_id=each.employee_id,
        employee_name=each.name,
        before=each.before,
        after=each.after,
        as_of=mapping.instant(each.as_of),
    )
