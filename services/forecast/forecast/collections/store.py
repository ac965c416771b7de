"""SQL of what was collected and ordered under a contract."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.elements import ColumnElement

from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from forecast.tables import collected_claim, erp_order, undone_claim

_STANDING = ~select(undone_claim.c.claim_id).where(undone_claim.c.claim_id == collected_claim.c.claim_id).exists()


def count_claim(tx: Transaction, *, claim_id: str, receipt_id: str, contract_number: str, amount: Money) -> None:
    """Once per claim id; one that was undone before it came stays undone."""
    new = insert(collected_claim).values(
        claim_id=claim_id, receipt_id=receipt_id, contract_number=contract_number, amount_fen=amount.fen
    )
    tx.execute(new.on_conflict_do_nothing())


def take_back(tx: Transaction, claim_id: str) -> None:
    tx.execute(insert(undone_claim).values(claim_id=claim_id).on_conflict_do_nothing())


def upsert_order(tx: Transaction, *, order_id: str, version: int, contract_number: str, state: str) -> None:
    new = insert(erp_order).values(order_id=order_id, version=version, contract_number=contract_number, state=state)
    changed = {name: new.excluded[name] for name in ("version", "contract_number", "state")}
    newer = erp_order.c.version < new.excluded.version
    tx.execute(new.on_conflict_do_update(index_elements=["order_id"], set_=changed, where=newer))


def collected_under(contract: ColumnElement[str]) -> ScalarSelect[int]:
    """Fen that stand for a contract number; 0 without one."""
    total = func.coalesce(func.sum(collected_claim.c.amount_fen), 0)
    return (
        select(total).where(contract != "", collected_claim.c.contract_number == contract, _STANDING).scalar_subquery()
    )


def order_of(contract: ColumnElement[str]) -> ScalarSelect[str]:
    """The ERP's id of the order with this contract number, the first of several."""
    found = select(func.min(erp_order.c.order_id)).where(contract != "", erp_order.c.contract_number == contract)
    return found.scalar_subquery()


def receipts_of(tx: Transaction, contract_numbers: Iterable[str]) -> Money:
    wanted = list(set(contract_numbers) - {""})
    total = select(func.coalesce(func.sum(collected_claim.c.amount_fen), 0)).where(
        collected_claim.c.contract_number == func.any(wanted), _STANDING
    )
    return Money(int(tx.execute(total).scalar_one()))
