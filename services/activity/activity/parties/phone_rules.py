"""Phone numbers in one notation."""

from __future__ import annotations

import phonenumbers

from activity.parties.rules import PhoneInvalid, phone_violation

HOME = "CN"


def to_e164(written: str, field: str = "phone") -> str:
    """Empty stays empty. Raises PhoneInvalid."""
    if not written.strip():
        return ""
    try:
        number = phonenumbers.parse(written, HOME)
    except phonenumbers.NumberParseException:
        raise PhoneInvalid.of(phone_violation(field)) from None
    if not phonenumbers.is_valid_number(number):
        raise PhoneInvalid.of(phone_violation(field))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
