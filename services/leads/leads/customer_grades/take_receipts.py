"""What was received for customers' contracts: part of how they are graded (LD2.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import text

from chassis import rows
from chassis.unit_of_work import Transaction
from leads.customer_grades import store
from leads.tables import receipt_claim

_COLUMNS = [each.name for each in receipt_claim.c]
# Taking back is the last word on a claim, whichever comes first.
_KEEP = text(
    rows.insertion(receipt_claim, _COLUMNS)
    + " ON CONFLICT (claim_id) DO UPDATE SET undone = true WHERE excluded.undone"
)


@dataclass(frozen=True)
class Claim:
    """Money claimed for a contract, or that claim taken back."""

    claim_id: str
    contract_number: str
    amount_fen: int
    currency: str
    arrived_on: date | None
    undone: bool


def take_receipts(tx: Transaction, told: Iterable[Claim]) -> None:
    """Told twice, nothing changes. The customers of the contracts are graded anew."""
    claims: Sequence[Claim] = sorted(told, key=lambda each: (each.claim_id, each.undone))
    last = {each.claim_id: each for each in claims}
    tx.execute(_KEEP, {"rows": rows.document(asdict(each) for each in last.values())})
    store.mark_of_contracts(tx, {each.contract_number for each in last.values()})
