"""Take what sources say about orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from chassis.unit_of_work import Transaction
from incentives.deals import store
from incentives.deals.rules import OrderSource, SourceId, Withdrawal, heard
from incentives.deals.settle_deals import Settlement, settle_deals
from incentives.ledger.store import lock_books
from incentives.slips.causes import Behalf, Causes
from incentives.slips.store import move_slips


@dataclass(frozen=True)
class Told:
    """What a source said, and on whose behalf its effects are recorded."""

    fact: OrderSource | Withdrawal
    behalf: Behalf = nullcontext


@dataclass(frozen=True)
class _News:
    """`before`: the deal that the order belonged to until now."""

    order: OrderSource
    before: str
    behalf: Behalf

    @property
    def keys(self) -> set[str]:
        return {self.before, self.order.deal_key}


def take_orders(tx: Transaction, told: Sequence[Told], settlement: Settlement) -> None:
    """Each version once; one that is older than what is known changes nothing."""
    lock_books(tx)
    held = store.held_sources(tx, {each.fact.id for each in told})
    for turn in _turns(told, held):
        _take(tx, turn, settlement)


def _turns(told: Sequence[Told], held: Mapping[SourceId, OrderSource]) -> Iterator[list[_News]]:
    """As many together as touch different deals: what is said of one deal twice is booked twice, as if it had come
    in two polls."""
    known, turn, touched = dict(held), list[_News](), set[str]()
    for each in told:
        before = known.get(each.fact.id)
        order = heard(before, each.fact)
        if order is None:
            continue
        known[order.id] = order
        news = _News(order, before.deal_key if before else order.deal_key, each.behalf)
        if touched & news.keys:
            yield turn
            turn, touched = [], set()
        turn.append(news)
        touched |= news.keys
    if turn:
        yield turn


def _take(tx: Transaction, turn: Sequence[_News], settlement: Settlement) -> None:
    store.save_sources(tx, [each.order for each in turn])
    for each in turn:
        if each.before != each.order.deal_key and not store.sources_of(tx, [each.before]):
            move_slips(tx, each.before, each.order.deal_key, each.order.contract_number)
            store.move_split(tx, each.before, each.order.deal_key)
    causes = Causes({key: each.behalf for each in turn for key in each.keys})
    settle_deals(tx, {key for each in turn for key in each.keys}, settlement, causes)
