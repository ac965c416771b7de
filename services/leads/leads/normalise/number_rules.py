"""Phone numbers and unified social credit codes (LD1.2)."""

from __future__ import annotations

import re
from typing import Any

import phonenumbers
from stdnum.cn import uscc as uscc_number
from stdnum.exceptions import ValidationError

from chassis.errors import Violation

# As the library knows them. Most numbers are plain Chinese mobile ones; to read one of them takes it 16 µs.
_CHINA: Any = phonenumbers.PhoneMetadata.metadata_for_region("CN")
_MOBILE = re.compile(_CHINA.mobile.national_number_pattern, re.ASCII)


def e164(phone: str) -> str:
    """Any usual notation → E.164, Chinese numbers without country code. Raises FieldProblem."""
    if _MOBILE.fullmatch(phone):
        return f"+86{phone}"
    return parsed(phone) if phone.strip() else ""


def parsed(phone: str) -> str:
    """As `e164`, for what is not empty."""
    try:
        number = phonenumbers.parse(phone, "CN")
    except phonenumbers.NumberParseException:
        raise _bad_phone(phone) from None
    if not phonenumbers.is_valid_number(number):
        raise _bad_phone(phone)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def valid_uscc(code: str) -> str:
    """Unified social credit code with its check digit, compact. Raises FieldProblem."""
    if not code.strip():
        return ""
    try:
        return str(uscc_number.validate(code))
    except ValidationError:
        raise FieldProblem(
            "uscc",
            f"“{code}” is no unified social credit code: 18 characters with a right check digit.",
            f"“{code}”不是有效的统一社会信用代码（18 位，含校验码）。",
        ) from None


class FieldProblem(ValueError):
    """One field that can't be read, in words for people."""

    def __init__(self, field: str, en: str, zh: str) -> None:
        super().__init__(en)
        self.violation = Violation(field, en, zh)


def _bad_phone(phone: str) -> FieldProblem:
    return FieldProblem("phone", f"“{phone}” is no phone number.", f"“{phone}”不是有效的电话号码。")
