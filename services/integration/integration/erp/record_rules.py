"""What all records of the ERP have in common: versions, absent fields, exact amounts (N1.1)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from integration.feeds.rules import KeyText
from integration.feeds.version_rules import Versioned

LARGEST = Decimal("1000000000000")
# Of one order.
MOST_LINES = 1000


def _exact(value: Any) -> Any:
    if isinstance(value, float):
        raise ValueError("a float is no exact amount")
    return value


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


Yuan = Annotated[Decimal, Field(ge=-LARGEST, le=LARGEST, decimal_places=2)]
ExactYuan = Annotated[Yuan, BeforeValidator(_exact)]
Quantity = Annotated[Decimal, Field(ge=-LARGEST, le=LARGEST, decimal_places=6)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
# What stands in an address.
Number = Annotated[KeyText, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$")]
# A word of a fixed list, in whatever case the ERP writes it.
Word = BeforeValidator(_upper)


class ErpRecord(Versioned):
    """A field that is null is absent: what it then means is its default."""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, told: Any) -> Any:
        return {name: each for name, each in told.items() if each is not None} if isinstance(told, Mapping) else told
