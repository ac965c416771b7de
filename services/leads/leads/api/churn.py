"""Churn and repeat purchase, with their rows and sheets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Row

from chassis.errors import InvalidInput, Violation
from chassis.files import FileStore, StoredFile
from chassis.kernel.calendar import local_date
from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.sheets import Form
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.leads.v1 import churn_service_pb2 as pb
from closeloop.leads.v1 import churn_service_pb2_grpc as pb_grpc
from leads.churn.export_churn import export_churn, export_repeat, export_rows
from leads.churn.rules import REPEAT_DAYS, WINDOWS, By, Churned, ChurnFigure, Repeated, RepeatFigure, Subject
from leads.churn.store import Wish
from leads.churn.view_churn import every_row, list_churn_rows, list_repeat_rows, view_churn, view_repeat
from leads.lead.rules import Grade
from leads.mapping import common as mapping
from leads.roster import store as roster
from leads.roster.store import Person

Asked = (
    pb.GetChurnReportRequest
    | pb.ListChurnRowsRequest
    | pb.GetRepeatReportRequest
    | pb.ListRepeatRowsRequest
    | pb.ExportChurnRequest
)


_FIRST = date(2000, 1, 1)


class ChurnService(Servicer, pb_grpc.ChurnServiceServicer):
    def __init__(self, uow: UnitOfWork, files: FileStore) -> None:
        super().__init__(uow)
        self._files = files

    def GetChurnReport(self, request: pb.GetChurnReportRequest, context: Any) -> pb.GetChurnReportResponse:
        def answer(tx: Transaction) -> pb.GetChurnReportResponse:
            wish = _wish(tx, request)
            totals, figures = view_churn(tx, wish)
            people = _people(tx, wish, figures)
            return pb.GetChurnReportResponse(
                as_of=wish.as_of.isoformat(),
                totals=[_churn(each, {}) for each in totals],
                figures=[_churn(each, people) for each in figures],
            )

        return self.read(request, answer)

    def ListChurnRows(self, request: pb.ListChurnRowsRequest, context: Any) -> pb.ListChurnRowsResponse:
        def answer(tx: Transaction) -> pb.ListChurnRowsResponse:
            what = Churned(request.what)
            rows, token = list_churn_rows(tx, _wish(tx, request), request.days, what, Page.of(request.page))
            people = roster.people(tx, {row.owner_id for row in rows})
            return pb.ListChurnRowsResponse(rows=[_row(each, people) for each in rows], page=mapping.page(token))

        return self.read(request, answer)

    def GetRepeatReport(self, request: pb.GetRepeatReportRequest, context: Any) -> pb.GetRepeatReportResponse:
        def answer(tx: Transaction) -> pb.GetRepeatReportResponse:
            wish = _wish(tx, request)
            total, figures = view_repeat(tx, wish, request.days or REPEAT_DAYS)
            people = _people(tx, wish, figures)
            return pb.GetRepeatReportResponse(
                as_of=wish.as_of.isoformat(),
                total=_repeat(total, {}),
                figures=[_repeat(each, people) for each in figures],
            )

        return self.read(request, answer)

    def ListRepeatRows(self, request: pb.ListRepeatRowsRequest, context: Any) -> pb.ListRepeatRowsResponse:
        def answer(tx: Transaction) -> pb.ListRepeatRowsResponse:
            days, what = request.days or REPEAT_DAYS, Repeated(request.what)
            rows, token = list_repeat_rows(tx, _wish(tx, request), days, what, Page.of(request.page))
            people = roster.people(tx, {row.owner_id for row in rows})
            found = [pb.RepeatRow(customer=_row(each, people), days=each.days) for each in rows]
            return pb.ListRepeatRowsResponse(rows=found, page=mapping.page(token))

        return self.read(request, answer)

    def ExportChurn(self, request: pb.ExportChurnRequest, context: Any) -> pb.ExportChurnResponse:
        def answer(tx: Transaction) -> pb.ExportChurnResponse:
            kept, rows = self._sheet(tx, request)
            return pb.ExportChurnResponse(file_id=kept.id, rows=rows)

        return self.change(request, answer)

    def _sheet(self, tx: Transaction, request: pb.ExportChurnRequest) -> tuple[StoredFile, int]:
        wish = _wish(tx, request)
        form: Form = "xlsx" if request.form == "xlsx" else "csv"
        name = f"{request.what}-{wish.as_of.isoformat()}"
        if request.what == "churn":
            totals, figures = view_churn(tx, wish)
            lines = [*totals, *figures]
            return export_churn(self._files, lines, _people(tx, wish, figures), form, name), len(lines)
        if request.what == "repeat":
            total, groups = view_repeat(tx, wish, request.days or REPEAT_DAYS)
            return export_repeat(self._files, [total, *groups], _people(tx, wish, groups), form, name), len(groups) + 1
        rows = _all_rows(tx, wish, request)
        people = roster.people(tx, {row.owner_id for row in rows})
        return export_rows(self._files, rows, people, form, name), len(rows)


def _all_rows(tx: Transaction, wish: Wish, request: pb.ExportChurnRequest) -> list[Row[Any]]:
    """Raises InvalidInput for rows that the report does not have."""
    if request.what == "repeat_rows" and request.rows in (*Repeated,):
        repeated, days = Repeated(request.rows), request.days or REPEAT_DAYS
        return every_row(lambda page: list_repeat_rows(tx, wish, days, repeated, page))
    if request.what == "churn_rows" and request.rows in (*Churned,) and request.days in WINDOWS:
        churned = Churned(request.rows)
        return every_row(lambda page: list_churn_rows(tx, wish, request.days, churned, page))
    raise InvalidInput.of(Violation("rows", "names no rows of this report.", "该报表没有这类明细。"))


def _wish(tx: Transaction, request: Asked) -> Wish:
    return Wish(
        _day(request.as_of, local_date(tx.now)),
        By(request.by),
        getattr(request, "group", ""),
        Subject(getattr(request, "subject", "") or Subject.CUSTOMERS),
    )


def _day(given: str, today: date) -> date:
    """Raises InvalidInput for a day that is none, or of which nothing can be told."""
    try:
        as_of = date.fromisoformat(given) if given else today
    except ValueError:
        raise InvalidInput.of(Violation("as_of", "is no day of the calendar.", "不是有效日期。")) from None
    if not _FIRST <= as_of <= today:
        raise InvalidInput.of(Violation("as_of", f"lies between {_FIRST} and today.", f"须在 {_FIRST} 至今天之间。"))
    return as_of


def _people(tx: Transaction, wish: Wish, figures: list[ChurnFigure] | list[RepeatFigure]) -> Mapping[str, Person]:
    """Whose names the groups bear."""
    return roster.people(tx, {each.group for each in figures}) if wish.by is By.REP else {}


def _churn(each: ChurnFigure, people: Mapping[str, Person]) -> pb.ChurnFigure:
    return pb.ChurnFigure(
        days=each.days,
        group=each.group,
        group_name=people[each.group].name if each.group in people else "",
        buyers=each.buyers,
        active_before=each.active_before,
        lost=each.lost,
        rate=each.rate,
        gone=each.gone,
    )


def _repeat(each: RepeatFigure, people: Mapping[str, Person]) -> pb.RepeatFigure:
    return pb.RepeatFigure(
        group=each.group,
        group_name=people[each.group].name if each.group in people else "",
        buyers=each.buyers,
        repeated=each.repeated,
        rate=each.rate,
    )


def _row(row: Row[Any], people: Mapping[str, Person]) -> pb.ChurnRow:
    return pb.ChurnRow(
        customer_id=row.customer_id,
        name=row.name,
        grade=mapping.grade_shown(Grade(row.grade) if row.grade else None),
        customer_class=row.customer_class,
        owner_id=row.owner_id,
        owner_name=people[row.owner_id].name if row.owner_id in people else "",
        unit=row.unit,
        province=row.province,
        store=row.store,
        last_bought_on=row.last.isoformat(),
    )
