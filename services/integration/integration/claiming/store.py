"""SQL of claims. Set-based: a statement's thousand receipts are settled in a handful of round trips."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Row,
    Subquery,
    TableValuedAlias,
    Text,
    Uuid,
    and_,
    cast,
    column,
    exists,
    func,
    or_,
    select,
    text,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis import rows
from chassis.kernel.calendar import local_date
from chassis.unit_of_work import Transaction
from integration.board_marks.store import mark_receivables
from integration.claiming.draft_rules import BankDraft
from integration.claiming.rules import REFUND
from integration.receipts.store import WITHDRAWN
from integration.tables import bank_draft, bank_entry, claim, receivable

HOME = "CNY"
UNCLAIMED = ("waiting", "partly_claimed")
_ADD = text(
    rows.insertion(
        claim,
        (
            "id", "receipt_id", "receivable_id", "contract_number", "customer_code", "customer_name", "salesperson_id",
            "amount_fen", "currency", "fee_fen", "method", "confidence", "claimed_by", "claimed_at",
        ),
    )
)  # fmt: skip


@dataclass(frozen=True)
class Settled:
    """A receipt after claims on it, with the reason why something of it still waits."""

    receipt_id: str
    claimed_fen: int
    state: str
    reason: str = ""
    reason_zh: str = ""


def add(tx: Transaction, claims: Sequence[dict[str, Any]]) -> None:
    tx.execute(_ADD, {"rows": rows.document(claims)})


def settle_receivables(tx: Transaction, settled: Iterable[tuple[str, int]]) -> None:
    """Adds what is claimed, or takes it off when negative; fees too: in fen."""
    sums: dict[str, int] = {}
    for receivable_id, fen in settled:
        sums[receivable_id] = sums.get(receivable_id, 0) + fen
    if not sums:
        return
    given = _given(receivable_id=(Text, list(sums)), fen=(BigInteger, list(sums.values())))
    changed = update(receivable).where(receivable.c.receivable_id == given.c.receivable_id)
    tx.execute(changed.values(claimed_fen=receivable.c.claimed_fen + given.c.fen))
    mark_receivables(tx, sums)


def settle_receipts(tx: Transaction, settled: Sequence[Settled]) -> None:
    given = _given(
        id=(Uuid(as_uuid=False), [each.receipt_id for each in settled]),
        claimed_fen=(BigInteger, [each.claimed_fen for each in settled]),
        state=(Text, [each.state for each in settled]),
        reason=(Text, [each.reason for each in settled]),
        reason_zh=(Text, [each.reason_zh for each in settled]),
    )
    values = {name: given.c[name] for name in ("claimed_fen", "state", "reason", "reason_zh")}
    tx.execute(update(bank_entry).where(bank_entry.c.id == given.c.id).values(**values))


def _given(**columns: tuple[Any, Sequence[Any]]) -> TableValuedAlias:
    """Rows from lists of equal length."""
    arrays = [cast(list(values), ARRAY(kind)) for kind, values in columns.values()]
    names = [column(name, kind) for name, (kind, _) in columns.items()]
    return func.unnest(*arrays).table_valued(*names, name="given").render_derived()


def explain(tx: Transaction, reasons: Sequence[tuple[str, str, str]]) -> None:
    """Why receipts wait: id, English, Chinese."""
    if not reasons:
        return
    given = _given(
        id=(Uuid(as_uuid=False), [each for each, _, _ in reasons]),
        en=(Text, [en for _, en, _ in reasons]),
        zh=(Text, [zh for _, _, zh in reasons]),
    )
    changed = update(bank_entry).where(bank_entry.c.id == given.c.id)
    tx.execute(changed.values(reason=given.c.en, reason_zh=given.c.zh))


def claim_of(tx: Transaction, claim_id: str) -> Row[Any] | None:
    return tx.execute(select(claim).where(claim.c.id == claim_id)).one_or_none()


def standing(tx: Transaction, receipt_id: str) -> Sequence[Row[Any]]:
    """Claims on a receipt that were not taken back."""
    query = select(claim).where(claim.c.receipt_id == receipt_id, claim.c.undone_at.is_(None))
    return tx.execute(query.order_by(claim.c.id).with_for_update()).all()


def of_receipt(tx: Transaction, receipt_id: str) -> Sequence[Row[Any]]:
    """Undone ones too, in their order."""
    return tx.execute(select(claim).where(claim.c.receipt_id == receipt_id).order_by(claim.c.id)).all()


def undo(tx: Transaction, claim_id: str, by: str, reason: str) -> bool:
    """False when it was undone before."""
    undone = update(claim).where(claim.c.id == claim_id, claim.c.undone_at.is_(None))
    return tx.execute(undone.values(undone_at=tx.now, undone_by=by, undo_reason=reason)).rowcount > 0


def sums(tx: Transaction, days: tuple[date, date]) -> Row[Any]:
    """Money in of these days, drafts on the day they mature: arrived, claimed, how many receipts, how many wait."""
    counted = _counted(tx, days)
    # What went back to customers neither arrived nor is claimed.
    given_back = func.coalesce(counted.c.refunded_fen, 0)
    query = select(
        func.coalesce(func.sum(counted.c.amount_fen - given_back), 0).label("arrived"),
        func.coalesce(func.sum(counted.c.claimed_fen - given_back), 0).label("claimed"),
        func.count().label("receipts"),
        func.count().filter(counted.c.state.in_(UNCLAIMED)).label("waiting"),
    )
    return tx.execute(query).one()


def automatic_fen(tx: Transaction, days: tuple[date, date], methods: Sequence[str]) -> int:
    """Claimed without a person, of money that counts on these days."""
    counted = _counted(tx, days)
    query = (
        select(func.coalesce(func.sum(claim.c.amount_fen), 0))
        .join(counted, counted.c.id == claim.c.receipt_id)
        .where(claim.c.undone_at.is_(None), claim.c.method.in_(methods))
    )
    return int(tx.execute(query).scalar_one())


def _counted(tx: Transaction, days: tuple[date, date]) -> Subquery:
    """Receipts booked on one of these days, and drafts that matured on one: before, a draft has not arrived.

    Figures are in yuan; money in another currency is shown, claimed and proved, never added to them.
    """
    refunds = select(func.sum(claim.c.amount_fen)).where(
        claim.c.receipt_id == bank_entry.c.id, claim.c.method == REFUND, claim.c.undone_at.is_(None)
    )
    columns = [
        *(bank_entry.c[name] for name in ("id", "amount_fen", "claimed_fen", "state")),
        refunds.scalar_subquery().label("refunded_fen"),
    ]
    is_draft = exists().where(bank_draft.c.receipt_id == bank_entry.c.id)
    at_home = and_(bank_entry.c.credit, bank_entry.c.currency == HOME, bank_entry.c.state != WITHDRAWN)
    booked = select(*columns).where(at_home, _within(bank_entry.c.booked_on, days), ~is_draft)
    matured = select(*columns).join(bank_draft, bank_draft.c.receipt_id == bank_entry.c.id)
    until_now = and_(_within(bank_draft.c.matures_on, days), bank_draft.c.matures_on <= local_date(tx.now))
    return union_all(booked, matured.where(at_home, until_now)).subquery()


def _within(day: Column[date], days: tuple[date, date]) -> ColumnElement[bool]:
    return and_(day >= days[0], day < days[1])


# -- refunds -------------------------------------------------------------------------------------------------------

# Money that the bank booked back, or that went out as given back.
_WORDS = bank_entry.c.remark.op("~")("退|冲正|撤销|红冲")
_OPEN_REFUND = and_(
    ~bank_entry.c.credit,
    bank_entry.c.amount_fen > 0,
    bank_entry.c.claimed_fen == 0,
    or_(bank_entry.c.reversal, _WORDS),
)


def locked_refund(tx: Transaction, refund_id: str) -> Row[Any] | None:
    """Money out."""
    query = select(bank_entry).where(bank_entry.c.id == refund_id, ~bank_entry.c.credit)
    return tx.execute(query.with_for_update()).one_or_none()


def open_refunds(
    tx: Transaction,
    limit: int,
    *,
    since: date = date.min,
    until: tuple[date, str] | None = None,
    for_rules: bool = False,
) -> Sequence[Row[Any]]:
    """Put to no receipt yet, the latest first, behind `until`. `for_rules`: without those left to people."""
    query = select(bank_entry).where(_OPEN_REFUND, bank_entry.c.booked_on >= since)
    if for_rules:
        query = query.where(~bank_entry.c.left_to_people)
    if until is not None:
        query = query.where(tuple_(bank_entry.c.booked_on, bank_entry.c.id) < until)
    return tx.execute(query.order_by(bank_entry.c.booked_on.desc(), bank_entry.c.id.desc()).limit(limit)).all()


def claims_of_refund(tx: Transaction, refund_id: str) -> Sequence[Row[Any]]:
    """By which it takes its part of a receipt; not taken back."""
    query = select(claim).where(
        claim.c.receivable_id == refund_id, claim.c.method == REFUND, claim.c.undone_at.is_(None)
    )
    return tx.execute(query).all()


def receipts_to_give_back(tx: Transaction, refund: Row[Any], days: int) -> Sequence[Row[Any]]:
    """Of this account, booked within these days before, with at least its amount and no refund; the latest first."""
    query = select(bank_entry).where(
        bank_entry.c.account == refund.account,
        bank_entry.c.booked_on.between(refund.booked_on - timedelta(days=days), refund.booked_on),
        bank_entry.c.amount_fen >= refund.amount_fen,
        bank_entry.c.credit,
        ~exists().where(claim.c.receipt_id == bank_entry.c.id, claim.c.method == REFUND, claim.c.undone_at.is_(None)),
    )
    return tx.execute(query.order_by(bank_entry.c.booked_on.desc(), bank_entry.c.id.desc()).limit(1000)).all()


# -- drafts --------------------------------------------------------------------------------------------------------


def keep_drafts(tx: Transaction, drafts: Sequence[tuple[str, BankDraft]]) -> None:
    """By receipt id."""
    rows = [{"receipt_id": receipt_id} | asdict(draft) for receipt_id, draft in drafts]
    if rows:
        tx.execute(upsert(bank_draft).on_conflict_do_nothing(), rows)


def draft_of(tx: Transaction, receipt_id: str) -> BankDraft | None:
    row = tx.execute(select(bank_draft).where(bank_draft.c.receipt_id == receipt_id)).one_or_none()
    return None if row is None else BankDraft(row.number, row.matures_on)


def drafts_by_number(tx: Transaction, numbers: Iterable[str]) -> dict[str, str]:
    """Receipt id of the draft that was first to have this number."""
    wanted = cast(sorted(set(numbers)), ARRAY(Text))
    query = select(bank_draft).where(bank_draft.c.number == func.any(wanted), bank_draft.c.number != "")
    found: dict[str, str] = {}
    for row in tx.execute(query.order_by(bank_draft.c.receipt_id)):
        found.setdefault(row.number, row.receipt_id)
    return found
