"""Phone numbers in one notation."""

from __future__ import annotations

import phonenumbers

HOME = "CN"


def to_e164(written: str) -> str | None:
    """Any usual notation → E.164, Chinese numbers without country code. Empty stays empty; None: no phone number."""
    if not written.strip():
        return ""
    try:
        number = phonenumbers.parse(written, HOME)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
