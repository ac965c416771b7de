"""Every way a lead comes in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.files import FileStore
from chassis.gather import Gather
from chassis.policy import Policies
from chassis.rpc.paging import Page
from chassis.rpc.servicer import Change, Servicer
from chassis.unit_of_work import Caller, Transaction
from closeloop.leads.v1 import capture_service_pb2 as pb
from closeloop.leads.v1 import capture_service_pb2_grpc as pb_grpc
from closeloop.leads.v1 import lead_pb2
from leads.assignment.assign_leads import assign_leads
from leads.assignment.assigner import Assigner
from leads.capture.capture_lead import capture_leads
from leads.capture.rules import Clean, Outcome, clean
from leads.imports import store as imports
from leads.imports.history import HistoryKind
from leads.imports.row_rules import LEADS, Form
from leads.imports.start_import import cancel_import, list_import_errors, start_import
from leads.lead import store
from leads.lead.rules import Lead
from leads.mapping import common
from leads.mapping import leads as mapping
from leads.roster import store as roster
from leads.roster.store import Person

_OUTCOMES = {Outcome.CREATED: pb.CAPTURE_OUTCOME_CREATED, Outcome.APPENDED: pb.CAPTURE_OUTCOME_APPENDED}


@dataclass(frozen=True)
class _Sent:
    change: Change
    arrival: Clean


@dataclass(frozen=True)
class _Taken:
    """`lead`: as it was taken in just now; None for one that was known, or taken in by an earlier call."""

    lead_id: str
    lead: Lead | None
    caller: Caller


@dataclass(frozen=True)
class _Assigned:
    lead: Lead
    owner: Person


class CaptureService(Servicer, pb_grpc.CaptureServiceServicer):
    def __init__(
        self, assigner: Assigner, policies: Policies, files: FileStore, history: Mapping[str, HistoryKind]
    ) -> None:
        super().__init__(assigner.uow)
        self._assigner = assigner
        self._policies = policies
        self._files = files
        self._history = history
        self._take = Gather(self._take_together)
        self._assign = Gather(self._assign_together)

    def CaptureLead(self, request: pb.CaptureLeadRequest, context: Any) -> pb.CaptureLeadResponse:
        """Taken in first, in a transaction of its own; the owner is found after it, so nothing is ever lost by that.

        Captures that come at once share both.
        """
        sent = _Sent(Change.of(request), clean(mapping.arrival(request)))
        answer, lead = self._take(sent)
        assigned = self._assign(_Taken(answer.lead.lead_id, lead, sent.change.caller))
        if lead is None or (assigned.owner.employee_id and not assigned.owner.name):
            return self.read(request, lambda tx: self._as_it_is(tx, answer))
        people = {assigned.owner.employee_id: assigned.owner}
        return pb.CaptureLeadResponse(lead=mapping.lead(assigned.lead, people), outcome=answer.outcome)

    def StartImport(self, request: pb.StartImportRequest, context: Any) -> pb.StartImportResponse:
        return self.change(
            request,
            lambda tx: pb.StartImportResponse(
                **{
                    "import": mapping.import_(
                        start_import(
                            tx,
                            self._files,
                            request.file_id,
                            request.channel,
                            dict(request.mapping),
                            dry_run=request.dry_run,
                            form=self._form(request.kind),
                        )
                    )
                }
            ),
        )

    def _form(self, kind: pb.ImportKind.ValueType) -> Form:
        found = self._history.get(mapping.import_kind(kind))
        return found.form if found else LEADS

    def GetImport(self, request: pb.GetImportRequest, context: Any) -> pb.GetImportResponse:
        return self.read(
            request,
            lambda tx: pb.GetImportResponse(**{"import": mapping.import_(imports.load(tx, request.import_id))}),
        )

    def ListImportErrors(self, request: pb.ListImportErrorsRequest, context: Any) -> pb.ListImportErrorsResponse:
        def answer(tx: Transaction) -> pb.ListImportErrorsResponse:
            rows, token = list_import_errors(tx, request.import_id, Page.of(request.page))
            return pb.ListImportErrorsResponse(errors=map(mapping.import_error, rows), page=common.page(token))

        return self.read(request, answer)

    def CancelImport(self, request: pb.CancelImportRequest, context: Any) -> pb.CancelImportResponse:
        return self.change(
            request,
            lambda tx: pb.CancelImportResponse(**{"import": mapping.import_(cancel_import(tx, request.import_id))}),
        )

    def _take_together(self, sent: Sequence[_Sent]) -> list[tuple[pb.CaptureLeadResponse, Lead | None] | Exception]:
        capture, grading = self._policies.current("capture")[1], self._policies.current("grading")[1]
        arrivals = {each.change.claim.key: each.arrival for each in sent}
        created: dict[str, Lead] = {}

        def take(tx: Transaction, changes: Sequence[Change]) -> list[pb.CaptureLeadResponse]:
            arrived = [(arrivals[each.claim.key], each.caller) for each in changes]
            taken = capture_leads(tx, arrived, capture, grading)
            created.update({each.lead_id: each.lead for each in taken if each.lead})
            return [
                pb.CaptureLeadResponse(lead=lead_pb2.Lead(lead_id=each.lead_id), outcome=_OUTCOMES[each.outcome])
                for each in taken
            ]

        answers = self.change_all([each.change for each in sent], take)
        return [each if isinstance(each, Exception) else (each, _created(each, created)) for each in answers]

    def _assign_together(self, taken: Sequence[_Taken]) -> list[_Assigned | Exception]:
        found = assign_leads(
            self._assigner,
            list(dict.fromkeys(each.lead_id for each in taken)),
            known={each.lead_id: each.lead for each in taken if each.lead},
            callers={each.lead_id: each.caller for each in taken},
        )
        leads = [found.leads[each.lead_id] for each in taken]
        return [_Assigned(each, Person(each.owner_id, found.names.get(each.owner_id, ""))) for each in leads]

    def _as_it_is(self, tx: Transaction, answer: pb.CaptureLeadResponse) -> pb.CaptureLeadResponse:
        """Who brings a new lead sees it, whoever owns it then. A known one that is not the caller's to see stays its id
        alone: else a phone number would open anybody's lead."""
        if answer.outcome == pb.CAPTURE_OUTCOME_APPENDED and not store.is_visible(tx, answer.lead.lead_id):
            return answer
        lead = store.load_taken(tx, answer.lead.lead_id)
        return pb.CaptureLeadResponse(
            lead=mapping.lead(lead, roster.people(tx, [lead.owner_id])), outcome=answer.outcome
        )


def _created(answer: pb.CaptureLeadResponse, created: Mapping[str, Lead]) -> Lead | None:
    return created.get(answer.lead.lead_id) if answer.outcome == pb.CAPTURE_OUTCOME_CREATED else None
