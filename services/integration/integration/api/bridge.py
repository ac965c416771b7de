"""BridgeService: decode, call, encode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import grpc

from chassis.files import FileStore
from chassis.kernel.calendar import local_date
from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.integration.v1 import bridge_service_pb2 as pb
from closeloop.integration.v1 import bridge_service_pb2_grpc as pb_grpc
from integration.bridge.compare_figures import Compared, compare_figures
from integration.bridge.enter_outside_figure import enter_outside_figure, get_outside_figure
from integration.bridge.export_rules import as_csv
from integration.bridge.read_outside_rows import read_outside_rows
from integration.definitions.policy import DefinitionsPolicy
from integration.mapping import bridge as mapping
from integration.mapping.common import page_info

Context = grpc.ServicerContext


class _Asks(Protocol):
    """What all three requests ask for."""

    @property
    def period(self) -> pb.BridgePeriod: ...
    @property
    def a(self) -> pb.BridgeSide: ...
    @property
    def b(self) -> pb.BridgeSide: ...


class BridgeService(Servicer, pb_grpc.BridgeServiceServicer):
    def __init__(self, uow: UnitOfWork, definitions: Callable[[], DefinitionsPolicy], files: FileStore) -> None:
        super().__init__(uow)
        self._definitions = definitions
        self._files = files

    def CompareFigures(self, request: pb.CompareFiguresRequest, context: Context) -> pb.CompareFiguresResponse:
        registry = self._definitions()

        def query(tx: Transaction) -> pb.CompareFiguresResponse:
            return mapping.compared(_compared(tx, request), registry, local_date(tx.now))

        return self.read(request, query)

    def ListBridgeRows(self, request: pb.ListBridgeRowsRequest, context: Context) -> pb.ListBridgeRowsResponse:
        page = Page.of(request.page)
        reason = mapping.CLASSES_IN.get(getattr(request, "class"))

        def query(tx: Transaction) -> pb.ListBridgeRowsResponse:
            bridge = _compared(tx, request).bridge
            first = int(page.after.get("at", 0))
            rows = (bridge.rows if reason is None else tuple(bridge.of(reason)))[first : first + page.limit]
            kept, token = page.cut(rows, lambda _: {"at": first + page.size})
            return pb.ListBridgeRowsResponse(rows=[mapping.row(each) for each in kept], page=page_info(token))

        return self.read(request, query)

    def ExportBridge(self, request: pb.ExportBridgeRequest, context: Context) -> pb.ExportBridgeResponse:
        def query(tx: Transaction) -> pb.ExportBridgeResponse:
            found = _compared(tx, request)
            name = f"bridge-{request.period.first_on}-{request.period.last_on}.csv"
            return pb.ExportBridgeResponse(filename=name, csv=as_csv(found.bridge, found.names))

        return self.read(request, query)

    def EnterOutsideFigure(
        self, request: pb.EnterOutsideFigureRequest, context: Context
    ) -> pb.EnterOutsideFigureResponse:
        told = mapping.told_in(request)
        rows = read_outside_rows(self._files, told.file_id) if told.file_id else ()

        def decide(tx: Transaction) -> pb.EnterOutsideFigureResponse:
            return pb.EnterOutsideFigureResponse(figure=mapping.figure(enter_outside_figure(tx, told, rows)))

        return self.change(request, decide)

    def GetOutsideFigure(self, request: pb.GetOutsideFigureRequest, context: Context) -> pb.GetOutsideFigureResponse:
        def query(tx: Transaction) -> pb.GetOutsideFigureResponse:
            return pb.GetOutsideFigureResponse(figure=mapping.figure(get_outside_figure(tx, request.figure_id)))

        return self.read(request, query)


def _compared(tx: Transaction, request: _Asks) -> Compared:
    period = mapping.period_in(request.period)
    return compare_figures(tx, period, mapping.which_in(request.a), mapping.which_in(request.b))
