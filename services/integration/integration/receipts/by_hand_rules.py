"""When an entry that a person made from a voucher and one that the bank tells are the same booking (N6.1)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date

from integration.receipts.rules import Entry

# The format of what was entered by hand, beside those of banks.
BY_HAND = "back_entry"


@dataclass(frozen=True)
class Difference:
    """A field in which the bank says otherwise than what was entered."""

    field: str
    entered: str
    told: str


@dataclass(frozen=True)
class Superseded:
    """The bank's row took the place of what was entered, under the same id."""

    entry_id: str
    differences: tuple[Difference, ...]


def key_of(number: str) -> str:
    """As two vouchers, serials or references are compared; empty when nothing of it can be told."""
    plain = "".join(each for each in unicodedata.normalize("NFKC", number).upper() if each.isalnum())
    return plain.lstrip("0")


def is_same_booking(entered: Entry, told: Entry) -> bool:
    """The serial of the voucher is the bank's serial or reference, and the day or the amount agrees too.

    Serials begin anew each day at many banks, so that a serial alone says little; a day or an amount is easily copied
    wrong, so that not both must agree.
    """
    if not told.credit or key_of(entered.serial) not in {key_of(told.serial), key_of(told.bank_reference)}:
        return False
    return entered.booked_on in (told.booked_on, told.value_on) or entered.amount_fen == told.amount_fen


def looks_like(entered: Entry, told: Entry) -> bool:
    """The same payer, day and amount: perhaps the same money with a serial that was copied wrong."""
    same = entered.amount_fen == told.amount_fen and entered.booked_on == told.booked_on and told.credit
    return same and key_of(entered.payer_name) == key_of(told.payer_name)


def differences(entered: Entry, told: Entry) -> tuple[Difference, ...]:
    """Of what a person copied from the voucher; what the bank alone knows is no difference."""
    fields = ("booked_on", "amount_fen", "currency", "payer_name", "payer_account")
    pairs = [(name, getattr(entered, name), getattr(told, name)) for name in fields]
    return tuple(Difference(name, _said(one), _said(other)) for name, one, other in pairs if one and one != other)


def _said(value: date | int | str) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
