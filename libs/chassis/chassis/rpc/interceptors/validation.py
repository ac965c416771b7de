"""Bytes become a message that keeps its contract's rules."""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf.message import DecodeError

from chassis.errors import InvalidInput
from chassis.rpc.interceptors import Handler
from chassis.rpc.method import Method
from chassis.rpc.violations import check


class UnreadableRequest(InvalidInput):
    en = "The request can't be read: it is cut off or not valid UTF-8."
    zh = "请求无法解析：内容不完整或不是有效的 UTF-8。"


def validated(method: Method, proceed: Handler) -> Handler:
    """All violations go back at once. Decoding happens here and not in gRPC, whose words would reach the caller."""

    def handle(request: bytes, context: grpc.ServicerContext) -> Any:
        message = method.request()
        try:
            message.ParseFromString(request)
        except (DecodeError, UnicodeDecodeError):
            raise UnreadableRequest from None
        check(message)
        return proceed(message, context)

    return handle
