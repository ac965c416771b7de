"""OpportunityService."""

from __future__ import annotations

from typing import Any

import grpc
from sqlalchemy import Row

from chassis.files import FileStore
from chassis.policy import Policies
from chassis.rpc.context import current
from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.common.v1.page_pb2 import PageInfo
from closeloop.forecast.v1 import opportunity_service_pb2 as pb
from closeloop.forecast.v1 import opportunity_service_pb2_grpc as pb_grpc
from forecast.api.files import require_file
from forecast.credibility.import_deals import import_deals
from forecast.gates import store as gates
from forecast.gates.advance_stage import advance_stage, refuse_if_closed
from forecast.gates.quotes import approve_quote, create_quote
from forecast.gates.record_items import record_acceptance, record_demo, record_need_survey
from forecast.gates.rules import missing_for
from forecast.mapping import inward, outward
from forecast.opportunities import store
from forecast.opportunities.find_opportunity import find_opportunity
from forecast.opportunities.lose_opportunity import lose_opportunity
from forecast.opportunities.rules import Stage, next_stage, read_day
from forecast.ownership import store as ownership
from forecast.policies import GATES

Context = grpc.ServicerContext


class OpportunityService(Servicer, pb_grpc.OpportunityServiceServicer):
    def __init__(self, uow: UnitOfWork, policies: Policies, files: FileStore) -> None:
        super().__init__(uow)
        self._policies = policies
        self._files = files

    def _whole(self, tx: Transaction, row: Row[Any]) -> pb.Opportunity:
        """With its quotes and what the next step still asks for."""
        _, policy = self._policies.current(GATES)
        following = next_stage(Stage(row.stage))
        missing = missing_for(following, gates.facts_of(tx, row), policy) if following else []
        return outward.opportunity(row, gates.quotes_of(tx, [row.opportunity_id]), missing)

    def GetOpportunity(self, request: pb.GetOpportunityRequest, context: Context) -> pb.GetOpportunityResponse:
        def query(tx: Transaction) -> pb.GetOpportunityResponse:
            found = find_opportunity(tx, request.opportunity_id)
            return pb.GetOpportunityResponse(opportunity=self._whole(tx, found))

        return self.read(request, query)

    def ListOpportunities(self, request: pb.ListOpportunitiesRequest, context: Context) -> pb.ListOpportunitiesResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> pb.ListOpportunitiesResponse:
            found = store.list_opportunities(
                tx,
                page,
                stages=[inward.stage(each).value for each in request.stages],
                owner_id=request.owner_id,
                customer_id=request.customer_id,
                lead_id=request.lead_id,
                contract_number=request.contract_number,
            )
            rows, token = page.cut(found, lambda row: {"id": row.opportunity_id})
            return pb.ListOpportunitiesResponse(
                opportunities=[outward.opportunity(row) for row in rows], page=PageInfo(next_token=token)
            )

        return self.read(request, query)

    def AdvanceStage(self, request: pb.AdvanceStageRequest, context: Context) -> pb.AdvanceStageResponse:
        _, policy = self._policies.current(GATES)
        to, call = inward.stage(request.to), current()
        # First, so that a refusal is committed although the change is not.
        refuse_if_closed(self._uow, call.identity, request.opportunity_id, to, policy, call.method.name)

        def decide(tx: Transaction) -> pb.AdvanceStageResponse:
            advanced = advance_stage(tx, request.opportunity_id, to, request.etag, policy)
            return pb.AdvanceStageResponse(opportunity=self._whole(tx, advanced))

        return self.change(request, decide)

    def LoseOpportunity(self, request: pb.LoseOpportunityRequest, context: Context) -> pb.LoseOpportunityResponse:
        def decide(tx: Transaction) -> pb.LoseOpportunityResponse:
            lost = lose_opportunity(tx, request.opportunity_id, request.etag, request.reason)
            return pb.LoseOpportunityResponse(opportunity=self._whole(tx, lost))

        return self.change(request, decide)

    def ListStageHistory(self, request: pb.ListStageHistoryRequest, context: Context) -> pb.ListStageHistoryResponse:
        def query(tx: Transaction) -> pb.ListStageHistoryResponse:
            find_opportunity(tx, request.opportunity_id)
            steps = store.list_steps(tx, request.opportunity_id)
            owners = ownership.list_steps(tx, request.opportunity_id)
            return pb.ListStageHistoryResponse(
                steps=[outward.step(each) for each in steps], owners=[outward.owner_step(each) for each in owners]
            )

        return self.read(request, query)

    def RecordNeedSurvey(self, request: pb.RecordNeedSurveyRequest, context: Context) -> pb.RecordNeedSurveyResponse:
        low = inward.money(request.budget_low) if request.HasField("budget_low") else None
        high = inward.money(request.budget_high) if request.HasField("budget_high") else None

        def decide(tx: Transaction) -> pb.RecordNeedSurveyResponse:
            row = record_need_survey(
                tx,
                request.opportunity_id,
                budget_low=low,
                budget_high=high,
                decision_roles=list(request.decision_roles),
                needs=request.needs,
            )
            return pb.RecordNeedSurveyResponse(opportunity=self._whole(tx, row))

        return self.change(request, decide)

    def RecordDemo(self, request: pb.RecordDemoRequest, context: Context) -> pb.RecordDemoResponse:
        def decide(tx: Transaction) -> pb.RecordDemoResponse:
            row = record_demo(
                tx,
                request.opportunity_id,
                held_at=inward.instant(request.held_at),
                minutes=request.minutes,
                feedback=request.feedback,
            )
            return pb.RecordDemoResponse(opportunity=self._whole(tx, row))

        return self.change(request, decide)

    def CreateQuote(self, request: pb.CreateQuoteRequest, context: Context) -> pb.CreateQuoteResponse:
        _, policy = self._policies.current(GATES)
        amount = inward.money(request.amount)

        def decide(tx: Transaction) -> pb.CreateQuoteResponse:
            return pb.CreateQuoteResponse(quote=outward.quote(create_quote(tx, request.opportunity_id, amount, policy)))

        return self.change(request, decide)

    def ApproveQuote(self, request: pb.ApproveQuoteRequest, context: Context) -> pb.ApproveQuoteResponse:
        return self.change(
            request, lambda tx: pb.ApproveQuoteResponse(quote=outward.quote(approve_quote(tx, request.quote_id)))
        )

    def RecordAcceptance(self, request: pb.RecordAcceptanceRequest, context: Context) -> pb.RecordAcceptanceResponse:
        accepted_on = read_day(request.accepted_on, "accepted_on")
        require_file(self._files, request.file_id)

        def decide(tx: Transaction) -> pb.RecordAcceptanceResponse:
            row = record_acceptance(tx, request.opportunity_id, file_id=request.file_id, accepted_on=accepted_on)
            return pb.RecordAcceptanceResponse(opportunity=self._whole(tx, row))

        return self.change(request, decide)

    def ImportDeals(self, request: pb.ImportDealsRequest, context: Context) -> pb.ImportDealsResponse:
        deals = [inward.past_deal(deal, at) for at, deal in enumerate(request.deals)]

        def decide(tx: Transaction) -> pb.ImportDealsResponse:
            taken = import_deals(tx, deals)
            return pb.ImportDealsResponse(taken=taken, skipped=len(deals) - taken)

        return self.change(request, decide)
