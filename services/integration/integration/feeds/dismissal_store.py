"""SQL of records that people give up."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, or_, select, update

from chassis.unit_of_work import Transaction
from integration.feeds.dismissal_rules import Step
from integration.feeds.errors import UnknownQuarantined
from integration.feeds.rules import Rejection
from integration.tables import quarantine

_DIGEST = func.sha256(func.convert_to(quarantine.c.raw, "UTF8"))


def feeds_of(tx: Transaction, quarantine_ids: Sequence[str]) -> list[str]:
    """In their order. Raises UnknownQuarantined."""
    named = select(quarantine.c.id, quarantine.c.feed).where(quarantine.c.id.in_(quarantine_ids))
    found = {str(row.id): row.feed for row in tx.execute(named)}
    missing = sorted(each for each in quarantine_ids if each.lower() not in found)
    if missing:
        raise UnknownQuarantined(quarantine_id=missing[0])
    return sorted(set(found.values()))


def locked(tx: Transaction, quarantine_ids: Sequence[str]) -> Sequence[Row[Any]]:
    """In the order of their ids. Their feeds are locked before: whoever changes records of a feed has it."""
    return tx.execute(_named(quarantine_ids).with_for_update()).all()


def by_ids(tx: Transaction, quarantine_ids: Sequence[str]) -> Sequence[Row[Any]]:
    return tx.execute(_named(quarantine_ids)).all()


def _named(quarantine_ids: Sequence[str]) -> Any:
    return select(quarantine).where(quarantine.c.id.in_(quarantine_ids)).order_by(quarantine.c.id)


def move(tx: Transaction, step: Step, quarantine_ids: Sequence[str], why: str) -> None:
    """`why`: of the person who does it."""
    changed = update(quarantine).where(quarantine.c.id.in_(quarantine_ids))
    tx.execute(changed.values(**_after(tx, step, why)))


def _after(tx: Transaction, step: Step, why: str) -> dict[str, Any]:
    who = tx.identity.subject
    if step is Step.ASK:
        return {"asked_by": who, "asked_why": why}
    if step is Step.DISMISS:
        given_up = {"dismissed_by": who, "dismissed_why": why, "dismissed_at": tx.now}
        return {"state": "dismissed", "settled_at": tx.now, **given_up}
    nobody = dict.fromkeys(("asked_by", "asked_why", "dismissed_by", "dismissed_why"), "")
    return {"state": "waiting", "settled_at": None, "dismissed_at": None, **nobody}


def not_given_up(tx: Transaction, feed: str, rejections: Sequence[Rejection]) -> Sequence[Rejection]:
    """Without those that say to the letter what people gave up under the same key, or, without a key, at the place."""
    if not rejections:
        return rejections
    keys = [each.key for each in rejections if each.key]
    places = [each.raw.place for each in rejections if not each.key]
    keyless = (quarantine.c.record_key == "") & (quarantine.c.place == func.any(places))
    keyed = (quarantine.c.record_key != "") & (quarantine.c.record_key == func.any(keys))
    columns = quarantine.c.record_key, quarantine.c.place, _DIGEST.label("digest")
    own = select(*columns).where(quarantine.c.feed == feed, quarantine.c.state == "dismissed", or_(keyed, keyless))
    known = {_name(row.record_key, row.place, bytes(row.digest)) for row in tx.execute(own)}
    return [each for each in rejections if _name_of(each) not in known] if known else rejections


def _name_of(rejection: Rejection) -> tuple[str, bytes]:
    return _name(rejection.key, rejection.raw.place, hashlib.sha256(rejection.raw.body.encode()).digest())


def _name(key: str, place: str, digest: bytes) -> tuple[str, bytes]:
    return (f"key {key}" if key else f"place {place}", digest)
