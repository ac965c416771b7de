"""Contract messages from and to what the features speak."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import Row

from chassis.kernel.money import Money
from chassis.kernel.provenance import Provenance
from closeloop.common.v1.money_pb2 import Money as MoneyMessage
from closeloop.common.v1.provenance_pb2 import Provenance as ProvenanceMessage
from closeloop.integration.v1.events_pb2 import EmployeeChanged, PosSalesLine, ReceiptClaimed
from closeloop.targets.v1 import attainment_service_pb2 as attainment_pb
from closeloop.targets.v1 import plan_service_pb2 as plan_pb
from targets.attainment.count_claim import Claimed
from targets.attainment.rules import AttainmentLine
from targets.plans.rules import CheckedRows, Level, NodeRow, PlanNode, TreeNode
from targets.roster.rules import EmployeeFacts
from targets.sales_history.load_sales import SalesLine

# -- in ------------------------------------------------------------------------------------------------------------


def money_in(message: MoneyMessage) -> Money:
    return Money(message.fen, message.currency or "CNY")


def instant_in(message: Timestamp) -> datetime:
    return message.ToDatetime(tzinfo=UTC)


def row_in(row: plan_pb.PlanNodeRow) -> NodeRow:
    return NodeRow(Level(row.level), row.subject, row.month, money_in(row.target))


def employee_in(event: EmployeeChanged) -> EmployeeFacts:
    return EmployeeFacts(
        event.employee_id,
        event.version,
        event.name,
        event.status,
        event.unit,
        event.unit_name,
        event.region_name,
        event.manager_id,
    )


def claim_in(event: ReceiptClaimed) -> Claimed:
    return Claimed(
        event.claim_id,
        event.receipt_id,
        event.contract_number,
        event.customer_name,
        event.salesperson_id,
        money_in(event.amount),
        event.arrived_on,
        event.method,
    )


def sales_in(line: PosSalesLine) -> SalesLine:
    return SalesLine(line.category, line.sku, line.units, money_in(line.amount))


# -- out -----------------------------------------------------------------------------------------------------------


def money(amount: Money) -> MoneyMessage:
    return MoneyMessage(fen=amount.fen, currency=amount.currency)


def plan(row: Row[Any], today: datetime) -> plan_pb.Plan:
    first_year, first_month = map(int, row.first_month.split("-"))
    last_year, last_month = map(int, row.last_month.split("-"))
    over = f"{today:%Y-%m}" > row.last_month
    return plan_pb.Plan(
        plan_id=row.plan_id,
        name=row.name,
        first_month=row.first_month,
        months=(last_year - first_year) * 12 + last_month - first_month + 1,
        category=row.category,
        state="over" if over else "active",
        etag=str(row.version),
    )


def node(each: PlanNode) -> plan_pb.PlanNode:
    return plan_pb.PlanNode(
        node_id=each.node_id,
        level=each.level,
        subject=each.subject,
        name=each.name,
        unit=each.unit,
        month=each.month,
        target=money(each.target),
        etag=str(each.version),
    )


def tree_node(each: TreeNode) -> plan_pb.PlanNode:
    message = node(each.node)
    message.parent_id = each.parent_id
    if each.children is not None and each.gap is not None:
        message.children.CopyFrom(money(each.children))
        message.gap.CopyFrom(money(each.gap))
    return message


def import_result(checked: CheckedRows) -> plan_pb.ImportPlanNodesResponse:
    errors = [
        plan_pb.PlanRowError(row=each.row, field=each.field, message=each.en, message_zh=each.zh)
        for each in checked.errors
    ]
    return plan_pb.ImportPlanNodesResponse(taken=len(checked.rows), errors=errors)


def change(row: Row[Any]) -> plan_pb.TargetChange:
    message = plan_pb.TargetChange(
        change_id=row.change_id,
        node_id=row.node_id,
        node_name=row.node_name,
        month=row.month,
        actor=row.actor,
        after=money(Money(row.after_fen)),
        reason_code=row.reason_code,
        note=row.note,
    )
    if row.before_fen is not None:
        message.before.CopyFrom(money(Money(row.before_fen)))
    message.at.FromDatetime(row.at)
    return message


def line(each: AttainmentLine) -> attainment_pb.AttainmentLine:
    return attainment_pb.AttainmentLine(
        node_id=each.node.node_id,
        level=each.node.level,
        subject=each.node.subject,
        name=each.node.name,
        target=money(each.node.target),
        collected=money(each.collected),
        attainment=None if each.attainment is None else float(each.attainment),
        receipts=each.claims,
    )


def claim_row(row: Row[Any]) -> attainment_pb.AttainmentRow:
    return attainment_pb.AttainmentRow(
        receipt_id=row.receipt_id,
        claim_id=row.claim_id,
        contract_number=row.contract_number,
        customer_name=row.customer_name,
        rep_id=row.salesperson_id,
        unit=row.unit or "",
        amount=money(Money(row.amount_fen)),
        arrived_on=row.arrived_on.isoformat(),
        method=row.method,
    )


def provenance(each: Provenance) -> ProvenanceMessage:
    message = ProvenanceMessage(definition=each.definition, provisional=each.provisional, note=each.note)
    if each.complete_until is not None:
        message.complete_until.FromDatetime(each.complete_until)
    return message


def sales_month(row: Row[Any]) -> attainment_pb.SalesMonth:
    return attainment_pb.SalesMonth(
        month=row.month,
        region=row.region,
        category=row.category,
        units=int(row.units),
        amount=money(Money(int(row.fen))),
    )
