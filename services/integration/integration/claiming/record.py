"""Writes claims, or their undoing, with everything that follows. Receipts and receivables are locked by the caller."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

from sqlalchemy import Row

from chassis.audit import Entry
from chassis.deadlines import Start
from chassis.kernel.calendar import instant, local_date
from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from integration.claiming import store
from integration.claiming.draft_rules import BankDraft, counts_on, is_of_the_future
from integration.claiming.events import ReceiptClaimed, ReceiptUnclaimed
from integration.claiming.record_refund import release_refund
from integration.claiming.rules import REFUND, Part, overdrawn, state_after
from integration.receivables import store as receivables

# A claim on a draft is told when the draft matures.
MATURES = "draft.matures"
BEYOND = ("more than the receivable has open", "超出应收款未收金额")
WHOSE = ("receivable_id", "contract_number", "customer_code", "customer_name", "salesperson_id")


@dataclass(frozen=True)
class Claiming:
    """A receipt and what it is claimed for."""

    receipt: Row[Any]
    parts: Sequence[Part]
    method: str
    confidence: float
    draft: BankDraft | None = None
    en: str = ""
    zh: str = ""

    @property
    def claimed_fen(self) -> int:
        return int(self.receipt.claimed_fen) + sum(part.fen for part in self.parts)

    @property
    def settled(self) -> store.Settled:
        state = state_after(self.receipt.amount_fen, self.claimed_fen)
        return store.Settled(self.receipt.id, self.claimed_fen, state, self.en, self.zh)


def record_claims(
    tx: Transaction, claimings: Sequence[Claiming], due: Mapping[str, Row[Any]], taken: Counter[str] | None = None
) -> list[str]:
    """Ids of the claims, in the order of the parts. `due`: the receivables as they are locked.

    Whatever was decided, a receivable is never claimed beyond its amount: what asks for more of it waits.
    `taken`: what this transaction claimed, in fen, since `due` was read; counted on.
    """
    taken = Counter() if taken is None else taken
    claimings = _within_open(tx, claimings, due, taken)
    if not claimings:
        return []
    rows = [_row(tx, each, part, due[part.receivable_id]) for each in claimings for part in each.parts]
    store.add(tx, rows)
    store.settle_receivables(tx, [(row["receivable_id"], row["amount_fen"] + row["fee_fen"]) for row in rows])
    for row in rows:
        taken[row["receivable_id"]] += row["amount_fen"] + row["fee_fen"]
    store.settle_receipts(tx, [each.settled for each in claimings])
    tx.audit_all(_audited(row) for row in rows)
    _tell(tx, claimings, rows)
    return [row["id"] for row in rows]


def _within_open(
    tx: Transaction, claimings: Sequence[Claiming], due: Mapping[str, Row[Any]], taken: Counter[str]
) -> list[Claiming]:
    parts = [part for each in claimings for part in each.parts]
    rows = {part.receivable_id: due[part.receivable_id] for part in parts}
    open_fen = {id_: max(row.amount_fen - row.claimed_fen - taken[id_], 0) for id_, row in rows.items()}
    beyond = overdrawn(parts, open_fen)
    fits = [not any(part.receivable_id in beyond for part in each.parts) for each in claimings]
    store.explain(tx, [(each.receipt.id, *BEYOND) for each, fit in zip(claimings, fits, strict=True) if not fit])
    return list(compress(claimings, fits))


def _row(tx: Transaction, claiming: Claiming, part: Part, due: Row[Any]) -> dict[str, Any]:
    return {name: getattr(due, name) for name in WHOSE} | {
        "id": new_id(),
        "receipt_id": claiming.receipt.id,
        "amount_fen": part.fen,
        "fee_fen": part.fee_fen,
        "currency": claiming.receipt.currency,
        "method": claiming.method,
        "confidence": claiming.confidence,
        "claimed_by": tx.identity.subject,
        "claimed_at": tx.now,
    }


def _audited(row: Mapping[str, Any]) -> Entry:
    after = {name: row[name] for name in WHOSE} | {"fen": row["amount_fen"], "method": row["method"]}
    if row["fee_fen"]:
        after["fee_fen"] = row["fee_fen"]
    return Entry("receipt.claim", "receipt", row["receipt_id"], after=after)


def _tell(tx: Transaction, claimings: Sequence[Claiming], rows: Sequence[Mapping[str, Any]]) -> None:
    """Now, or when the draft matures. `rows`: of the claims' parts, in their order."""
    left, later = iter(rows), []
    for each in claimings:
        own = [next(left) for _ in each.parts]
        day = counts_on(each.receipt.booked_on, each.draft)
        if is_of_the_future(local_date(tx.now), each.draft):
            later.append(Start(MATURES, each.receipt.id, instant(day)))
            continue
        for event in told(own, day):
            tx.record(event)
    tx.deadlines.start_all(later)


def told(rows: Sequence[Mapping[str, Any]], day: Any) -> Iterator[ReceiptClaimed]:
    """`day` decides the month."""
    for row in rows:
        yield ReceiptClaimed(
            receipt_id=row["receipt_id"],
            claim_id=row["id"],
            **{name: row[name] for name in WHOSE},
            amount=Money(row["amount_fen"], row["currency"]),
            arrived_on=day,
            method=row["method"],
            claimed_by=row["claimed_by"],
        )


def record_undoing(tx: Transaction, receipt: Row[Any], claims: Sequence[Row[Any]], reason: str) -> None:
    """The receipt waits again for what the claims held. What was not told yet, of a draft, needs no taking back."""
    draft = store.draft_of(tx, receipt.id)
    is_told = not is_of_the_future(local_date(tx.now), draft)
    for each in claims:
        store.undo(tx, each.id, tx.identity.subject, reason)
        if each.method == REFUND:
            release_refund(tx, each, reason)
            continue
        receivables.forget_payers(tx, each.id)
        if is_told:
            amount = Money(each.amount_fen, each.currency)
            tx.record(ReceiptUnclaimed(receipt.id, each.id, each.contract_number, amount, reason, tx.identity.subject))
        before = {"claim": each.id, "receivable_id": each.receivable_id, "fen": each.amount_fen, "method": each.method}
        tx.audit(action="receipt.unclaim", entity="receipt", entity_id=receipt.id, before=before, why=reason)
    owed = [each for each in claims if each.method != REFUND]
    store.settle_receivables(tx, [(each.receivable_id, -each.amount_fen - each.fee_fen) for each in owed])
    claimed = receipt.claimed_fen - sum(each.amount_fen for each in claims)
    state = state_after(receipt.amount_fen, claimed)
    store.settle_receipts(tx, [store.Settled(receipt.id, claimed, state, receipt.reason, receipt.reason_zh)])
