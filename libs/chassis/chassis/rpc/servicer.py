"""What a servicer does around a use case: one transaction, and an answer that is given once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeVar, cast

from google.protobuf.message import Message

from chassis import idempotency
from chassis.errors import InvalidInput, Violation
from chassis.rpc.context import current
from chassis.unit_of_work import Transaction, UnitOfWork

Answer = TypeVar("Answer", bound=Message)


class RequestIdMissing(InvalidInput):
    en = "The request needs a request_id: it makes a repeated call safe."
    zh = "请求缺少 request_id，无法保证重复提交的安全。"


class Servicer:
    """Base of all servicers. A method decodes, calls one use case and encodes; errors pass through."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def change(self, request: Message, decide: Callable[[Transaction], Answer]) -> Answer:
        """Run a use case in a transaction and commit it.

        A second call with the same `request_id` gets the first's answer and changes nothing; with another body it is
        refused; a twin that comes meanwhile waits. A refusal is not remembered: the caller may try again.
        """
        call = current()
        caller, rpc, request_id = call.identity.subject, call.method.path, _request_id(request)
        digest = hashlib.sha256(request.SerializeToString(deterministic=True)).digest()
        with self._uow.begin(call.identity, source=call.method.name) as tx:
            stored = idempotency.claim(tx, caller, rpc, request_id, digest)
            if stored is not None:
                return cast(Answer, call.method.response.FromString(stored))
            answer = decide(tx)
            idempotency.remember(tx, caller, rpc, request_id, answer.SerializeToString())
            tx.commit()
        return answer

    def read(self, request: Message, query: Callable[[Transaction], Answer]) -> Answer:
        """Answer without changing anything. For searches and estimates too: they have no `request_id`."""
        with self._uow.read(current().identity) as tx:
            return query(tx)


def _request_id(request: Message) -> str:
    request_id = str(getattr(request, "request_id", ""))
    if not request_id:
        raise RequestIdMissing.of(Violation("request_id", "is required", "不能为空", "REQUIRED"))
    return request_id
