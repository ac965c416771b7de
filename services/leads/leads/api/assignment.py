"""Who gets a lead, and why."""

from __future__ import annotations

from typing import Any

from chassis.policy import PolicySpec
from chassis.rpc.context import current
from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from closeloop.leads.v1 import assignment_service_pb2 as pb
from closeloop.leads.v1 import assignment_service_pb2_grpc as pb_grpc
from leads.assignment.assign_by_hand import assign_by_hand, probe_employee
from leads.assignment.assigner import Assigner
from leads.assignment.count_waiting import count_waiting
from leads.assignment.explain_assignment import explain_assignment
from leads.assignment.list_rep_loads import list_rep_loads
from leads.assignment.list_waiting import list_waiting
from leads.assignment.policy import AssignmentPolicy
from leads.history.import_closed_leads import import_closed_leads
from leads.mapping import assignment as mapping
from leads.mapping import common
from leads.mapping import leads as leads_mapping
from leads.roster import store as roster
from leads.roster.import_rep_profiles import import_rep_profiles


class AssignmentService(Servicer, pb_grpc.AssignmentServiceServicer):
    def __init__(self, assigner: Assigner, spec: PolicySpec[AssignmentPolicy]) -> None:
        super().__init__(assigner.uow)
        self._assigner = assigner
        self._spec = spec

    def ExplainAssignment(self, request: pb.ExplainAssignmentRequest, context: Any) -> pb.ExplainAssignmentResponse:
        return self.read(
            request,
            lambda tx: mapping.explanation(explain_assignment(tx, request.lead_id, request.why_not, self._spec)),
        )

    def AssignLead(self, request: pb.AssignLeadRequest, context: Any) -> pb.AssignLeadResponse:
        checked = probe_employee(self._assigner, request.employee_id)
        return self.change(
            request,
            lambda tx: pb.AssignLeadResponse(
                lead=leads_mapping.lead(
                    assign_by_hand(
                        tx,
                        self._assigner,
                        request.lead_id,
                        request.employee_id,
                        request.reason,
                        request.etag,
                        checked,
                    ),
                    roster.people(tx, [request.employee_id]),
                )
            ),
        )

    def ListWaiting(self, request: pb.ListWaitingRequest, context: Any) -> pb.ListWaitingResponse:
        def answer(tx: Any) -> pb.ListWaitingResponse:
            found, token = list_waiting(tx, Page.of(request.page))
            return pb.ListWaitingResponse(waiting=map(mapping.waiting, found), page=common.page(token))

        return self.read(request, answer)

    def CountWaiting(self, request: pb.CountWaitingRequest, context: Any) -> pb.CountWaitingResponse:
        _, policy = self._assigner.policy()
        return self.read(request, lambda tx: mapping.waiting_figures(count_waiting(tx, policy)))

    def ListRepLoads(self, request: pb.ListRepLoadsRequest, context: Any) -> pb.ListRepLoadsResponse:
        at = self._assigner.uow.clock.now()
        found, token = list_rep_loads(self._assigner, current().identity, at, Page.of(request.page))

        def answer(tx: Any) -> pb.ListRepLoadsResponse:
            people = roster.people(tx, [each.employee_id for each in found])
            return pb.ListRepLoadsResponse(
                reps=[mapping.rep_load(each, people) for each in found], page=common.page(token)
            )

        return self.read(request, answer)

    def ImportRepProfiles(self, request: pb.ImportRepProfilesRequest, context: Any) -> pb.ImportRepProfilesResponse:
        profiles = [mapping.rep_profile(each) for each in request.profiles]
        return self.change(request, lambda tx: pb.ImportRepProfilesResponse(taken=import_rep_profiles(tx, profiles)))

    def ImportClosedLeads(self, request: pb.ImportClosedLeadsRequest, context: Any) -> pb.ImportClosedLeadsResponse:
        leads = [mapping.closed_lead(each) for each in request.leads]

        def answer(tx: Any) -> pb.ImportClosedLeadsResponse:
            taken = import_closed_leads(tx, leads)
            return pb.ImportClosedLeadsResponse(taken=taken, skipped=len(leads) - taken)

        return self.change(request, answer)
