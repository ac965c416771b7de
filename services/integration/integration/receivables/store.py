"""SQL of receivables and of the payers known for their customers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Column, Row, Text, cast, column, delete, func, select, tuple_, union
from sqlalchemy.dialects.postgresql import ARRAY, insert

from chassis.access import visible_rows
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.receivables.name_rules import payer_key
from integration.tables import employee, known_payer, receivable

DUE = [
    receivable.c[name]
    for name in (
        "receivable_id", "contract_number", "customer_code", "customer_name", "salesperson_id", "amount_fen",
        "claimed_fen", "currency", "due_on", "virtual_account",
    )
]  # fmt: skip
OPEN = receivable.c.amount_fen > receivable.c.claimed_fen


def locked(tx: Transaction, receivable_ids: Iterable[str]) -> dict[str, Row[Any]]:
    """In the order of their ids, so that two who lock several never wait for each other."""
    return _locked(tx, receivable.c, receivable_ids)


def lock_due(tx: Transaction, receivable_ids: Iterable[str]) -> dict[str, Row[Any]]:
    """The same, with what claiming needs of them: thousands are read at once."""
    return _locked(tx, DUE, receivable_ids)


def _locked(tx: Transaction, columns: Iterable[Column[Any]], receivable_ids: Iterable[str]) -> dict[str, Row[Any]]:
    query = select(*columns).where(receivable.c.receivable_id == func.any(sorted(receivable_ids)))
    return {row.receivable_id: row for row in tx.execute(query.order_by(receivable.c.receivable_id).with_for_update())}


def odd_contract_keys(tx: Transaction) -> Sequence[str]:
    """Contract numbers with other letters than A–Z: they are looked for in a remark by their spelling."""
    odd = receivable.c.contract_key.op("~")("[^A-Z0-9]")
    return tx.execute(select(receivable.c.contract_key).where(odd).distinct()).scalars().all()


def named_by(
    tx: Transaction,
    *,
    contract_keys: Collection[str] = (),
    accounts: Collection[str] = (),
    customers: Collection[str] = (),
    customer_keys: Collection[str] = (),
) -> dict[str, str]:
    """Customer keys by id of what one of these points at. Paid ones too: money that names them is for nothing else."""
    wanted = {
        receivable.c.contract_key: contract_keys,
        receivable.c.virtual_account: accounts,
        receivable.c.customer_code: customers,
        receivable.c.customer_key: customer_keys,
    }
    named = select(receivable.c.receivable_id, receivable.c.customer_key)
    finds = [named.where(column == func.any(sorted(keys))) for column, keys in wanted.items() if keys]
    if not finds:
        return {}
    return {row.receivable_id: row.customer_key for row in tx.execute(union(*finds))}


def by_id(tx: Transaction, receivable_ids: Iterable[str]) -> dict[str, Row[Any]]:
    query = select(receivable).where(receivable.c.receivable_id == func.any(sorted(receivable_ids)))
    return {row.receivable_id: row for row in tx.execute(query)}


def with_open_amount_near(tx: Transaction, fen: int, limit: int) -> Sequence[Row[Any]]:
    """The `limit` nearest on either side; the same amount counts to the upper side."""
    left = receivable.c.amount_fen - receivable.c.claimed_fen
    above = select(receivable).where(OPEN, left >= fen).order_by(left).limit(limit)
    below = select(receivable).where(OPEN, left < fen).order_by(left.desc()).limit(limit)
    return [*tx.execute(above).all(), *tx.execute(below).all()]


def open_between(
    tx: Transaction, ranges: Mapping[tuple[str, int], int], limit: int
) -> dict[tuple[str, int], Sequence[str]]:
    """Customer keys of what is open with an amount in one of these ranges, one for each, at most `limit` of a range.

    `ranges`: the largest amount by currency and smallest amount, in fen, both included.
    """
    if not ranges:
        return {}
    left = receivable.c.amount_fen - receivable.c.claimed_fen
    least, most = [fen for _, fen in ranges], list(ranges.values())
    lists = (
        cast([currency for currency, _ in ranges], ARRAY(Text)),
        cast(least, ARRAY(BigInteger)),
        cast(most, ARRAY(BigInteger)),
    )
    columns = column("currency", Text), column("least", BigInteger), column("most", BigInteger)
    asked = func.unnest(*lists).table_valued(*columns, name="asked").render_derived()
    within = select(receivable.c.customer_key).where(
        OPEN, left.between(asked.c.least, asked.c.most), receivable.c.currency == asked.c.currency
    )
    some = within.limit(limit).correlate(asked).subquery("some")
    near = select(func.array_agg(some.c.customer_key).label("customers")).lateral("near")
    query = select(asked.c.currency, asked.c.least, near.c.customers).join(near, near.c.customers.is_not(None))
    return {(row.currency, row.least): row.customers for row in tx.execute(query)}


def customers_with_open(tx: Transaction) -> dict[str, str]:
    """Customer code by the key of its name."""
    query = select(receivable.c.customer_key, receivable.c.customer_code).where(OPEN).distinct()
    return {row.customer_key: row.customer_code for row in tx.execute(query) if row.customer_key}


def open_of_customers(tx: Transaction, codes: Sequence[str]) -> Sequence[Row[Any]]:
    return tx.execute(select(receivable).where(OPEN, receivable.c.customer_code == func.any(list(codes)))).all()


def receivables(
    tx: Transaction, page: Page, *, contract_number: str, customer_code: str, open_only: bool
) -> Sequence[Row[Any]]:
    """Earliest due first, of the caller's people."""
    query = select(receivable).outerjoin(employee, employee.c.employee_id == receivable.c.salesperson_id)
    query = query.where(visible_rows(tx.identity, receivable.c.salesperson_id, employee.c.unit))
    if contract_number:
        query = query.where(receivable.c.contract_number == contract_number)
    if customer_code:
        query = query.where(receivable.c.customer_code == customer_code)
    if open_only:
        query = query.where(OPEN)
    if page.after:
        last = (date.fromisoformat(page.after["on"]), page.after["id"])
        query = query.where(tuple_(receivable.c.due_on, receivable.c.receivable_id) > last)
    return tx.execute(query.order_by(receivable.c.due_on, receivable.c.receivable_id).limit(page.limit)).all()


# -- known payers --------------------------------------------------------------------------------------------------


def learn_payers(tx: Transaction, named: Iterable[tuple[str, str]], origin: str, claim_id: str | None = None) -> None:
    """`named`: customer code and a name that pays for it. What is known stays as it is."""
    rows = {
        (customer, payer_key(name)): {
            "customer_code": customer,
            "payer_key": payer_key(name),
            "payer_name": name,
            "origin": origin,
            "claim_id": claim_id,
        }
        for customer, name in named
        if customer and payer_key(name)
    }
    if rows:
        tx.execute(insert(known_payer).on_conflict_do_nothing(), list(rows.values()))


def forget_payers(tx: Transaction, claim_id: str) -> None:
    """What only this claim had taught."""
    tx.execute(delete(known_payer).where(known_payer.c.claim_id == claim_id))


def customers_of_payers(tx: Transaction, keys: Iterable[str]) -> Sequence[Row[Any]]:
    """Customer codes by the key of the payer's name."""
    query = select(known_payer.c.payer_key, known_payer.c.customer_code)
    return tx.execute(query.where(known_payer.c.payer_key == func.any(sorted(keys)))).all()


def payer_names(tx: Transaction, customer_codes: Sequence[str]) -> dict[str, list[str]]:
    named = known_payer.c.customer_code == func.any(list(customer_codes))
    found: dict[str, list[str]] = {}
    for row in tx.execute(select(known_payer).where(named).order_by(known_payer.c.payer_name)):
        found.setdefault(row.customer_code, []).append(row.payer_name)
    return found
