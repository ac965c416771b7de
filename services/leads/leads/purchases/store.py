"""SQL of purchases."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    ARRAY,
    Row,
    Text,
    any_,
    bindparam,
    case,
    delete,
    func,
    literal_column,
    or_,
    select,
    text,
    tuple_,
    update,
)

from chassis import rows
from chassis.kernel.money import Money
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads.purchases.rules import Buyer, Purchase, Source, State
from leads.tables import customer, purchase

t, c = purchase.c, customer.c
_COLUMNS = [each.name for each in purchase.c]
_PLAIN = [name for name in _COLUMNS if name not in ("amount_fen", "currency", "source", "state")]
_NUMBERS = bindparam("numbers", type_=ARRAY(Text))
_CODES, _NAMES = bindparam("codes", type_=ARRAY(Text)), bindparam("names", type_=ARRAY(Text))
_HELD = select(purchase).where(t.order_number == any_(_NUMBERS)).order_by(t.order_number).with_for_update()
_SAVE = text(
    rows.insertion(purchase, _COLUMNS)
    + f" ON CONFLICT (order_number) DO UPDATE SET {rows.replacement(_COLUMNS, 'order_number')}"
    + " WHERE excluded.source = 'erp' AND (purchase.source = 'migrated' OR purchase.version <= excluded.version)"
)
_BUYER = select(c.customer_id, func.coalesce(c.customer_code, "").label("customer_code"), c.name_key, c.merged_into)
_BUYERS = _BUYER.where(or_(c.customer_code == any_(_CODES), c.name_key == any_(_NAMES)))
# Told by code, or without a customer yet: literals, so that every plan may use the partial indexes.
_TOLD_OF = (
    select(purchase)
    .where(
        or_(
            (t.customer_code != literal_column("''")) & (t.customer_code == any_(_CODES)),
            t.customer_id.is_(None) & (t.name_key == any_(_NAMES)),
        )
    )
    .order_by(t.order_number)
    .with_for_update()
)
_LINK = text("""
    UPDATE purchase SET customer_id = linked.customer_id, named_id = linked.named_id
    FROM unnest(CAST(:numbers AS text[]), CAST(:customers AS uuid[]), CAST(:named AS uuid[]))
        AS linked (order_number, customer_id, named_id)
    WHERE purchase.order_number = linked.order_number
""")


def lock_held(tx: Transaction, numbers: Collection[str]) -> dict[str, Purchase]:
    return {row.order_number: from_row(row) for row in tx.execute(_HELD, {"numbers": sorted(numbers)})}


def save(tx: Transaction, purchases: Sequence[Purchase]) -> None:
    """The ERP's word takes the place of what was brought along; else what is held stays."""
    if purchases:
        tx.execute(_SAVE, {"rows": rows.document(map(_to_row, purchases))})


def buyers(tx: Transaction, codes: Collection[str], names: Collection[str]) -> list[Buyer]:
    """Customers that orders name so."""
    asked = {"codes": sorted(set(codes) - {""}), "names": sorted(set(names) - {""})}
    return [Buyer(**row._mapping) for row in tx.execute(_BUYERS, asked)]


def buyers_of(tx: Transaction, customer_ids: Collection[str]) -> list[Buyer]:
    found = tx.execute(_BUYER.where(c.customer_id.in_(sorted(set(customer_ids)))))
    return [Buyer(**row._mapping) for row in found]


def told_of(tx: Transaction, codes: Collection[str], names: Collection[str]) -> list[Purchase]:
    """Orders that name one of the codes, and orders without a customer that bear one of the names; locked."""
    asked = {"codes": sorted(set(codes) - {""}), "names": sorted(set(names) - {""})}
    return [from_row(row) for row in tx.execute(_TOLD_OF, asked)]


def link(tx: Transaction, linked: Sequence[Purchase]) -> None:
    """To the customers they bear."""
    if linked:
        columns = {"numbers": "order_number", "customers": "customer_id", "named": "named_id"}
        tx.execute(_LINK, {name: [getattr(each, field) for each in linked] for name, field in columns.items()})


def link_merged(tx: Transaction, merged_id: str, kept_id: str) -> None:
    """What a customer bought is of the one it was merged into; each order remembers the record it names."""
    named = func.coalesce(t.named_id, t.customer_id)
    tx.execute(update(purchase).where(t.customer_id == merged_id).values(customer_id=kept_id, named_id=named))


def link_parted(tx: Transaction, parted_id: str, beneath: Collection[str]) -> None:
    """What names the parted record, or one merged into it, is its own again."""
    named = case((t.named_id == parted_id, None), else_=t.named_id)
    theirs = t.named_id.in_([parted_id, *beneath])
    tx.execute(update(purchase).where(theirs).values(customer_id=parted_id, named_id=named))


def forget_migrated(tx: Transaction, numbers: Collection[str]) -> set[str]:
    """Rows brought along under these numbers are gone; whose they were."""
    gone = delete(purchase).where(t.order_number.in_(sorted(numbers)), t.source == Source.MIGRATED.value)
    return _customers(tx.execute(gone.returning(t.customer_id)).all())


def forget_import(tx: Transaction, import_id: str, most: int) -> list[str | None]:
    """So many that an import brought along and the ERP has not taken over are gone; whose each of them was."""
    brought = t.import_id == import_id, t.source == Source.MIGRATED.value
    some = select(t.order_number).where(*brought).limit(most)
    # The ERP may take one over while its row is waited for.
    gone = delete(purchase).where(t.order_number.in_(some), *brought)
    return list(tx.execute(gone.returning(t.customer_id)).scalars())


def numbers_of_erp(tx: Transaction, numbers: Collection[str]) -> set[str]:
    """Those of them that the ERP has told of, as an order's number or its contract's."""
    wanted = sorted(set(numbers) - {""})
    query = select(t.order_number, t.contract_number).where(
        t.source == Source.ERP.value, or_(t.order_number.in_(wanted), t.contract_number.in_(wanted))
    )
    return {each for row in tx.execute(query) for each in (row.order_number, row.contract_number)} & set(wanted)


def listed(tx: Transaction, customer_id: str, page: Page) -> Sequence[Row[Any]]:
    """The latest first."""
    query = select(purchase).where(t.customer_id == customer_id)
    if page.after:
        query = query.where(tuple_(t.signed_on, t.order_number) < (_day(page), page.after["number"]))
    return tx.execute(query.order_by(t.signed_on.desc(), t.order_number.desc()).limit(page.limit)).all()


def _day(page: Page) -> date:
    return date.fromisoformat(page.after["on"])


def _customers(found: Iterable[Row[Any]]) -> set[str]:
    return {row.customer_id for row in found if row.customer_id is not None}


def from_row(row: Row[Any]) -> Purchase:
    return Purchase(
        **{name: row._mapping[name] for name in _PLAIN},
        source=Source(row.source),
        state=State(row.state),
        amount=Money(row.amount_fen, row.currency),
    )


def _to_row(each: Purchase) -> dict[str, Any]:
    return {name: getattr(each, name) for name in _PLAIN} | {
        "source": each.source.value,
        "state": each.state.value,
        "amount_fen": each.amount.fen,
        "currency": each.amount.currency,
    }
