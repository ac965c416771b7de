"""Qualifications of a customer and certificates of products (资质与证书)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Kind(StrEnum):
    QUALIFICATION = "qualification"
    PRODUCT_CERTIFICATE = "product_certificate"


@dataclass(frozen=True)
class CredentialEntry:
    """What people enter. `valid_until`: the last day; None: it doesn't end."""

    kind: Kind
    name: str
    number: str
    issuer: str = ""
    product: str = ""
    valid_until: date | None = None
    file_id: str = ""


@dataclass(frozen=True)
class Credential(CredentialEntry):
    credential_id: str = ""
    customer_id: str = ""
    version: int = 1
    added_by: str = ""
    added_at: datetime | None = None
    retired_at: datetime | None = None
    retired_why: str = ""


def is_valid(credential: Credential, today: date) -> bool:
    """On its last day still (Shanghai)."""
    ended = credential.valid_until is not None and credential.valid_until < today
    return credential.retired_at is None and not ended
