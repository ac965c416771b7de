"""SQL of bridges: the money that either figure may count, with its claims; and figures from outside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Uuid, cast, func, insert, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.unit_of_work import Transaction
from integration.bridge.outside_rules import OutsideRow
from integration.bridge.rules import Claim, Credit
from integration.claiming.rules import REFUND
from integration.claiming.store import HOME
from integration.tables import back_entry, bank_draft, bank_entry, claim, outside_figure, outside_row, receivable


def credits(tx: Transaction, period: tuple[date, date], booked: tuple[date, date]) -> list[Credit]:
    """Booked on the days of `booked`, or claimed for something due in the period, or drafts that mature in it.

    Withdrawn bookings too, with no amount: a claim on one stood once.
    """
    due = (
        select(claim.c.receipt_id)
        .join(receivable, receivable.c.receivable_id == claim.c.receivable_id)
        .where(receivable.c.due_on.between(*period))
    )
    mature = select(bank_draft.c.receipt_id).where(bank_draft.c.matures_on.between(*period))
    query = (
        select(bank_entry, bank_draft.c.matures_on)
        .outerjoin(bank_draft, bank_draft.c.receipt_id == bank_entry.c.id)
        .where(
            bank_entry.c.credit,
            bank_entry.c.currency == HOME,
            or_(bank_entry.c.booked_on.between(*booked), bank_entry.c.id.in_(due), bank_entry.c.id.in_(mature)),
        )
        .order_by(bank_entry.c.booked_on, bank_entry.c.id)
    )
    rows = tx.execute(query).all()
    ids = [row.id for row in rows]
    claims, hands = _claims(tx, ids), _by_hand(tx, ids)
    return [_credit(row, claims.get(row.id, ()), hands.get(row.id)) for row in rows]


def _credit(row: Row[Any], claims: Sequence[Claim], hand_until: datetime | None) -> Credit:
    return Credit(
        entry_id=row.id,
        account=row.account,
        serial=row.serial,
        bank_reference=row.bank_reference,
        booked_on=row.booked_on,
        payer_name=row.payer_name,
        fen=row.amount_fen,
        told_at=row.told_at,
        matures_on=row.matures_on,
        hand_until=hand_until,
        claims=tuple(claims),
    )


def _claims(tx: Transaction, entry_ids: Sequence[str]) -> dict[str, list[Claim]]:
    """Undone ones too: they stood for a while."""
    query = (
        select(claim, receivable.c.due_on)
        .outerjoin(receivable, receivable.c.receivable_id == claim.c.receivable_id)
        .where(claim.c.receipt_id == func.any(cast(list(entry_ids), ARRAY(Uuid(as_uuid=False)))))
        .order_by(claim.c.id)
    )
    found: defaultdict[str, list[Claim]] = defaultdict(list)
    for row in tx.execute(query):
        due_on = None if row.method == REFUND else row.due_on
        taken = Claim(
            row.id, row.contract_number, row.customer_name, due_on, row.amount_fen, row.claimed_at, row.undone_at
        )
        found[row.receipt_id].append(taken)
    return found


def _by_hand(tx: Transaction, entry_ids: Sequence[str]) -> dict[str, datetime]:
    """Until when a voucher alone vouched for these; the end of time while it still does."""
    forever = datetime.max.replace(tzinfo=tx.now.tzinfo)
    query = select(back_entry.c.receipt_id, back_entry.c.confirmed_at).where(
        back_entry.c.receipt_id == func.any(cast(list(entry_ids), ARRAY(Uuid(as_uuid=False))))
    )
    return {row.receipt_id: row.confirmed_at or forever for row in tx.execute(query)}


def add_figure(tx: Transaction, told: Sequence[OutsideRow], **values: Any) -> None:
    tx.execute(insert(outside_figure).values(**values))
    if told:
        rows = [
            {
                "figure_id": values["id"],
                "number": each.number,
                "booked_on": each.booked_on,
                "serial": each.serial,
                "amount_fen": each.fen,
                "payer_name": each.payer_name,
            }
            for each in told
        ]
        tx.execute(insert(outside_row), rows)


def figure(tx: Transaction, figure_id: str) -> Row[Any] | None:
    return tx.execute(select(outside_figure).where(outside_figure.c.id == figure_id)).one_or_none()


def rows_of(tx: Transaction, figure_id: str) -> tuple[OutsideRow, ...]:
    query = select(outside_row).where(outside_row.c.figure_id == figure_id).order_by(outside_row.c.number)
    return tuple(
        OutsideRow(row.number, row.booked_on, row.serial, row.amount_fen, row.payer_name) for row in tx.execute(query)
    )
