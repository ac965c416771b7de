"""The three-way board as contract messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from closeloop.common.v1.provenance_pb2 import Provenance
from closeloop.integration.v1 import three_way_service_pb2 as pb
from integration.board.list_board import Board, period
from integration.board.list_store import Filters
from integration.board.origin_rules import Origin, steps_of
from integration.board.read_thread import ThreadView
from integration.board.reason_rules import reason_of
from integration.board.steps_rules import Step, StepKind, in_order
from integration.claiming.summarise_collections import note_of
from integration.mapping.common import day, money, page_info

DEFINITION = "three-way-1"
COLOURS = {
    "green": pb.MATCH_COLOUR_GREEN,
    "yellow": pb.MATCH_COLOUR_YELLOW,
    "red": pb.MATCH_COLOUR_RED,
}
COLOURS_IN = {number: name for name, number in COLOURS.items()}
SIDES = {
    "contract": pb.MATCH_SIDE_CONTRACT,
    "due": pb.MATCH_SIDE_DUE,
    "delivery": pb.MATCH_SIDE_DELIVERY,
    "receipt": pb.MATCH_SIDE_RECEIPT,
    "invoice": pb.MATCH_SIDE_INVOICE,
}
KINDS = {kind: pb.ThreadStepKind.Value(f"THREAD_STEP_KIND_{kind.name}") for kind in StepKind}


def filters_in(request: pb.ListThreeWayRequest) -> Filters:
    """Raises InvalidInput for a day that is none."""
    since, until = period(request.since, request.until)
    return Filters(
        colours=tuple(COLOURS_IN[each] for each in request.colours),
        customer_code=request.customer_code,
        salesperson_id=request.salesperson_id,
        contract_number=request.contract_number,
        since=since,
        until=until,
        offsetting_only=request.offsetting_only,
    )


def customer_filters_in(request: pb.ListThreeWayCustomersRequest) -> Filters:
    """Raises InvalidInput for a day that is none."""
    since, until = period(request.since, request.until)
    return Filters(salesperson_id=request.salesperson_id, since=since, until=until)


def customer(told: Row[Any]) -> pb.ThreeWayCustomer:
    worst = next(each for each in ("red", "yellow", "green") if getattr(told, each))
    return pb.ThreeWayCustomer(
        customer_code=told.customer_code,
        customer_name=told.customer_name,
        colour=COLOURS[worst],
        green=told.green,
        yellow=told.yellow,
        red=told.red,
        contract=money(int(told.contract_fen), told.currency),
        due=money(int(told.due_fen), told.currency),
        delivered=money(int(told.delivered_fen), told.currency),
        received=money(int(told.received_fen), told.currency),
        invoiced=money(int(told.invoiced_fen), told.currency),
        drafts=money(int(told.draft_fen), told.currency),
    )


def board(found: Board, standing: tuple[bool, datetime | None]) -> pb.ListThreeWayResponse:
    return pb.ListThreeWayResponse(
        rows=[row(dict(each._mapping)) for each in found.rows],
        totals=[total(each) for each in found.totals],
        page=page_info(found.next_token),
        provenance=provenance(*standing),
    )


def row(told: Mapping[str, Any]) -> pb.ThreeWayRow:
    currency = told["currency"]
    reason = reason_of(
        told["missing"], told["differences"], currency, paid_without_contract=told["paid_without_contract"]
    )
    return pb.ThreeWayRow(
        thread=told["thread"],
        contract_number=told["contract_number"],
        order_ids=told["order_ids"],
        customer_code=told["customer_code"],
        customer_name=told["customer_name"],
        salesperson_id=told["salesperson_id"],
        day=day(told["day"]),
        colour=COLOURS[told["colour"]],
        contract=money(told["contract_fen"], currency),
        due=money(told["due_fen"], currency),
        delivered=money(told["delivered_fen"], currency),
        received=money(told["received_fen"], currency),
        fees=money(told["fee_fen"], currency),
        invoiced=money(told["invoiced_fen"], currency),
        drafts=money(told["draft_fen"], currency),
        missing=[SIDES[each] for each in told["missing"]],
        differences=[difference(each, currency) for each in told["differences"]],
        offsets=[offset(each, currency) for each in told["offsets"]],
        paid_without_contract=told["paid_without_contract"],
        reason=reason[0],
        reason_zh=reason[1],
    )


def difference(told: Mapping[str, Any], currency: str) -> pb.MatchDifference:
    return pb.MatchDifference(side=SIDES[told["side"]], amount=money(told["fen"], currency), order_id=told["order_id"])


def offset(told: Mapping[str, Any], currency: str) -> pb.MatchOffset:
    return pb.MatchOffset(
        side=SIDES[told["side"]],
        order_id=told["order_id"],
        other_contract_number=told["thread"],
        other_side=SIDES[told["other_side"]],
        other_order_id=told["other_order_id"],
        other_amount=money(told["fen"], currency),
    )


def total(told: Row[Any]) -> pb.ThreeWayTotal:
    return pb.ThreeWayTotal(
        colour=COLOURS[told.colour],
        rows=told.rows,
        contract=money(int(told.contract_fen), told.currency),
        due=money(int(told.due_fen), told.currency),
        delivered=money(int(told.delivered_fen), told.currency),
        received=money(int(told.received_fen), told.currency),
        invoiced=money(int(told.invoiced_fen), told.currency),
        drafts=money(int(told.draft_fen), told.currency),
    )


def thread(view: ThreadView, standing: tuple[bool, datetime | None]) -> pb.Thread:
    return pb.Thread(
        thread=view.thread,
        contract_number=view.contract_number,
        rows=[row(each) for each in view.rows],
        steps=[step(each) for each in in_order(view.steps)],
        provenance=provenance(*standing),
    )


def with_origin(told: pb.Thread, origins: Sequence[Origin] | None) -> pb.Thread:
    """With the steps before the contract. None: forecast did not answer, or there was nothing to ask."""
    before = in_order(steps_of(origins or ()))
    whole = pb.Thread(steps=[*map(step, before), *told.steps], origin_known=origins is not None)
    del told.steps[:]
    told.MergeFrom(whole)
    return told


def step(told: Step) -> pb.ThreadStep:
    return pb.ThreadStep(
        kind=KINDS[told.kind],
        id=told.id,
        day=day(told.day),
        state=told.state,
        amount=None if told.fen is None else money(told.fen, told.currency),
        text=told.text,
        link=told.link,
    )


def provenance(provisional: bool, until: datetime | None) -> Provenance:
    message = Provenance(definition=DEFINITION, provisional=provisional, note=note_of(provisional, until))
    if until is not None:
        message.complete_until.FromDatetime(until)
    return message
