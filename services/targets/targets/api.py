"""The doors: decode, call, encode."""

from __future__ import annotations

import grpc

from chassis.kernel.calendar import SHANGHAI
from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction
from closeloop.common.v1.page_pb2 import PageInfo
from closeloop.targets.v1 import attainment_service_pb2 as attainment_pb
from closeloop.targets.v1 import attainment_service_pb2_grpc as attainment_grpc
from closeloop.targets.v1 import plan_service_pb2 as plan_pb
from closeloop.targets.v1 import plan_service_pb2_grpc as plan_grpc
from targets import mapping
from targets.attainment import store as claims
from targets.attainment.view_attainment import view_attainment
from targets.plans import store as plans
from targets.plans.create_plan import create_plan, get_plan
from targets.plans.import_nodes import import_nodes
from targets.plans.rules import gap_summary, tree
from targets.plans.set_target import set_target
from targets.sales_history.store import by_category

Context = grpc.ServicerContext


class PlanService(Servicer, plan_grpc.PlanServiceServicer):
    def CreatePlan(self, request: plan_pb.CreatePlanRequest, context: Context) -> plan_pb.CreatePlanResponse:
        def decide(tx: Transaction) -> plan_pb.CreatePlanResponse:
            made = create_plan(
                tx,
                name=request.name,
                first_month=request.first_month,
                months=request.months,
                category=request.category,
            )
            return plan_pb.CreatePlanResponse(plan=mapping.plan(made, tx.now.astimezone(SHANGHAI)))

        return self.change(request, decide)

    def ListPlans(self, request: plan_pb.ListPlansRequest, context: Context) -> plan_pb.ListPlansResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> plan_pb.ListPlansResponse:
            rows, token = page.cut(
                plans.list_plans(tx, page), lambda row: {"month": row.first_month, "id": row.plan_id}
            )
            today = tx.now.astimezone(SHANGHAI)
            return plan_pb.ListPlansResponse(
                plans=[mapping.plan(row, today) for row in rows], page=PageInfo(next_token=token)
            )

        return self.read(request, query)

    def GetPlanTree(self, request: plan_pb.GetPlanTreeRequest, context: Context) -> plan_pb.GetPlanTreeResponse:
        def query(tx: Transaction) -> plan_pb.GetPlanTreeResponse:
            found = get_plan(tx, request.plan_id)
            nodes = plans.nodes_of_plan(tx, request.plan_id, request.month)
            en, zh = gap_summary(nodes)
            return plan_pb.GetPlanTreeResponse(
                plan=mapping.plan(found, tx.now.astimezone(SHANGHAI)),
                nodes=[mapping.tree_node(each) for each in tree(nodes)],
                gap_summary=en,
                gap_summary_zh=zh,
            )

        return self.read(request, query)

    def ImportPlanNodes(
        self, request: plan_pb.ImportPlanNodesRequest, context: Context
    ) -> plan_pb.ImportPlanNodesResponse:
        rows = [mapping.row_in(row) for row in request.rows]
        return self.change(
            request, lambda tx: mapping.import_result(import_nodes(tx, request.plan_id, rows, request.reason))
        )

    def SetTarget(self, request: plan_pb.SetTargetRequest, context: Context) -> plan_pb.SetTargetResponse:
        def decide(tx: Transaction) -> plan_pb.SetTargetResponse:
            changed = set_target(
                tx,
                plan_id=request.plan_id,
                node_id=request.node_id,
                etag=request.etag,
                target=mapping.money_in(request.target),
                reason_code=request.reason_code,
                note=request.note,
            )
            return plan_pb.SetTargetResponse(node=mapping.node(changed))

        return self.change(request, decide)

    def ListTargetChanges(
        self, request: plan_pb.ListTargetChangesRequest, context: Context
    ) -> plan_pb.ListTargetChangesResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> plan_pb.ListTargetChangesResponse:
            get_plan(tx, request.plan_id)
            found = plans.list_changes(tx, request.plan_id, page)
            rows, token = page.cut(found, lambda row: {"id": row.change_id})
            return plan_pb.ListTargetChangesResponse(
                changes=[mapping.change(row) for row in rows], page=PageInfo(next_token=token)
            )

        return self.read(request, query)


class AttainmentService(Servicer, attainment_grpc.AttainmentServiceServicer):
    def GetAttainment(
        self, request: attainment_pb.GetAttainmentRequest, context: Context
    ) -> attainment_pb.GetAttainmentResponse:
        def query(tx: Transaction) -> attainment_pb.GetAttainmentResponse:
            lines, rests_on = view_attainment(tx, month=request.month, level=request.level, subject=request.subject)
            return attainment_pb.GetAttainmentResponse(
                lines=[mapping.line(each) for each in lines], provenance=mapping.provenance(rests_on)
            )

        return self.read(request, query)

    def ListAttainmentRows(
        self, request: attainment_pb.ListAttainmentRowsRequest, context: Context
    ) -> attainment_pb.ListAttainmentRowsResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> attainment_pb.ListAttainmentRowsResponse:
            found = claims.claims_of_line(tx, request.month, request.level, request.subject, page)
            rows, token = page.cut(found, lambda row: {"on": row.arrived_on.isoformat(), "id": row.claim_id})
            return attainment_pb.ListAttainmentRowsResponse(
                rows=[mapping.claim_row(row) for row in rows], page=PageInfo(next_token=token)
            )

        return self.read(request, query)

    def ListSalesHistory(
        self, request: attainment_pb.ListSalesHistoryRequest, context: Context
    ) -> attainment_pb.ListSalesHistoryResponse:
        def query(tx: Transaction) -> attainment_pb.ListSalesHistoryResponse:
            rows = by_category(
                tx,
                region=request.region,
                category=request.category,
                from_month=request.from_month,
                to_month=request.to_month,
            )
            return attainment_pb.ListSalesHistoryResponse(months=[mapping.sales_month(row) for row in rows])

        return self.read(request, query)
