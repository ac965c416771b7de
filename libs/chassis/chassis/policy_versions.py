"""Drafting, publishing and reading policy versions. Every version keeps who wrote it, who published it, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from chassis.errors import FailedPrecondition, InvalidInput, NotFound, Violation
from chassis.policy import PolicySpec, read_body
from chassis.policy_body import check_body
from chassis.schema import policy_version as table
from chassis.unit_of_work import Transaction

# First number of the two-number advisory lock: version numbers of one policy are given one after the other.
_NUMBERS = 45


class PolicyNotFound(NotFound):
    en = "There is no policy “{name}”."
    zh = "策略“{name}”不存在。"


class PolicyVersionNotFound(NotFound):
    en = "Policy “{name}” has no version {version}."
    zh = "策略“{name}”没有版本 {version}。"


class PolicyAlreadyPublished(FailedPrecondition):
    en = "Version {version} of policy “{name}” is already published. To return to it, draft it anew."
    zh = "策略“{name}”的版本 {version} 已经发布。如需恢复，请以其内容新建草稿。"


@dataclass(frozen=True)
class PolicyVersion:
    """`state` is draft, published or default. Times are business time; `effective_at` only once published."""

    name: str
    version: int
    state: str
    body: Mapping[str, Any]
    author: str = ""
    reason: str = ""
    drafted_at: datetime | None = None
    publisher: str = ""
    effective_at: datetime | None = None


def draft(tx: Transaction, spec: PolicySpec[Any], body: Mapping[str, Any], reason: str) -> PolicyVersion:
    """A new version that holds nowhere yet. Raises InvalidInput naming every wrong field."""
    settings = check_body(spec, body).model_dump(mode="json")
    tx.execute(select(func.pg_advisory_xact_lock(_NUMBERS, func.hashtext(spec.name))))
    newest = tx.execute(select(func.max(table.c.version)).where(table.c.name == spec.name)).scalar()
    version = (newest or 0) + 1
    row = insert(table).values(
        name=spec.name,
        version=version,
        state="draft",
        body=settings,
        note=reason,
        author=tx.identity.subject,
        drafted_at=tx.now,
    )
    tx.execute(row)
    entity_id = f"{spec.name}/{version}"
    tx.audit(action="policy.draft", entity="policy", entity_id=entity_id, after=settings, why=reason)
    return get(tx, spec, version)


def publish(
    tx: Transaction, spec: PolicySpec[Any], version: int, effective_from: datetime | None = None
) -> PolicyVersion:
    """Makes a draft hold from `effective_from` on, else at once; a time that has passed is refused.

    Of several published versions the one with the latest effective time holds. Returning to an old one means
    drafting and publishing its content again.
    """
    if effective_from is not None and effective_from < tx.now:
        raise InvalidInput.of(
            Violation("effective_from", en="must not be in the past", zh="不能早于现在", reason="IN_THE_PAST")
        )
    replaced = live(tx, spec)
    chosen = get(tx, spec, version)
    # The model may have changed since the draft was written.
    check_body(spec, chosen.body)
    effective_at = effective_from or tx.now
    drafted = update(table).where(table.c.name == spec.name, table.c.version == version, table.c.state == "draft")
    published = tx.execute(
        drafted.values(state="published", publisher=tx.identity.subject, published_at=tx.now, effective_at=effective_at)
    )
    if not published.rowcount:
        raise PolicyAlreadyPublished(name=spec.name, version=version)
    tx.audit(
        action="policy.publish",
        entity="policy",
        entity_id=f"{spec.name}/{version}",
        before={"version": replaced.version, "body": replaced.body},
        after={"version": version, "body": chosen.body, "effective_at": effective_at},
        why=chosen.reason,
    )
    return get(tx, spec, version)


def live(tx: Transaction, spec: PolicySpec[Any]) -> PolicyVersion:
    """The version that holds at the transaction's business time."""
    holding = (
        select(table)
        .where(table.c.name == spec.name, table.c.state == "published", table.c.effective_at <= tx.now)
        .order_by(table.c.effective_at.desc(), table.c.version.desc())
    )
    for row in tx.execute(holding):
        if read_body(spec, row.body) is not None:
            return _decode(row)
    return _default(spec)


def get(tx: Transaction, spec: PolicySpec[Any], version: int) -> PolicyVersion:
    """Raises PolicyVersionNotFound."""
    if version == 0:
        return _default(spec)
    row = tx.execute(select(table).where(table.c.name == spec.name, table.c.version == version)).one_or_none()
    if row is None:
        raise PolicyVersionNotFound(name=spec.name, version=version)
    return _decode(row)


def history(tx: Transaction, spec: PolicySpec[Any]) -> list[PolicyVersion]:
    """All versions, the newest first, the defaults last."""
    rows = tx.execute(select(table).where(table.c.name == spec.name).order_by(table.c.version.desc()))
    return [*map(_decode, rows), _default(spec)]


def _default(spec: PolicySpec[Any]) -> PolicyVersion:
    return PolicyVersion(spec.name, 0, "default", spec.default.model_dump(mode="json"))


def _decode(row: Row[*tuple[Any, ...]]) -> PolicyVersion:
    return PolicyVersion(
        name=row.name,
        version=row.version,
        state=row.state,
        body=row.body,
        author=row.author,
        reason=row.note,
        drafted_at=row.drafted_at,
        publisher=row.publisher or "",
        effective_at=row.effective_at,
    )
