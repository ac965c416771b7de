"""Money that went back to a customer: which receipt it gives back, and what of its claims can still stand (N4.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from integration.receivables.name_rules import payer_key


@dataclass(frozen=True)
class Moved:
    """An entry, in or out, by what a refund and its receipt have in common."""

    id: str
    fen: int
    currency: str
    name: str
    account: str


@dataclass(frozen=True)
class Standing:
    claim_id: str
    fen: int


def given_back(refund: Moved, receipts: Iterable[Moved]) -> str | None:
    """The one receipt of this payee with this amount; None when there are several or none: a person decides."""
    found = [each.id for each in receipts if is_payee(refund, each) and each.fen == refund.fen]
    return found[0] if len(found) == 1 else None


def is_payee(refund: Moved, receipt: Moved) -> bool:
    """The payee is who paid, by account, or by name where one of the accounts is not told."""
    if refund.currency != receipt.currency:
        return False
    if refund.account and receipt.account:
        return refund.account == receipt.account
    key = payer_key(refund.name)
    return bool(key) and key == payer_key(receipt.name)


def to_take_back(standing: Sequence[Standing], excess_fen: int) -> tuple[list[str], Standing | None]:
    """Claims that can't stand, and what stays of the last of them. `standing`: the latest first."""
    taken: list[str] = []
    left = excess_fen
    for each in standing:
        if left <= 0:
            break
        taken.append(each.claim_id)
        left -= each.fen
    return taken, Standing(taken[-1], -left) if left < 0 else None
