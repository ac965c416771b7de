"""Before and after an import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chassis.files import FileStore
from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.leads.v1 import import_service_pb2 as pb
from closeloop.leads.v1 import import_service_pb2_grpc as pb_grpc
from closeloop.leads.v1 import lead_pb2
from leads.imports import revert_store, store
from leads.imports.history import HistoryKind
from leads.imports.preview_import import preview_import
from leads.imports.revert_import import revert_import
from leads.imports.row_rules import LEADS
from leads.imports.write_error_file import write_error_file
from leads.mapping import common
from leads.mapping import leads as mapping

_OUTCOMES = {pb.ROW_OUTCOME_APPENDED: "appended", pb.ROW_OUTCOME_SUGGESTED: "suggested"}
_OUTCOME_OF = {name: number for number, name in _OUTCOMES.items()}


class ImportService(Servicer, pb_grpc.ImportServiceServicer):
    def __init__(self, uow: UnitOfWork, files: FileStore, history: Mapping[str, HistoryKind]) -> None:
        super().__init__(uow)
        self._files = files
        self._history = history

    def PreviewImport(self, request: pb.PreviewImportRequest, context: Any) -> pb.PreviewImportResponse:
        def answer(tx: Transaction) -> pb.PreviewImportResponse:
            kind = self._history.get(mapping.import_kind(request.kind))
            form = kind.form if kind else LEADS
            found = preview_import(tx, self._files, request.file_id, request.channel, dict(request.mapping), form)
            columns = [
                pb.ImportColumn(heading=heading, field=field, by=by, samples=samples)
                for heading, field, by, samples in found.columns
            ]
            return pb.PreviewImportResponse(
                encoding=found.encoding, columns=columns, missing=found.missing, fields=list(form.headings)
            )

        return self.change(request, answer)

    def ListImportRows(self, request: pb.ListImportRowsRequest, context: Any) -> pb.ListImportRowsResponse:
        def answer(tx: Transaction) -> pb.ListImportRowsResponse:
            outcome = _OUTCOMES.get(request.outcome, "")
            rows, token = store.list_rows(tx, request.import_id, outcome, Page.of(request.page))
            found = [
                pb.ImportRow(
                    row=each.row,
                    outcome=_OUTCOME_OF[each.outcome],
                    company_name=each.company_name,
                    lead_id=each.lead_id or "",
                    other_row=each.other_row or 0,
                )
                for each in rows
            ]
            return pb.ListImportRowsResponse(rows=found, page=common.page(token))

        return self.read(request, answer)

    def WriteErrorFile(self, request: pb.WriteErrorFileRequest, context: Any) -> pb.WriteErrorFileResponse:
        def answer(tx: Transaction) -> pb.WriteErrorFileResponse:
            written, rows = write_error_file(tx, self._files, request.import_id)
            return pb.WriteErrorFileResponse(file_id=written.id, rows=rows)

        return self.change(request, answer)

    def RevertImport(self, request: pb.RevertImportRequest, context: Any) -> pb.RevertImportResponse:
        return self.change(
            request,
            lambda tx: pb.RevertImportResponse(
                **{"import": mapping.import_(revert_import(tx, request.import_id, request.reason))}
            ),
        )

    def ListKeptLeads(self, request: pb.ListKeptLeadsRequest, context: Any) -> pb.ListKeptLeadsResponse:
        def answer(tx: Transaction) -> pb.ListKeptLeadsResponse:
            rows, token = revert_store.list_kept(tx, request.import_id, Page.of(request.page))
            found = [
                pb.KeptLead(
                    lead_id=each.lead_id,
                    company_name=each.company_name,
                    state=common.state(each.state) if each.state else lead_pb2.LEAD_STATE_UNSPECIFIED,
                    why=each.why,
                    why_zh=each.why_zh,
                )
                for each in rows
            ]
            return pb.ListKeptLeadsResponse(leads=found, page=common.page(token))

        return self.read(request, answer)
