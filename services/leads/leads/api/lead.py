"""The life of a lead in its owner's hands."""

from __future__ import annotations

from typing import Any

from chassis.policy import Policies
from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1 import lead_service_pb2 as pb
from closeloop.leads.v1 import lead_service_pb2_grpc as pb_grpc
from leads.grading.grade_lead import grade_lead
from leads.lead import store
from leads.lead.list_leads import list_leads
from leads.lead.list_timeline import list_timeline
from leads.lead.rules import Lead
from leads.lifecycle.accept_lead import accept_lead
from leads.lifecycle.convert_lead import Prospect, convert_lead
from leads.lifecycle.disqualify_lead import disqualify_lead
from leads.lifecycle.reopen_lead import reopen_lead
from leads.mapping import common
from leads.mapping import leads as mapping
from leads.roster import store as roster


class LeadService(Servicer, pb_grpc.LeadServiceServicer):
    def __init__(self, uow: UnitOfWork, policies: Policies) -> None:
        super().__init__(uow)
        self._policies = policies

    def GetLead(self, request: pb.GetLeadRequest, context: Any) -> pb.GetLeadResponse:
        return self.read(request, lambda tx: pb.GetLeadResponse(lead=_encode(tx, store.load(tx, request.lead_id))))

    def ListLeads(self, request: pb.ListLeadsRequest, context: Any) -> pb.ListLeadsResponse:
        def answer(tx: Transaction) -> pb.ListLeadsResponse:
            found, token = list_leads(tx, mapping.wish(request), Page.of(request.page))
            people = roster.people(tx, {each.owner_id for each in found})
            return pb.ListLeadsResponse(leads=[mapping.lead(each, people) for each in found], page=common.page(token))

        return self.read(request, answer)

    def ListTimeline(self, request: pb.ListTimelineRequest, context: Any) -> pb.ListTimelineResponse:
        def answer(tx: Transaction) -> pb.ListTimelineResponse:
            rows, token = list_timeline(tx, request.lead_id, Page.of(request.page))
            return pb.ListTimelineResponse(entries=map(mapping.timeline_entry, rows), page=common.page(token))

        return self.read(request, answer)

    def AcceptLead(self, request: pb.AcceptLeadRequest, context: Any) -> pb.AcceptLeadResponse:
        return self.change(
            request,
            lambda tx: pb.AcceptLeadResponse(lead=_encode(tx, accept_lead(tx, request.lead_id, request.etag))),
        )

    def ConvertLead(self, request: pb.ConvertLeadRequest, context: Any) -> pb.ConvertLeadResponse:
        prospect = Prospect(
            request.opportunity_name,
            common.money(request.expected_amount),
            request.expected_close,
            request.contract_number,
        )
        return self.change(
            request,
            lambda tx: pb.ConvertLeadResponse(
                lead=_encode(tx, convert_lead(tx, request.lead_id, prospect, request.etag))
            ),
        )

    def DisqualifyLead(self, request: pb.DisqualifyLeadRequest, context: Any) -> pb.DisqualifyLeadResponse:
        return self.change(
            request,
            lambda tx: pb.DisqualifyLeadResponse(
                lead=_encode(tx, disqualify_lead(tx, request.lead_id, request.reason, request.etag))
            ),
        )

    def ReopenLead(self, request: pb.ReopenLeadRequest, context: Any) -> pb.ReopenLeadResponse:
        return self.change(
            request,
            lambda tx: pb.ReopenLeadResponse(
                lead=_encode(tx, reopen_lead(tx, request.lead_id, request.reason, request.etag))
            ),
        )

    def GradeLead(self, request: pb.GradeLeadRequest, context: Any) -> pb.GradeLeadResponse:
        known, policy = mapping.qualification(request.qualification), self._policies.current("grading")[1]
        return self.change(
            request,
            lambda tx: pb.GradeLeadResponse(
                lead=_encode(
                    tx,
                    grade_lead(
                        tx, request.lead_id, common.grade(request.grade), known, request.reason, policy, request.etag
                    ),
                )
            ),
        )


def _encode(tx: Transaction, lead: Lead) -> lead_pb2.Lead:
    return mapping.lead(lead, roster.people(tx, [lead.owner_id]))
