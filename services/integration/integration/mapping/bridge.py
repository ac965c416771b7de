"""Bridges as contract messages."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Row as SqlRow

from chassis.errors import InvalidInput, Violation
from closeloop.common.v1.provenance_pb2 import Provenance
from closeloop.integration.v1 import bridge_service_pb2 as pb
from integration.bridge.compare_figures import Compared, Which
from integration.bridge.enter_outside_figure import Told
from integration.bridge.rules import Bridge, Figure, Reason, Row
from integration.definitions.policy import DefinitionsPolicy
from integration.definitions.rules import named
from integration.mapping.common import day, instant, instant_in, money

FIGURES_IN = {pb.Figure.Value(f"FIGURE_{each.upper()}"): each for each in Figure}
CLASSES = {each: pb.BridgeClass.Value(f"BRIDGE_CLASS_{each.upper()}") for each in Reason}
CLASSES_IN = {number: each for each, number in CLASSES.items()}


def period_in(period: pb.BridgePeriod) -> tuple[date, date]:
    """Raises InvalidInput for days that are none."""
    return _day_in("first_on", period.first_on), _day_in("last_on", period.last_on)


def which_in(side: pb.BridgeSide) -> Which:
    as_of = instant_in(side.as_of) if side.HasField("as_of") else None
    return Which(FIGURES_IN[side.figure], side.outside_figure_id, as_of)


def told_in(request: pb.EnterOutsideFigureRequest) -> Told:
    first, last = period_in(request.period)
    total = request.total.fen if request.HasField("total") else None
    return Told(request.name, first, last, total, request.file_id, request.source)


def compared(found: Compared, registry: DefinitionsPolicy, today: date) -> pb.CompareFiguresResponse:
    bridge = found.bridge
    a, b = (_label(name, registry, today) for name in found.names)
    return pb.CompareFiguresResponse(
        a=pb.BridgeFigure(definition=a, total=money(bridge.a_fen)),
        b=pb.BridgeFigure(definition=b, total=money(bridge.b_fen)),
        difference=money(bridge.a_fen - bridge.b_fen),
        classes=[_sum(bridge, reason) for reason in Reason],
        residual=money(bridge.residual),
        agreed=bridge.agreed,
        provenance=Provenance(
            definition=f"{a} | {b}",
            provisional=found.provisional,
            complete_until=instant(found.complete_until),
            note="provisional: the bank's data are not proved complete" if found.provisional else "",
        ),
    )


def row(each: Row) -> pb.BridgeRow:
    return pb.BridgeRow(
        receipt_id=each.entry_id,
        serial=each.serial,
        booked_on=day(each.booked_on),
        due_on=day(each.due_on),
        payer_name=each.payer_name,
        contract_number=each.contract_number,
        figure_a=money(each.a_fen),
        figure_b=money(each.b_fen),
        difference=money(each.difference),
        note=each.note,
        note_zh=each.note_zh,
        **{"class": CLASSES[each.reason]},
    )


def figure(row: SqlRow[Any]) -> pb.OutsideFigure:
    return pb.OutsideFigure(
        figure_id=row.id,
        name=row.name,
        period=pb.BridgePeriod(first_on=day(row.first_on), last_on=day(row.last_on)),
        total=money(row.total_fen),
        rows=row.rows,
        source=row.source,
        entered_by=row.entered_by,
        entered_at=instant(row.entered_at),
    )


def _sum(bridge: Bridge, reason: Reason) -> pb.BridgeClassSum:
    rows = bridge.of(reason)
    difference = money(sum(each.difference for each in rows))
    return pb.BridgeClassSum(difference=difference, rows=len(rows), **{"class": CLASSES[reason]})


def _label(name: str, registry: DefinitionsPolicy, today: date) -> str:
    return str(named(registry.definitions, name, today)) if name in registry.definitions else name


def _day_in(field: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput.of(Violation(field, "is no day of the calendar", "日期无效")) from None
