"""Two records of one customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Row

from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction
from closeloop.leads.v1 import customer_merge_service_pb2 as pb
from closeloop.leads.v1 import customer_merge_service_pb2_grpc as pb_grpc
from closeloop.leads.v1 import customer_service_pb2, duplicate_service_pb2
from leads.assignment.assigner import Assigner
from leads.customer_merge import probe_owners, suggestion_store
from leads.customer_merge.answer_suggestion import accept_suggestion, refuse_suggestion
from leads.customer_merge.list_merges import Shown, list_merges
from leads.customer_merge.merge_customers import Merged, merge_customers
from leads.customer_merge.unmerge_customer import unmerge_customer
from leads.customers.rules import Customer
from leads.duplicates.policy import DuplicatePolicy
from leads.mapping import common
from leads.mapping import customers as mapping
from leads.roster import store as roster

_STATES = {
    duplicate_service_pb2.SUGGESTION_STATE_UNSPECIFIED: "open",
    duplicate_service_pb2.SUGGESTION_STATE_OPEN: "open",
    duplicate_service_pb2.SUGGESTION_STATE_ACCEPTED: "accepted",
    duplicate_service_pb2.SUGGESTION_STATE_REFUSED: "refused",
}
_STATE_OF = {name: number for number, name in _STATES.items()}


class CustomerMergeService(Servicer, pb_grpc.CustomerMergeServiceServicer):
    def __init__(self, assigner: Assigner) -> None:
        super().__init__(assigner.uow)
        self._assigner = assigner

    def ListCustomerSuggestions(
        self, request: pb.ListCustomerSuggestionsRequest, context: Any
    ) -> pb.ListCustomerSuggestionsResponse:
        def answer(tx: Transaction) -> pb.ListCustomerSuggestionsResponse:
            rows, token = suggestion_store.listed(tx, _STATES[request.state], Page.of(request.page))
            return pb.ListCustomerSuggestionsResponse(suggestions=map(_suggestion, rows), page=common.page(token))

        return self.read(request, answer)

    def AcceptCustomerSuggestion(
        self, request: pb.AcceptCustomerSuggestionRequest, context: Any
    ) -> pb.AcceptCustomerSuggestionResponse:
        verified = probe_owners.probe_for_suggestion(self._assigner, request.suggestion_id)

        def answer(tx: Transaction) -> pb.AcceptCustomerSuggestionResponse:
            keep, reason = request.keep_customer_id, request.reason
            merged = accept_suggestion(tx, request.suggestion_id, keep, reason, verified)
            return pb.AcceptCustomerSuggestionResponse(**_merged(tx, merged))

        return self.change(request, answer)

    def RefuseCustomerSuggestion(
        self, request: pb.RefuseCustomerSuggestionRequest, context: Any
    ) -> pb.RefuseCustomerSuggestionResponse:
        def answer(tx: Transaction) -> pb.RefuseCustomerSuggestionResponse:
            refuse_suggestion(tx, request.suggestion_id, request.reason)
            return pb.RefuseCustomerSuggestionResponse()

        return self.change(request, answer)

    def MergeCustomers(self, request: pb.MergeCustomersRequest, context: Any) -> pb.MergeCustomersResponse:
        both = request.customer_id, request.merged_customer_id
        verified = probe_owners.probe_for_merge(self._assigner, *both)

        def answer(tx: Transaction) -> pb.MergeCustomersResponse:
            seen = int(request.etag), int(request.merged_etag)
            return pb.MergeCustomersResponse(**_merged(tx, merge_customers(tx, *both, request.reason, verified, seen)))

        return self.change(request, answer)

    def UnmergeCustomer(self, request: pb.UnmergeCustomerRequest, context: Any) -> pb.UnmergeCustomerResponse:
        verified = probe_owners.probe_for_unmerge(self._assigner, request.merge_id)
        policy: DuplicatePolicy = self._assigner.policies.current("duplicates")[1]

        def answer(tx: Transaction) -> pb.UnmergeCustomerResponse:
            parted = unmerge_customer(tx, request.merge_id, request.reason, verified, policy)
            return pb.UnmergeCustomerResponse(
                customer=_customer(tx, parted.kept),
                parted=_customer(tx, parted.back),
                unverified_owner_id=parted.unverified_owner_id,
            )

        return self.change(request, answer)

    def ListCustomerMerges(self, request: pb.ListCustomerMergesRequest, context: Any) -> pb.ListCustomerMergesResponse:
        def answer(tx: Transaction) -> pb.ListCustomerMergesResponse:
            return pb.ListCustomerMergesResponse(merges=map(_merge, list_merges(tx, request.customer_id)))

        return self.read(request, answer)


def _customer(tx: Transaction, customer: Customer) -> customer_service_pb2.Customer:
    return mapping.customer(customer, roster.people(tx, [customer.owner_id]))


def _merged(tx: Transaction, merged: Merged) -> dict[str, Any]:
    return {
        "merge_id": merged.merge_id,
        "customer": _customer(tx, merged.customer),
        "taken_over": _values(merged.taken),
        "differences": _values(merged.differences),
    }


def _values(pairs: Mapping[str, Any]) -> Iterable[pb.CustomerValue]:
    """Of the one that goes on, first, and of the other."""
    for field, (kept, other) in sorted(pairs.items()):
        yield pb.CustomerValue(field=field, kept=kept or "", other=other or "")


def _suggestion(row: Row[Any]) -> pb.CustomerSuggestion:
    return pb.CustomerSuggestion(
        suggestion_id=row.suggestion_id,
        customer_id=row.customer_id,
        name=row.name,
        other_customer_id=row.other_id,
        other_name=row.other_name,
        city=row.city,
        why=row.why,
        score=row.score,
        state=_STATE_OF[row.state],
        made_at=common.instant(row.made_at),
        decided_by=row.decided_by,
        decided_at=common.instant(row.decided_at),
        reason=row.reason,
    )


def _merge(shown: Shown) -> pb.CustomerMergeRecord:
    row = shown.merge
    return pb.CustomerMergeRecord(
        merge_id=row.merge_id,
        customer_id=row.kept_id,
        merged_customer_id=row.merged_id,
        merged_name=shown.beneath.name,
        merged_by=row.merged_by,
        merged_at=common.instant(row.merged_at),
        reason=row.reason,
        taken_over=_values(row.taken_over),
        differences=_values(shown.differences),
        undone_at=common.instant(row.unmerged_at),
        undone_by=row.unmerged_by,
        undo_reason=row.unmerge_reason,
    )
