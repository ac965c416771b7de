"""The ledger as a function of the facts (I2.4, I2.5).

An order earns by its place in history: first order of the customer, second of the rep. Places go by signing time, and
a cancelled order gives its place up at the time of the cancellation. `canonical` tells, from all facts in the order of
their effective times, what is earned and lost when; `difference` what of it is not booked yet. So a late fact books
(recomputed − booked), and neither order of arrival nor repetition changes a balance.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

# In which anything is reckoned. At the ends of the calendar a day has no next month, or no instant.
YEARS = range(2000, 3000)


class EntryKind(StrEnum):
    EARN = "earn"
    HOLD = "hold"
    RELEASE = "release"
    PAY = "pay"
    CLAW_BACK = "claw_back"
    DRAW = "draw"
    RECOVER = "recover"
    ADJUST = "adjust"


@dataclass(frozen=True)
class LedgerDeal:
    """A counted deal: the two facts of it that the ledger knows.

    `one_with`: records that were one with its customer when it was signed; their orders count with the customer's own.
    """

    key: str
    customer_id: str
    salesperson_id: str
    signed_at: datetime
    cancelled_at: datetime | None
    one_with: frozenset[str] = frozenset()

    @property
    def customers(self) -> frozenset[str]:
        return self.one_with | {self.customer_id}


@dataclass(frozen=True, order=True)
class Award:
    """Who gets something by which rule."""

    rule_id: str
    beneficiary_id: str


@dataclass(frozen=True, order=True)
class Post:
    """What an amount is booked for, and when it takes effect."""

    deal_key: str
    award: Award
    effective_at: datetime


@dataclass(frozen=True)
class Place:
    """1 = first order by signing time."""

    customer_order: int
    rep_order: int


Entitle = Callable[[str, Place], Mapping[Award, int]]


@dataclass(frozen=True)
class Earlier:
    """How many orders stand of each customer and rep that were signed before all that are looked at."""

    customers: Mapping[str, int] = field(default_factory=dict)
    reps: Mapping[str, int] = field(default_factory=dict)


def canonical(
    deals: Iterable[LedgerDeal], wanted: Collection[str], entitle: Entitle, earlier: Earlier | None = None
) -> dict[Post, int]:
    """Fen per post of the `wanted` deals. `deals` holds also the neighbours that decide their places: those signed
    since the first of the wanted ones or cancelled since. Others are none, or in `earlier`."""
    timeline = _Timeline(wanted, entitle, earlier or Earlier())
    for at, happened, deal in _facts(deals):
        timeline.take(at, happened, deal)
    return {post: fen for post, fen in timeline.posts.items() if fen}


SIGNED, CANCELLED = 0, 1


def _facts(deals: Iterable[LedgerDeal]) -> list[tuple[datetime, int, LedgerDeal]]:
    facts = [(each.signed_at, SIGNED, each) for each in deals]
    # An order can't be cancelled before it was signed, whatever a feed says.
    facts += [(max(d.cancelled_at, d.signed_at), CANCELLED, d) for _, _, d in list(facts) if d.cancelled_at is not None]
    return sorted(facts, key=lambda fact: (fact[0], fact[1], fact[2].key))


Line = list[tuple[datetime, str]]


@dataclass
class _Timeline:
    wanted: Collection[str]
    entitle: Entitle
    earlier: Earlier
    posts: dict[Post, int] = field(default_factory=lambda: defaultdict(int))
    by_customer: dict[str, Line] = field(default_factory=lambda: defaultdict(list))
    by_rep: dict[str, Line] = field(default_factory=lambda: defaultdict(list))
    # Customer → those whose orders count its own.
    counted_by: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    deals: dict[str, LedgerDeal] = field(default_factory=dict)
    held: dict[str, Mapping[Award, int]] = field(default_factory=dict)

    def take(self, at: datetime, happened: int, deal: LedgerDeal) -> None:
        mark, lines = (deal.signed_at, deal.key), (self.by_customer[deal.customer_id], self.by_rep[deal.salesperson_id])
        if happened == SIGNED:
            self.deals[deal.key] = deal
            for line in lines:
                insort(line, mark)
            for each in deal.customers:
                self.counted_by[each].add(deal.customer_id)
            self._hold(at, deal, self._due(deal))
            return
        self._hold(at, deal, {})
        for line in lines:
            del line[bisect_left(line, mark)]
        behind = [self.by_rep[deal.salesperson_id], *(self.by_customer[x] for x in self.counted_by[deal.customer_id])]
        moved = {key for line in behind for _, key in line[bisect_left(line, mark) :]}
        for key in sorted(moved):
            self._hold(at, self.deals[key], self._due(self.deals[key]))

    def _due(self, deal: LedgerDeal) -> Mapping[Award, int]:
        if deal.key not in self.wanted:
            return {}
        mark = deal.signed_at, deal.key
        of_customer = sum(
            bisect_left(self.by_customer[each], mark) + self.earlier.customers.get(each, 0) for each in deal.customers
        )
        of_rep = bisect_left(self.by_rep[deal.salesperson_id], mark) + self.earlier.reps.get(deal.salesperson_id, 0)
        return self.entitle(deal.key, Place(of_customer + 1, of_rep + 1))

    def _hold(self, at: datetime, deal: LedgerDeal, due: Mapping[Award, int]) -> None:
        held = self.held.get(deal.key, {})
        for award in held.keys() | due.keys():
            change = due.get(award, 0) - held.get(award, 0)
            if change:
                self.posts[Post(deal.key, award, at)] += change
        self.held[deal.key] = due


def difference(
    recomputed: Mapping[Post, int], booked: Mapping[Post, int], unknown: Collection[tuple[str, str]]
) -> dict[Post, int]:
    """What is still to be booked. `unknown`: (deal, rule) that could not be run now, of which nothing is touched."""
    changes = {post: recomputed.get(post, 0) - booked.get(post, 0) for post in recomputed.keys() | booked.keys()}
    return {
        post: changes[post] for post in sorted(changes)
        if changes[post] and (post.deal_key, post.award.rule_id) not in unknown
    }  # fmt: skip


def standing(posts: Mapping[Post, int]) -> dict[tuple[str, Award], int]:
    """What each deal gives in the end."""
    found: dict[tuple[str, Award], int] = defaultdict(int)
    for post, fen in posts.items():
        found[post.deal_key, post.award] += fen
    return dict(found)


@dataclass(frozen=True)
class Booked:
    kind: EntryKind
    fen: int
    effective_at: datetime


@dataclass(frozen=True)
class Balance:
    """`held_fen` is earned, and waits for a budget."""

    earned_fen: int
    paid_fen: int
    held_fen: int = 0

    @property
    def balance_fen(self) -> int:
        return self.earned_fen - self.held_fen - self.paid_fen


# Entries that say what somebody is entitled to; the others move money that was earned.
EARNING = {EntryKind.EARN, EntryKind.CLAW_BACK, EntryKind.ADJUST}
WAITING = {EntryKind.HOLD, EntryKind.RELEASE}


def balance(entries: Sequence[Booked], at: datetime) -> Balance:
    """Entries that took effect until `at`."""
    counted = [each for each in entries if each.effective_at <= at]
    earned = sum(each.fen for each in counted if each.kind in EARNING)
    held = -sum(each.fen for each in counted if each.kind in WAITING)
    return Balance(earned, -sum(each.fen for each in counted if each.kind is EntryKind.PAY), held)
