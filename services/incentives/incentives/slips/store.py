"""SQL of slips."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Row, Text, any_, bindparam, exists, select, text, update

from chassis import rows
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from incentives.ledger.rules import Award
from incentives.tables import slip

_COLUMNS = [each.name for each in slip.c]
_NEW = {"version": 1, "adjusted_fen": 0, "lines": []}
_INSERT = text(f"{rows.insertion(slip, _COLUMNS)} RETURNING {', '.join(_COLUMNS)}").columns(*slip.c)
_STANDING = (
    select(slip)
    .where(
        slip.c.deal_key == any_(bindparam("keys", type_=ARRAY(Text))),
        slip.c.original_slip_id.is_(None),
        slip.c.taken_back_at.is_(None),
    )
    .order_by(slip.c.slip_id)
    .with_for_update()
)


def insert_slips(tx: Transaction, values: Sequence[Mapping[str, Any]]) -> list[Row[Any]]:
    """In the given order."""
    return list(tx.execute(_INSERT, {"rows": rows.document(_NEW | dict(each) for each in values)}))


def lock_standing(tx: Transaction, deal_keys: Collection[str]) -> dict[tuple[str, Award], Row[Any]]:
    """Slips of these deals that were not taken back, one per deal, rule and beneficiary."""
    found = tx.execute(_STANDING, {"keys": list(deal_keys)})
    return {(row.deal_key, Award(row.rule_id, row.beneficiary_id)): row for row in found}


def lock_slip(tx: Transaction, slip_id: str) -> Row[Any] | None:
    """None also for a slip that the caller may not see."""
    query = select(slip).where(slip.c.slip_id == slip_id, tx.identity.visible(slip.c.beneficiary_id, slip.c.unit))
    return tx.execute(query.with_for_update()).first()


def load_slip(tx: Transaction, slip_id: str) -> Row[Any] | None:
    query = select(slip).where(slip.c.slip_id == slip_id, tx.identity.visible(slip.c.beneficiary_id, slip.c.unit))
    return tx.execute(query).first()


def change_slip(tx: Transaction, slip_id: str, values: Mapping[str, Any]) -> None:
    tx.execute(update(slip).where(slip.c.slip_id == slip_id).values(version=slip.c.version + 1, **values))


def set_lines(tx: Transaction, slip_id: str, lines: Sequence[Mapping[str, Any]]) -> None:
    """How the amount came about, which stays the same: whoever is about to confirm it is not disturbed."""
    tx.execute(update(slip).where(slip.c.slip_id == slip_id).values(lines=lines))


def move_slips(tx: Transaction, old_key: str, new_key: str, contract_number: str) -> None:
    """The order of these slips is now known by another key. Where the other deal has a slip already, both stay and
    the recalculation takes one back."""
    twin = slip.alias()
    same = (
        (twin.c.deal_key == new_key)
        & (twin.c.rule_id == slip.c.rule_id)
        & (twin.c.beneficiary_id == slip.c.beneficiary_id)
        & twin.c.original_slip_id.is_(None)
        & twin.c.taken_back_at.is_(None)
    )
    tx.execute(
        update(slip)
        .where(
            slip.c.deal_key == old_key,
            slip.c.original_slip_id.is_(None),
            slip.c.taken_back_at.is_(None),
            ~exists(select(twin.c.slip_id).where(same)),
        )
        .values(deal_key=new_key, contract_number=contract_number, version=slip.c.version + 1)
    )


def list_slips(
    tx: Transaction, page: Page, *, states: Sequence[str], beneficiary_id: str, contract_number: str, rule_id: str = ""
) -> Sequence[Row[Any]]:
    """Newest first."""
    query = select(slip).where(tx.identity.visible(slip.c.beneficiary_id, slip.c.unit))
    if states:
        query = query.where(slip.c.state.in_(states))
    if beneficiary_id:
        query = query.where(slip.c.beneficiary_id == beneficiary_id)
    if contract_number:
        query = query.where(slip.c.contract_number == contract_number)
    if rule_id:
        query = query.where(slip.c.rule_id == rule_id)
    if page.after:
        query = query.where(slip.c.slip_id < page.after["id"])
    return tx.execute(query.order_by(slip.c.slip_id.desc()).limit(page.limit)).all()


def beneficiaries(tx: Transaction, deal_key: str) -> set[str]:
    """Everybody whom a slip of this deal pays."""
    mine = (slip.c.deal_key == deal_key) & slip.c.original_slip_id.is_(None) & slip.c.taken_back_at.is_(None)
    return set(tx.execute(select(slip.c.beneficiary_id).where(mine).distinct()).scalars())
