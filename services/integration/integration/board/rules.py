"""How contract, delivery, receipt and invoice of a contract match (三单匹配, N5.1). Amounts are fen of one currency."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from integration.board.pairing_rules import cancel, nearest
from integration.board.policy import ThreeWayPolicy


class Colour(StrEnum):
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class Side(StrEnum):
    CONTRACT = "contract"
    DUE = "due"
    DELIVERY = "delivery"
    RECEIPT = "receipt"
    INVOICE = "invoice"


@dataclass(frozen=True)
class OrderSides:
    """Of one order among several of a contract: its amount, and the documents that name it."""

    order_id: str
    amount: int
    delivered: int | None = None
    invoiced: int | None = None


@dataclass(frozen=True)
class Sides:
    """What the documents say by today; None: there is no such document.

    `contract`: active orders; 0 when all are cancelled. `due`: receivables due by today, `planned`: all of them.
    `received`: claimed money that counts by today, with what banks kept on its way. `cancelled`: no order is active.
    """

    contract: int | None = None
    due: int | None = None
    planned: int = 0
    delivered: int | None = None
    received: int | None = None
    invoiced: int | None = None
    cancelled: bool = False
    orders: tuple[OrderSides, ...] = ()


@dataclass(frozen=True)
class Difference:
    """Above zero: more than the contract asks for. `order_id`: of one order of the contract, else of the whole."""

    side: Side
    fen: int
    order_id: str = ""


@dataclass(frozen=True)
class Offset:
    """Two differences that cancel, so that a sum over both looks right."""

    first: Difference
    second: Difference


@dataclass(frozen=True)
class Verdict:
    colour: Colour
    missing: tuple[Side, ...] = ()
    differences: tuple[Difference, ...] = ()
    offsets: tuple[Offset, ...] = ()
    paid_without_contract: bool = False


def judge(sides: Sides, policy: ThreeWayPolicy) -> Verdict:
    """Red: a difference above the tolerance, or paid without a contract entered. Yellow: a document is missing."""
    differences = tuple(_differences(sides, policy))
    missing = missing_of(sides)
    unentered = sides.contract is None and bool(sides.received)
    wrong = unentered or any(is_red(each, policy) for each in differences)
    colour = Colour.RED if wrong else Colour.YELLOW if missing else Colour.GREEN
    return Verdict(colour, missing, differences, offsets_within(differences, policy), unentered)


def is_red(difference: Difference, policy: ThreeWayPolicy) -> bool:
    return abs(difference.fen) > policy.tolerance_fen


def missing_of(sides: Sides) -> tuple[Side, ...]:
    """Of a cancelled contract nothing is; money is missing from the day on which something is due."""
    told = {
        Side.CONTRACT: sides.contract,
        Side.DUE: sides.due,
        Side.DELIVERY: sides.delivered,
        Side.RECEIPT: sides.received if sides.due else 0,
        Side.INVOICE: sides.invoiced,
    }
    return () if sides.cancelled else tuple(side for side, fen in told.items() if fen is None)


def beyond(told: int, least: int, most: int) -> int:
    """By how much an amount is above or below what may be."""
    return max(told - most, 0) + min(told - least, 0)


def _differences(sides: Sides, policy: ThreeWayPolicy) -> Iterator[Difference]:
    """What is due by today is the least, the whole contract the most. What is not there differs in nothing."""
    if sides.contract is None and sides.due is None:
        return
    least = sides.due or 0
    whole = sides.planned if sides.contract is None else sides.contract
    most = max(least, whole) if policy.ahead_is_fine else least
    if sides.contract is not None:
        yield from _told(Side.DUE, beyond(least, 0, sides.contract))
    for side, fen in ((Side.DELIVERY, sides.delivered), (Side.RECEIPT, sides.received), (Side.INVOICE, sides.invoiced)):
        if fen is not None:
            yield from _told(side, beyond(fen, least, most))
    if len(sides.orders) > 1:
        yield from _of_orders(Side.DELIVERY, [(each, each.delivered) for each in sides.orders])
        yield from _of_orders(Side.INVOICE, [(each, each.invoiced) for each in sides.orders])


def _of_orders(side: Side, told: Sequence[tuple[OrderSides, int | None]]) -> Iterator[Difference]:
    """An order that has more than its amount has what others lack; while none has, the others just wait."""
    gaps = [(order.order_id, fen - order.amount) for order, fen in told if fen is not None]
    if any(gap > 0 for _, gap in gaps):
        for order_id, gap in gaps:
            yield from _told(side, gap, order_id)


def _told(side: Side, fen: int, order_id: str = "") -> Iterator[Difference]:
    if fen:
        yield Difference(side, fen, order_id)


def offsets_within(differences: Sequence[Difference], policy: ThreeWayPolicy) -> tuple[Offset, ...]:
    """Pairs of one contract that cancel: its sides against each other, its orders against each other on one side."""
    whole = [each for each in differences if not each.order_id]
    found = [
        Offset(first, second)
        for first, second in combinations(whole, 2)
        if cancel(first.fen, second.fen, policy.tolerance_fen)
    ]
    for side in (Side.DELIVERY, Side.INVOICE):
        found += _of_one_side([each for each in differences if each.order_id and each.side is side], policy)
    return tuple(found)


def _of_one_side(orders: Sequence[Difference], policy: ThreeWayPolicy) -> list[Offset]:
    pairs = nearest([each.fen for each in orders], policy.tolerance_fen)
    return [
        Offset(orders[first], orders[second]) for first, second in sorted({_sorted(*pair) for pair in pairs.items()})
    ]


def _sorted(first: int, second: int) -> tuple[int, int]:
    return min(first, second), max(first, second)
