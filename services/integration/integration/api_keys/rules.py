"""What a key may be, and when it is in force (P1.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis.errors import FailedPrecondition, InvalidInput, NotFound

LONGEST_LIFE = timedelta(days=400)


class ApiKeyNotFound(NotFound):
    en = "There is no such API key."
    zh = "没有找到该 API 密钥。"


class ApiKeyRevokedAlready(FailedPrecondition):
    en = "The API key was revoked before."
    zh = "该 API 密钥已被吊销。"


class WrongKeyLife(InvalidInput):
    en = "The key must end in the future, within 400 days."
    zh = "密钥的到期时间须在未来 400 天以内。"


@dataclass(frozen=True)
class NewKey:
    """A key about to be made; `digest` is the SHA-256 of what the program will send."""

    name: str
    digest: bytes
    duties: tuple[str, ...]
    groups: tuple[str, ...]
    expires_at: datetime
    reason: str


def is_fit(expires_at: datetime, now: datetime) -> bool:
    return now < expires_at <= now + LONGEST_LIFE


def is_in_force(expires_at: datetime, revoked_at: datetime | None, now: datetime) -> bool:
    return revoked_at is None and now < expires_at
