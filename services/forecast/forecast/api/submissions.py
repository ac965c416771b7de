"""SubmissionService."""

from __future__ import annotations

import grpc

from chassis.policy import Policies
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.forecast.v1 import submission_service_pb2 as pb
from closeloop.forecast.v1 import submission_service_pb2_grpc as pb_grpc
from forecast.credibility.weigh_person import view_credibility
from forecast.mapping import inward, outward
from forecast.opportunities.find_opportunity import find_opportunity
from forecast.policies import CREDIBILITY
from forecast.rollup.view_rollup import view_rollup
from forecast.submissions import store
from forecast.submissions.submit_forecast import submit_forecast

Context = grpc.ServicerContext


class SubmissionService(Servicer, pb_grpc.SubmissionServiceServicer):
    def __init__(self, uow: UnitOfWork, policies: Policies) -> None:
        super().__init__(uow)
        self._policies = policies

    def SubmitForecast(self, request: pb.SubmitForecastRequest, context: Context) -> pb.SubmitForecastResponse:
        version, policy = self._policies.current(CREDIBILITY)
        claim = inward.claim(request)

        def decide(tx: Transaction) -> pb.SubmitForecastResponse:
            made = submit_forecast(tx, request.opportunity_id, claim, version, policy)
            return pb.SubmitForecastResponse(submission=outward.submission(made))

        return self.change(request, decide)

    def ListSubmissions(self, request: pb.ListSubmissionsRequest, context: Context) -> pb.ListSubmissionsResponse:
        def query(tx: Transaction) -> pb.ListSubmissionsResponse:
            find_opportunity(tx, request.opportunity_id)
            found = store.list_submissions(tx, request.opportunity_id)
            return pb.ListSubmissionsResponse(submissions=[outward.submission(each) for each in found])

        return self.read(request, query)

    def GetCredibility(self, request: pb.GetCredibilityRequest, context: Context) -> pb.GetCredibilityResponse:
        _, policy = self._policies.current(CREDIBILITY)
        return self.read(request, lambda tx: outward.credibility(view_credibility(tx, request.employee_id, policy)))

    def GetRollUp(self, request: pb.GetRollUpRequest, context: Context) -> pb.GetRollUpResponse:
        def query(tx: Transaction) -> pb.GetRollUpResponse:
            lines, rests_on = view_rollup(tx, request.month)
            return pb.GetRollUpResponse(
                lines=[outward.line(each) for each in lines], provenance=outward.provenance(rests_on)
            )

        return self.read(request, query)
