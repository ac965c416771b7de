"""Why two figures of a period differ, to the fen: each row in exactly one class (N7.2).

Money that came in is cut into parts: one for each claim and one for what is not claimed. Each side counts a part or
says why not; where they differ the first of the reasons, in the order of `Reason`, is the part's class. Nothing is left
over, because the figures are sums of the same parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from chassis.kernel.calendar import local_date


class Figure(StrEnum):
    """Ids of the registry of definitions, and what comes from elsewhere."""

    BANK_CREDITS = "bank_credits"
    COLLECTED = "collected"
    COLLECTED_BY_DUE = "collected_by_due"
    OUTSIDE = "outside"


class Reason(StrEnum):
    """Why a side does not count a part; in order of precedence."""

    DEFINITION = "definition"
    UNSYNCHRONISED = "unsynchronised"
    MANUAL = "manual"
    UNCLAIMED = "unclaimed"
    TIMING = "timing"


PRECEDENCE = tuple(Reason)


@dataclass(frozen=True)
class Claim:
    """`due_on` is None for what was given back."""

    claim_id: str
    contract_number: str
    customer_name: str
    due_on: date | None
    fen: int
    claimed_at: datetime
    undone_at: datetime | None = None

    def stands(self, at: datetime) -> bool:
        return self.claimed_at <= at and (self.undone_at is None or self.undone_at > at)


@dataclass(frozen=True)
class Credit:
    """Money in at the bank. `told_at`: when it came to be known here, None before that was kept.

    `hand_until`: entered by hand, until the bank told of it; None when it never was, `FOREVER` while it has not.
    """

    entry_id: str
    account: str
    serial: str
    bank_reference: str
    booked_on: date
    payer_name: str
    fen: int
    told_at: datetime | None = None
    matures_on: date | None = None
    hand_until: datetime | None = None
    claims: tuple[Claim, ...] = ()

    def known(self, at: datetime) -> bool:
        return self.told_at is None or self.told_at <= at

    def by_hand(self, at: datetime) -> bool:
        return self.hand_until is not None and self.hand_until > at


@dataclass(frozen=True)
class Side:
    """A figure of a period as it was at an instant. `listed`: credits that an outside figure names, by entry id."""

    figure: Figure
    first: date
    last: date
    as_of: datetime
    listed: frozenset[str] = frozenset()

    def within(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True)
class Part:
    """Of a credit: what one claim took, or what none did. `covers`: it is a share of the money, not a claim that was
    taken back and whose money is in another part."""

    credit: Credit
    claim: Claim | None
    fen: int
    covers: bool


@dataclass(frozen=True)
class Row:
    """A part that the two figures count differently, in its class. `entry_id` is empty for what no bank row backs."""

    reason: Reason
    a_fen: int
    b_fen: int
    entry_id: str = ""
    serial: str = ""
    booked_on: date | None = None
    due_on: date | None = None
    payer_name: str = ""
    contract_number: str = ""
    note: str = ""
    note_zh: str = ""

    @property
    def difference(self) -> int:
        return self.a_fen - self.b_fen


@dataclass(frozen=True)
class Bridge:
    """`agreed`: parts that both count alike."""

    a_fen: int
    b_fen: int
    rows: tuple[Row, ...]
    agreed: int

    @property
    def residual(self) -> int:
        """What no row explains: always 0."""
        return self.a_fen - self.b_fen - sum(each.difference for each in self.rows)

    def of(self, reason: Reason) -> list[Row]:
        return [each for each in self.rows if each.reason is reason]


def parts(credit: Credit, early: datetime, late: datetime) -> list[Part]:
    """The money is shared out as claims stood at the later of the two instants."""
    sharing = [each for each in credit.claims if each.stands(late)]
    taken_back = [each for each in credit.claims if each.stands(early) and not each.stands(late)]
    found = [Part(credit, each, each.fen, covers=True) for each in sharing]
    found += [Part(credit, each, each.fen, covers=False) for each in taken_back]
    rest = credit.fen - sum(each.fen for each in sharing)
    return [*found, Part(credit, None, rest, covers=True)] if rest else found


def reasons(part: Part, side: Side) -> set[Reason]:
    """Why this side does not count it; none when it does."""
    credit, claim, at = part.credit, part.claim, side.as_of
    found = set() if credit.known(at) else {Reason.UNSYNCHRONISED}
    if side.figure is Figure.OUTSIDE:
        if credit.entry_id not in side.listed:
            found.add(Reason.UNSYNCHRONISED if side.within(credit.booked_on) else Reason.TIMING)
        else:
            found.clear()
        return found if part.covers else found | {Reason.UNCLAIMED}
    if side.figure is Figure.BANK_CREDITS:
        found |= set() if side.within(credit.booked_on) else {Reason.TIMING}
        return found if part.covers else found | {Reason.UNCLAIMED}
    if (claim is not None and claim.due_on is None) or _is_to_mature(credit, at):
        found.add(Reason.DEFINITION)
    if claim is None or not claim.stands(at):
        found.add(Reason.UNCLAIMED)
    if not side.within(_day(part, side.figure)):
        found.add(Reason.TIMING)
    return found


def counted(part: Part, side: Side) -> int:
    return 0 if reasons(part, side) else part.fen


def total(credits: Iterable[Credit], side: Side) -> int:
    """The figure by itself, as a report computes it: without looking at another one."""
    return sum(_of_credit(each, side) for each in credits)


def explain(credits: Sequence[Credit], a: Side, b: Side) -> tuple[list[Row], int]:
    """Rows in which the two differ, and how many parts they count alike."""
    early, late = sorted((a.as_of, b.as_of))
    rows, agreed = [], 0
    for credit in credits:
        for part in parts(credit, early, late):
            in_a, in_b = counted(part, a), counted(part, b)
            if in_a != in_b:
                rows.append(_row(part, in_a, in_b, why(part, a if in_b else b)))
            else:
                agreed += bool(in_a)
    return rows, agreed


def why(part: Part, missing: Side) -> Reason:
    """`missing`: the side that does not count it. What rests on a voucher alone is told before claims and days."""
    found = reasons(part, missing)
    if part.credit.by_hand(missing.as_of):
        found.add(Reason.MANUAL)
    return next(each for each in PRECEDENCE if each in found)


def _of_credit(credit: Credit, side: Side) -> int:
    if side.figure is Figure.OUTSIDE:
        return credit.fen if credit.entry_id in side.listed else 0
    if not credit.known(side.as_of):
        return 0
    if side.figure is Figure.BANK_CREDITS:
        return credit.fen if side.within(credit.booked_on) else 0
    if _is_to_mature(credit, side.as_of):
        return 0
    standing = [each for each in credit.claims if each.stands(side.as_of) and each.due_on is not None]
    if side.figure is Figure.COLLECTED_BY_DUE:
        return sum(each.fen for each in standing if each.due_on is not None and side.within(each.due_on))
    return sum(each.fen for each in standing) if side.within(credit.matures_on or credit.booked_on) else 0


def _is_to_mature(credit: Credit, at: datetime) -> bool:
    return credit.matures_on is not None and credit.matures_on > local_date(at)


def _day(part: Part, figure: Figure) -> date:
    """The day by which the figure counts it."""
    if figure is Figure.COLLECTED_BY_DUE and part.claim is not None and part.claim.due_on is not None:
        return part.claim.due_on
    return part.credit.matures_on or part.credit.booked_on


def _row(part: Part, in_a: int, in_b: int, reason: Reason) -> Row:
    credit, claim = part.credit, part.claim
    return Row(
        reason=reason,
        a_fen=in_a,
        b_fen=in_b,
        entry_id=credit.entry_id,
        serial=credit.serial,
        booked_on=credit.booked_on,
        due_on=claim.due_on if claim else None,
        payer_name=credit.payer_name,
        contract_number=claim.contract_number if claim else "",
    )
