"""Keep a page of the ERP's products and tell on what is new or changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from integration.erp.keep_records import Change, Kind, keep_records
from integration.feeds.rules import Outcome, Raw
from integration.products.rules import ProductChanged, ProductRecord
from integration.tables import product


def take_products(tx: Transaction, records: Sequence[Raw]) -> Outcome:
    outcome, changes = keep_records(tx, records, KIND)
    for each in changes:
        tx.record(_told(each))
    return outcome


def _columns(record: ProductRecord) -> dict[str, Any]:
    return record.model_dump(exclude={"list_price"}) | {"list_price_fen": _price(record).fen}


KIND = Kind(product, ProductRecord, "product_code", _columns)


def _price(record: ProductRecord) -> Money:
    return Money.of(record.list_price, record.currency)


def _told(change: Change[ProductRecord]) -> ProductChanged:
    record = change.record
    return ProductChanged(
        product_code=record.product_code,
        version=change.version,
        name=record.name,
        category=record.category,
        list_price=_price(record),
        registration_number=record.registration_number,
        registration_ends_on=record.registration_ends_on,
        active=record.active,
    )
