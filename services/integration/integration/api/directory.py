"""DirectoryService: decode, call, encode."""

from __future__ import annotations

from collections.abc import Callable

import grpc

from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.integration.v1 import directory_service_pb2 as pb
from closeloop.integration.v1 import directory_service_pb2_grpc as pb_grpc
from integration.directory import store as directory
from integration.directory.memory import DirectoryMemory
from integration.directory.read_employees import check_status, get_employee, list_employees
from integration.duties import store as duties
from integration.duties.policy import DutiesPolicy
from integration.grants.end_grant import revoke_duty
from integration.grants.get_access import get_access
from integration.grants.grant_duty import grant_duty
from integration.mapping import directory as mapping
from integration.mapping.common import instant_in, page_info

Context = grpc.ServicerContext


class DirectoryService(Servicer, pb_grpc.DirectoryServiceServicer):
    def __init__(self, uow: UnitOfWork, policy: Callable[[], DutiesPolicy], memory: DirectoryMemory) -> None:
        super().__init__(uow)
        self._policy = policy
        self._memory = memory

    def CheckStatus(self, request: pb.CheckStatusRequest, context: Context) -> pb.CheckStatusResponse:
        def query(tx: Transaction) -> pb.CheckStatusResponse:
            return mapping.states(request.employee_ids, check_status(tx, list(request.employee_ids)))

        known = self._memory.states(request.employee_ids)
        return self.read(request, query) if known is None else mapping.states(request.employee_ids, known)

    def GetAccess(self, request: pb.GetAccessRequest, context: Context) -> pb.GetAccessResponse:
        return self.read(request, lambda tx: mapping.access(get_access(tx, request.employee_id, self._policy())))

    def GetEmployee(self, request: pb.GetEmployeeRequest, context: Context) -> pb.GetEmployeeResponse:
        def query(tx: Transaction) -> pb.GetEmployeeResponse:
            return pb.GetEmployeeResponse(employee=mapping.employee(get_employee(tx, request.employee_id)))

        return self.read(request, query)

    def ListEmployees(self, request: pb.ListEmployeesRequest, context: Context) -> pb.ListEmployeesResponse:
        page = Page.of(request.page)
        statuses = [mapping.STATUS_IN[each] for each in request.statuses if each in mapping.STATUS_IN]

        def query(tx: Transaction) -> pb.ListEmployeesResponse:
            rows, token = list_employees(
                tx, page, unit=request.unit, text=request.text, statuses=statuses, position=request.position
            )
            return pb.ListEmployeesResponse(employees=[mapping.employee(row) for row in rows], page=page_info(token))

        return self.read(request, query)

    def ListUnits(self, request: pb.ListUnitsRequest, context: Context) -> pb.ListUnitsResponse:
        def query(tx: Transaction) -> pb.ListUnitsResponse:
            return pb.ListUnitsResponse(units=[mapping.unit(row) for row in directory.units(tx)])

        return self.read(request, query)

    def ListGrants(self, request: pb.ListGrantsRequest, context: Context) -> pb.ListGrantsResponse:
        page = Page.of(request.page)

        def query(tx: Transaction) -> pb.ListGrantsResponse:
            rows, token = page.cut(duties.grants(tx, request.employee_id, page), lambda row: {"id": row.id})
            return pb.ListGrantsResponse(grants=[mapping.grant(row) for row in rows], page=page_info(token))

        return self.read(request, query)

    def GrantDuty(self, request: pb.GrantDutyRequest, context: Context) -> pb.GrantDutyResponse:
        until = instant_in(request.until) if request.HasField("until") else None

        def decide(tx: Transaction) -> pb.GrantDutyResponse:
            row = grant_duty(tx, request.employee_id, request.duty, request.reason, until, self._policy())
            return pb.GrantDutyResponse(grant=mapping.grant(row))

        return self.change(request, decide)

    def RevokeDuty(self, request: pb.RevokeDutyRequest, context: Context) -> pb.RevokeDutyResponse:
        def decide(tx: Transaction) -> pb.RevokeDutyResponse:
            row = revoke_duty(tx, request.grant_id, request.reason, self._policy())
            return pb.RevokeDutyResponse(grant=mapping.grant(row))

        return self.change(request, decide)
