"""The raw limit of CheckStatus: a bare gRPC server of the same message with nothing behind it, as a process."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from closeloop.integration.v1 import directory_service_pb2 as pb

THREADS = 8
SERVICE = pb.DESCRIPTOR.services_by_name["DirectoryService"].full_name


def check_status(request: pb.CheckStatusRequest, _: Any) -> pb.CheckStatusResponse:
    answer = pb.CheckStatusResponse()
    for each in request.employee_ids:
        answer.states.add(employee_id=each, status=pb.EMPLOYEE_STATUS_ACTIVE).as_of.FromSeconds(1_773_108_000)
    return answer


def main(port: str) -> None:
    server = grpc.server(ThreadPoolExecutor(THREADS))
    handler = grpc.unary_unary_rpc_method_handler(
        check_status, pb.CheckStatusRequest.FromString, pb.CheckStatusResponse.SerializeToString
    )
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, {"CheckStatus": handler})])
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main(sys.argv[1])
