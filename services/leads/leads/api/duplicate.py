"""Leads that are probably the same."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction
from closeloop.leads.v1 import duplicate_service_pb2 as pb
from closeloop.leads.v1 import duplicate_service_pb2_grpc as pb_grpc
from closeloop.leads.v1 import lead_pb2
from leads.assignment.assigner import Assigner
from leads.duplicates import store
from leads.duplicates.answer_suggestion import accept_suggestion, refuse_suggestion
from leads.duplicates.merge_leads import merge_leads
from leads.duplicates.policy import DuplicatePolicy
from leads.duplicates.unmerge_lead import probe_former_owner, unmerge_lead
from leads.lead import store as leads
from leads.lead.rules import Lead
from leads.mapping import common
from leads.mapping import leads as mapping
from leads.roster import store as roster

_STATES = {
    pb.SUGGESTION_STATE_UNSPECIFIED: "open",
    pb.SUGGESTION_STATE_OPEN: "open",
    pb.SUGGESTION_STATE_ACCEPTED: "accepted",
    pb.SUGGESTION_STATE_REFUSED: "refused",
}
_STATE_OF = {name: number for number, name in _STATES.items()}


class DuplicateService(Servicer, pb_grpc.DuplicateServiceServicer):
    def __init__(self, assigner: Assigner) -> None:
        super().__init__(assigner.uow)
        self._assigner = assigner

    def ListSuggestions(self, request: pb.ListSuggestionsRequest, context: Any) -> pb.ListSuggestionsResponse:
        def answer(tx: Transaction) -> pb.ListSuggestionsResponse:
            state, page = _STATES[request.state], Page.of(request.page)
            rows, token = store.list_suggestions(tx, state, request.import_id, page)
            return pb.ListSuggestionsResponse(suggestions=map(_suggestion, rows), page=common.page(token))

        return self.read(request, answer)

    def AcceptSuggestion(self, request: pb.AcceptSuggestionRequest, context: Any) -> pb.AcceptSuggestionResponse:
        def answer(tx: Transaction) -> pb.AcceptSuggestionResponse:
            merge_id, lead = accept_suggestion(tx, request.suggestion_id, request.keep_lead_id, request.reason)
            return pb.AcceptSuggestionResponse(merge_id=merge_id, lead=_encode(tx, lead))

        return self.change(request, answer)

    def RefuseSuggestion(self, request: pb.RefuseSuggestionRequest, context: Any) -> pb.RefuseSuggestionResponse:
        def answer(tx: Transaction) -> pb.RefuseSuggestionResponse:
            refuse_suggestion(tx, request.suggestion_id, request.reason)
            return pb.RefuseSuggestionResponse()

        return self.change(request, answer)

    def MergeLeads(self, request: pb.MergeLeadsRequest, context: Any) -> pb.MergeLeadsResponse:
        def answer(tx: Transaction) -> pb.MergeLeadsResponse:
            merge_id, lead = merge_leads(tx, request.lead_id, request.merged_lead_id, request.reason, request.etag)
            return pb.MergeLeadsResponse(merge_id=merge_id, lead=_encode(tx, lead))

        return self.change(request, answer)

    def UnmergeLead(self, request: pb.UnmergeLeadRequest, context: Any) -> pb.UnmergeLeadResponse:
        checked = probe_former_owner(self._assigner, request.merge_id)
        policy: DuplicatePolicy = self._assigner.policies.current("duplicates")[1]

        def answer(tx: Transaction) -> pb.UnmergeLeadResponse:
            kept, parted = unmerge_lead(tx, self._assigner, request.merge_id, request.reason, checked, policy)
            return pb.UnmergeLeadResponse(lead=_encode(tx, kept), parted=_encode(tx, parted))

        return self.change(request, answer)

    def ListMerges(self, request: pb.ListMergesRequest, context: Any) -> pb.ListMergesResponse:
        def answer(tx: Transaction) -> pb.ListMergesResponse:
            leads.load(tx, request.lead_id)
            return pb.ListMergesResponse(merges=map(_merge, store.merges_of(tx, request.lead_id)))

        return self.read(request, answer)


def _encode(tx: Transaction, lead: Lead) -> lead_pb2.Lead:
    return mapping.lead(lead, roster.people(tx, [lead.owner_id]))


def _suggestion(row: Row[Any]) -> pb.Suggestion:
    return pb.Suggestion(
        suggestion_id=row.suggestion_id,
        lead_id=row.lead_id,
        company_name=row.company_name,
        other_lead_id=row.other_id,
        other_company_name=row.other_company_name,
        city=row.city,
        score=row.score,
        state=_STATE_OF[row.state],
        import_id=row.import_id or "",
        made_at=common.instant(row.made_at),
        decided_by=row.decided_by,
        decided_at=common.instant(row.decided_at),
        reason=row.reason,
    )


def _merge(row: Row[Any]) -> pb.Merge:
    return pb.Merge(
        merge_id=row.merge_id,
        lead_id=row.kept_id,
        merged_lead_id=row.merged_id,
        merged_company_name=row.company_name,
        merged_by=row.merged_by,
        merged_at=common.instant(row.merged_at),
        reason=row.reason,
        undone_at=common.instant(row.unmerged_at),
        undone_by=row.unmerged_by,
        undo_reason=row.unmerge_reason,
    )
