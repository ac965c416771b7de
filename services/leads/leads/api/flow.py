"""The heat map of lead flow and the funnel, with their rows and sheets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from chassis.files import FileStore
from chassis.policy import Policies
from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.sheets import Form
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.leads.v1 import flow_service_pb2 as pb
from closeloop.leads.v1 import flow_service_pb2_grpc as pb_grpc
from leads.flow.export_flow import export_flow, export_funnels
from leads.flow.flow_rules import Cell
from leads.flow.funnel_rules import Funnel, Step
from leads.flow.period_rules import period
from leads.flow.view_flow import list_flow_leads, list_funnel_leads, view_flow, view_funnels
from leads.mapping import common as mapping
from leads.roster import store as roster
from leads.roster.store import Person

_STEPS = {step: pb.FunnelStep.Value(f"FUNNEL_STEP_{step.name}") for step in Step}
_STEP_OF = {number: step for step, number in _STEPS.items()}


class FlowService(Servicer, pb_grpc.FlowServiceServicer):
    def __init__(self, uow: UnitOfWork, policies: Policies, files: FileStore) -> None:
        super().__init__(uow)
        self._policies = policies
        self._files = files

    def GetLeadFlow(self, request: pb.GetLeadFlowRequest, context: Any) -> pb.GetLeadFlowResponse:
        def answer(tx: Transaction) -> pb.GetLeadFlowResponse:
            found = self._cells(tx, request)
            people = roster.people(tx, {each.employee_id for each in found})
            return pb.GetLeadFlowResponse(cells=[_cell(each, people.get(each.employee_id)) for each in found])

        return self.read(request, answer)

    def ListFlowLeads(self, request: pb.ListFlowLeadsRequest, context: Any) -> pb.ListFlowLeadsResponse:
        def answer(tx: Transaction) -> pb.ListFlowLeadsResponse:
            rows, token = list_flow_leads(
                tx, request.employee_id, period(request.month, 1), request.what, Page.of(request.page)
            )
            return pb.ListFlowLeadsResponse(leads=map(_taken, rows), page=mapping.page(token))

        return self.read(request, answer)

    def GetLeadFunnel(self, request: pb.GetLeadFunnelRequest, context: Any) -> pb.GetLeadFunnelResponse:
        return self.read(request, lambda tx: pb.GetLeadFunnelResponse(funnels=map(_funnel, _funnels(tx, request))))

    def ListFunnelLeads(self, request: pb.ListFunnelLeadsRequest, context: Any) -> pb.ListFunnelLeadsResponse:
        def answer(tx: Transaction) -> pb.ListFunnelLeadsResponse:
            rows, token = list_funnel_leads(
                tx,
                period(request.first_month, request.months),
                Funnel(request.old_customers, request.channel, request.grade),
                _STEP_OF[request.step],
                Page.of(request.page),
                wechat_only=request.wechat_only,
            )
            return pb.ListFunnelLeadsResponse(leads=map(_captured, rows), page=mapping.page(token))

        return self.read(request, answer)

    def ExportLeadFlow(self, request: pb.ExportLeadFlowRequest, context: Any) -> pb.ExportLeadFlowResponse:
        form: Form = "xlsx" if request.form == "xlsx" else "csv"
        name = f"lead-{request.what}-{request.first_month}"

        def answer(tx: Transaction) -> pb.ExportLeadFlowResponse:
            if request.what == "funnel":
                funnels = _funnels(tx, request)
                kept = export_funnels(self._files, funnels, form, name)
                return pb.ExportLeadFlowResponse(file_id=kept.id, rows=len(funnels) * len(Step))
            found = self._cells(tx, request)
            people = roster.people(tx, {each.employee_id for each in found})
            return pb.ExportLeadFlowResponse(
                file_id=export_flow(self._files, found, people, form, name).id, rows=len(found)
            )

        return self.change(request, answer)

    def _cells(self, tx: Transaction, request: pb.GetLeadFlowRequest | pb.ExportLeadFlowRequest) -> list[Cell]:
        policy = self._policies.current("response")[1]
        return view_flow(tx, period(request.first_month, request.months), policy)


def _funnels(tx: Transaction, request: pb.GetLeadFunnelRequest | pb.ExportLeadFlowRequest) -> list[Funnel]:
    return view_funnels(tx, period(request.first_month, request.months), wechat_only=request.wechat_only)


def _cell(cell: Cell, person: Person | None) -> pb.FlowCell:
    return pb.FlowCell(
        employee_id=cell.employee_id,
        name=person.name if person else "",
        unit=person.unit if person else "",
        month=cell.month,
        taken=cell.taken,
        answered=cell.answered,
        mean_minutes=_minutes(cell.mean),
        p90_minutes=_minutes(cell.p90),
        reassigned=cell.reassigned,
        reassignment_rate=cell.reassignment_rate,
    )


def _minutes(wait: timedelta | None) -> float | None:
    return None if wait is None else wait.total_seconds() / 60


def _funnel(each: Funnel) -> pb.LeadFunnel:
    stages = [
        pb.FunnelStage(
            step=_step(step), leads=stage.leads, loss=each.loss(step), ended=stage.ended, waiting=stage.waiting
        )
        for step, stage in each.stages.items()
    ]
    return pb.LeadFunnel(old_customers=each.old_customers, channel=each.channel, grade=each.grade, stages=stages)


def _step(step: int) -> pb.FunnelStep.ValueType:
    return _STEPS[Step(step)]


def _taken(row: Row[Any]) -> pb.FlowLead:
    return pb.FlowLead(
        lead_id=row.lead_id,
        company_name=row.company_name,
        state=mapping.state(row.state),
        grade=row.grade,
        assigned_at=mapping.instant(row.assigned_at),
        answered_at=mapping.instant(row.answered_at),
        ended_at=mapping.instant(row.ended_at),
        end_kind=row.end_kind,
    )


def _captured(row: Row[Any]) -> pb.FlowLead:
    return pb.FlowLead(
        lead_id=row.lead_id,
        company_name=row.company_name,
        state=mapping.state(row.state),
        grade=row.grade,
        channel=row.channel,
        captured_at=mapping.instant(row.captured_at),
        assigned_at=mapping.instant(row.assigned_at),
        reached=_step(row.reached),
    )
