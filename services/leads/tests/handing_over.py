"""A team of which somebody leaves, and the doors of the handover."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.deadline_runner import DeadlineRunner
from chassis.identity import Identity
from chassis.kernel.calendar import local_date
from chassis.kernel.ids import new_id
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_manager, as_rep
from closeloop.leads.v1 import customer_service_pb2 as customer_pb
from closeloop.leads.v1 import handover_service_pb2 as pb
from closeloop.leads.v1 import lead_pb2
from closeloop.leads.v1.handover_service_pb2_grpc import HandoverServiceStub
from leads.handover.move_ownership import move_handovers
from leads.handover.plan_split import plan_splits

from .company import UNIT, Company, stamp


def door(company: Company, as_: Identity | None = None) -> HandoverServiceStub:
    return HandoverServiceStub(company.rpc(company.service, as_=as_ or as_manager("M1", UNIT)))


def customers(company: Company, owner_id: str, count: int, first: int = 1, **changes: Any) -> None:
    rows = [
        customer_pb.CustomerRow(
            customer_code=f"C{n:05d}",
            name=f"第{n}客户有限公司",
            owner_id=owner_id,
            **({"grade": lead_pb2.GRADE_B} | changes),
        )
        for n in range(first, first + count)
    ]
    for at in range(0, count, 500):
        company.customers(as_hq()).ImportCustomers(
            customer_pb.ImportCustomersRequest(request_id=new_id(), customers=rows[at : at + 500])
        )


def owners(company: Company, code: str = "") -> dict[str, str]:
    """Customer code → owner."""
    request = customer_pb.ListCustomersRequest(customer_code=code)
    request.page.size = 200
    found = company.customers(as_hq()).ListCustomers(request)
    return {each.customer_code: each.owner_id for each in found.customers}


def the_customer(company: Company) -> customer_pb.Customer:
    """Where there is one alone."""
    (found,) = company.customers(as_hq()).ListCustomers(customer_pb.ListCustomersRequest()).customers
    return found


def leave(company: Company, employee_id: str, version: int = 2, **changes: Any) -> None:
    """HR says so, and the directory too."""
    company.directory.status[employee_id] = changes.get("status", "departed")
    now = company.clock.now()
    told = {"status": "departed", "left_on": str(local_date(now)), "status_since": stamp(now)} | changes
    deliver(company.service, company.employee(employee_id, version=version, **told))
    fire(company)


def come_back(company: Company, employee_id: str, version: int, **changes: Any) -> None:
    company.directory.status.pop(employee_id, None)
    deliver(company.service, company.employee(employee_id, version=version, **changes))
    fire(company)


def fire(company: Company) -> None:
    """Whatever clock is due now; and the split that managers see."""
    runner = DeadlineRunner(company.service.uow, company.service.deadlines)
    while runner.turn():
        pass
    plan_splits(company.app.assigner)


def move(company: Company) -> int:
    fire(company)
    return move_handovers(company.app.assigner)


def wait_for_the_move(company: Company) -> int:
    """Ownership moves by itself after 90 minutes; the rest of the two hours is for what was held."""
    company.clock.advance(timedelta(minutes=90))
    return move(company)


def handovers(company: Company, as_: Identity | None = None, **wish: Any) -> list[pb.Handover]:
    return list(door(company, as_).ListHandovers(pb.ListHandoversRequest(**wish)).handovers)


def the_handover(company: Company, as_: Identity | None = None) -> pb.Handover:
    (found,) = handovers(company, as_)
    return found


def items(company: Company, handover_id: str, as_: Identity | None = None, **wish: Any) -> list[pb.HandoverItem]:
    request = pb.ListHandoverItemsRequest(handover_id=handover_id, **wish)
    request.page.size = 200
    return list(door(company, as_).ListHandoverItems(request).items)


def release(company: Company, handover_id: str) -> None:
    door(company).ReleaseHandover(pb.ReleaseHandoverRequest(request_id=new_id(), handover_id=handover_id))


def decide(company: Company, handover_id: str, employee_id: str, *item_ids: str, as_: Identity | None = None) -> int:
    request = pb.DecideHandoverItemsRequest(
        request_id=new_id(), handover_id=handover_id, item_ids=item_ids, employee_id=employee_id, reason="熟悉行业"
    )
    return door(company, as_).DecideHandoverItems(request).decided


def check_off(
    company: Company, handover_id: str, as_: Identity, side: str, *item_ids: str, accept_gaps: bool = False
) -> pb.CheckOffHandoverResponse:
    request = pb.CheckOffHandoverRequest(
        request_id=new_id(),
        handover_id=handover_id,
        side=pb.HandoverSide.Value(f"HANDOVER_SIDE_{side.upper()}"),
        item_ids=item_ids,
        remark="已当面核对",
        accept_gaps=accept_gaps,
    )
    return door(company, as_).CheckOffHandover(request)


def manager() -> Identity:
    return as_manager("M1", UNIT)


def rep(employee_id: str) -> Identity:
    return as_rep(employee_id, UNIT)


def instant_of(stamp: Any) -> datetime:
    return stamp.ToDatetime(UTC)  # type: ignore[no-any-return]


def moved(company: Company, count: int = 2) -> pb.Handover:
    """E1 left, E2 took over."""
    company.hire("E1", "E2")
    customers(company, "E1", count)
    leave(company, "E1")
    wait_for_the_move(company)
    found: pb.Handover = the_handover(company)
    return found


def lose(company: Company, handover_id: str, item_id: str) -> pb.HandoverItem:
    request = pb.ReportLossRequest(
        request_id=new_id(), handover_id=handover_id, item_id=item_id, reason="已改用其他供应商"
    )
    found: pb.HandoverItem = door(company, rep("E2")).ReportLoss(request).item
    return found
