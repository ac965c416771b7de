"""Every way a lead comes in."""

from __future__ import annotations

from typing import Any

from chassis.files import FileStore
from chassis.policy import Policies
from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction
from closeloop.leads.v1 import capture_service_pb2 as pb
from closeloop.leads.v1 import capture_service_pb2_grpc as pb_grpc
from closeloop.leads.v1 import lead_pb2
from leads import mapping
from leads.assignment.assign_leads import assign_lead
from leads.assignment.assigner import Assigner
from leads.capture.capture_lead import capture_lead
from leads.capture.rules import Outcome
from leads.imports import store as imports
from leads.imports.start_import import cancel_import, list_import_errors, start_import
from leads.lead import store
from leads.roster import store as roster

_OUTCOMES = {Outcome.CREATED: pb.CAPTURE_OUTCOME_CREATED, Outcome.APPENDED: pb.CAPTURE_OUTCOME_APPENDED}


class CaptureService(Servicer, pb_grpc.CaptureServiceServicer):
    def __init__(self, assigner: Assigner, policies: Policies, files: FileStore) -> None:
        super().__init__(assigner.uow)
        self._assigner = assigner
        self._policies = policies
        self._files = files

    def CaptureLead(self, request: pb.CaptureLeadRequest, context: Any) -> pb.CaptureLeadResponse:
        """Taken in first, in a transaction of its own; the owner is found after it, so nothing is ever lost by that."""
        arrival = mapping.arrival(request)
        capture, grading = self._policies.current("capture")[1], self._policies.current("grading")[1]

        def take(tx: Transaction) -> pb.CaptureLeadResponse:
            taken = capture_lead(tx, arrival, capture, grading)
            return pb.CaptureLeadResponse(lead=lead_pb2.Lead(lead_id=taken.lead_id), outcome=_OUTCOMES[taken.outcome])

        answer = self.change(request, take)
        assign_lead(self._assigner, answer.lead.lead_id)
        return self.read(request, lambda tx: self._as_it_is(tx, answer))

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
                        )
                    )
                }
            ),
        )

    def GetImport(self, request: pb.GetImportRequest, context: Any) -> pb.GetImportResponse:
        return self.read(
            request,
            lambda tx: pb.GetImportResponse(**{"import": mapping.import_(imports.load(tx, request.import_id))}),
        )

    def ListImportErrors(self, request: pb.ListImportErrorsRequest, context: Any) -> pb.ListImportErrorsResponse:
        def answer(tx: Transaction) -> pb.ListImportErrorsResponse:
            rows, token = list_import_errors(tx, request.import_id, Page.of(request.page))
            return pb.ListImportErrorsResponse(errors=map(mapping.import_error, rows), page=mapping.page(token))

        return self.read(request, answer)

    def CancelImport(self, request: pb.CancelImportRequest, context: Any) -> pb.CancelImportResponse:
        return self.change(
            request,
            lambda tx: pb.CancelImportResponse(**{"import": mapping.import_(cancel_import(tx, request.import_id))}),
        )

    def _as_it_is(self, tx: Transaction, answer: pb.CaptureLeadResponse) -> pb.CaptureLeadResponse:
        """Who brings a new lead sees it, whoever owns it then. A known one that is not the caller's to see stays its id
        alone: else a phone number would open anybody's lead."""
        if answer.outcome == pb.CAPTURE_OUTCOME_APPENDED and not store.is_visible(tx, answer.lead.lead_id):
            return answer
        lead = store.load_taken(tx, answer.lead.lead_id)
        return pb.CaptureLeadResponse(
            lead=mapping.lead(lead, roster.people(tx, [lead.owner_id])), outcome=answer.outcome
        )
