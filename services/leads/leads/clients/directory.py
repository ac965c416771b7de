"""Integration's employee directory, by gRPC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC

import grpc

from closeloop.integration.v1 import directory_service_pb2 as pb
from closeloop.integration.v1 import directory_service_pb2_grpc as pb_grpc
from leads.assignment.probe_rules import Answer

_STATUS = {
    pb.EMPLOYEE_STATUS_ACTIVE: "active",
    pb.EMPLOYEE_STATUS_ON_LEAVE: "on_leave",
    pb.EMPLOYEE_STATUS_FROZEN: "frozen",
    pb.EMPLOYEE_STATUS_DISABLED: "disabled",
    pb.EMPLOYEE_STATUS_DEPARTED: "departed",
}


class GrpcDirectory:
    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = pb_grpc.DirectoryServiceStub(channel)

    def check_status(self, employee_ids: Sequence[str], timeout: float) -> Mapping[str, Answer]:
        """Raises the error family."""
        answer = self._stub.CheckStatus(pb.CheckStatusRequest(employee_ids=employee_ids), timeout=timeout)
        return {each.employee_id: _decode(each) for each in answer.states}


def _decode(state: pb.EmployeeState) -> Answer:
    as_of = state.as_of.ToDatetime(UTC) if state.HasField("as_of") else None
    return Answer(_STATUS.get(state.status, ""), as_of)
