"""What a servicer does around a use case: one transaction, and an answer that is given once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from google.protobuf.message import Message

from chassis import idempotency
from chassis.errors import InvalidInput, Violation
from chassis.idempotency import Claim, RequestIdReused
from chassis.rpc.context import current
from chassis.rpc.method import Method
from chassis.unit_of_work import Caller, Transaction, UnitOfWork

Answer = TypeVar("Answer", bound=Message)


class RequestIdMissing(InvalidInput):
    en = "The request needs a request_id: it makes a repeated call safe."
    zh = "请求缺少 request_id，无法保证重复提交的安全。"


@dataclass(frozen=True)
class Change:
    """A changing call, as it waits for its turn; made in the thread that serves it."""

    request: Message
    claim: Claim
    caller: Caller
    method: Method

    @classmethod
    def of(cls, request: Message) -> Change:
        """Raises RequestIdMissing."""
        call = current()
        digest = hashlib.sha256(request.SerializeToString(deterministic=True)).digest()
        claim = Claim(call.identity.subject, call.method.path, _request_id(request), digest)
        return cls(request, claim, Caller(call.identity, call.method.name), call.method)


class Servicer:
    """Base of all servicers. A method decodes, calls one use case and encodes; errors pass through."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def change(self, request: Message, decide: Callable[[Transaction], Answer]) -> Answer:
        """Run a use case in a transaction and commit it.

        A second call with the same `request_id` gets the first's answer and changes nothing; with another body it is
        refused; a twin that comes meanwhile waits. A refusal is not remembered: the caller may try again.
        """
        answer = self.change_all([Change.of(request)], lambda tx, _: [decide(tx)])[0]
        if isinstance(answer, RequestIdReused):
            raise answer
        return answer

    def change_all(
        self, changes: Sequence[Change], decide: Callable[[Transaction, Sequence[Change]], Sequence[Answer]]
    ) -> list[Answer | RequestIdReused]:
        """As `change`, several in one transaction, in their order. `decide` gets those that are not repeated calls; it
        writes each `tx.on_behalf(change.caller)`. What it raises undoes them all.
        """
        first = {each.claim.key: each for each in reversed(changes)}
        alone = changes[0].caller
        with self._uow.begin(alone.identity, source=alone.source) as tx:
            stored = idempotency.claim_all(tx, [each.claim for each in changes])
            fresh = [
                each
                for each, known in zip(changes, stored, strict=True)
                if known is None and first[each.claim.key] is each
            ]
            answers = {}
            if fresh:
                answers = {each.claim.key: one for each, one in zip(fresh, decide(tx, fresh), strict=True)}
                kept = [(each.claim, answers[each.claim.key].SerializeToString()) for each in fresh]
                idempotency.remember_all(tx, kept)
                tx.commit()
        return [
            _answer(each, first[each.claim.key], known, answers) for each, known in zip(changes, stored, strict=True)
        ]

    def read(self, request: Message, query: Callable[[Transaction], Answer]) -> Answer:
        """Answer without changing anything. For searches and estimates too: they have no `request_id`."""
        with self._uow.read(current().identity) as tx:
            return query(tx)


def _answer(
    change: Change,
    first: Change,
    stored: bytes | RequestIdReused | None,
    answers: Mapping[tuple[str, str, str], Answer],
) -> Answer | RequestIdReused:
    """Of a call, of its twin in the same transaction, or of one long ago."""
    if isinstance(stored, RequestIdReused):
        return stored
    if stored is not None:
        return cast(Answer, change.method.response.FromString(stored))
    if change.claim.request_hash != first.claim.request_hash:
        return RequestIdReused()
    return answers[change.claim.key]


def _request_id(request: Message) -> str:
    request_id = str(getattr(request, "request_id", ""))
    if not request_id:
        raise RequestIdMissing.of(Violation("request_id", "is required", "不能为空", "REQUIRED"))
    return request_id
