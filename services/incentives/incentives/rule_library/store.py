"""SQL of rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import distinct_on, insert

from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from incentives.rule_library.rules import Rule
from incentives.rule_library.terms_rules import read_terms
from incentives.tables import rule_version

_PUBLICATIONS = select(
    rule_version.c.rule_id, rule_version.c.version, rule_version.c.effective_from, rule_version.c.effective_to
).where(rule_version.c.state == literal_column("'published'"))


class Publication(NamedTuple):
    """A version and when it holds: what tells one rule from another."""

    rule_id: str
    version: int
    effective_from: datetime
    effective_to: datetime | None


def lock_rule(tx: Transaction, rule_id: str) -> None:
    """Versions of a rule are numbered and published one at a time."""
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("rule:" + rule_id, 0))))


def lock_group(tx: Transaction, name: str) -> None:
    """Rules of a group are compared one at a time."""
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("group:" + name, 0))))


def next_version(tx: Transaction, rule_id: str) -> int:
    newest = select(func.coalesce(func.max(rule_version.c.version), 0)).where(rule_version.c.rule_id == rule_id)
    return int(tx.execute(newest).scalar_one()) + 1


def insert_draft(tx: Transaction, values: Mapping[str, Any]) -> None:
    tx.execute(insert(rule_version).values(**values))


def set_published(tx: Transaction, rule_id: str, version: int, values: Mapping[str, Any]) -> None:
    tx.execute(
        update(rule_version)
        .where(rule_version.c.rule_id == rule_id, rule_version.c.version == version)
        .values(state="published", **values)
    )


def versions(tx: Transaction, rule_id: str) -> Sequence[Row[Any]]:
    """Newest first."""
    mine = rule_version.c.rule_id == rule_id
    return tx.execute(select(rule_version).where(mine).order_by(rule_version.c.version.desc())).all()


def is_known(tx: Transaction, *, rule_id: str = "", group: str = "") -> bool:
    """Whether there is such a rule, or a rule of such a group, be it drafted only."""
    named = rule_version.c.terms["group"]["name"].astext == group
    query = select(rule_version.c.rule_id).where(rule_version.c.rule_id == rule_id if rule_id else named)
    return tx.execute(query.limit(1)).first() is not None


def list_newest(tx: Transaction, page: Page) -> Sequence[Row[Any]]:
    query = (
        select(rule_version)
        .ext(distinct_on(rule_version.c.rule_id))
        .order_by(rule_version.c.rule_id, rule_version.c.version.desc())
        .limit(page.limit)
    )
    if page.after:
        query = query.where(rule_version.c.rule_id > page.after["id"])
    return tx.execute(query).all()


def publications(tx: Transaction) -> list[Publication]:
    return [Publication._make(row) for row in tx.execute(_PUBLICATIONS)]


def publication_of(rule: Rule) -> Publication:
    return Publication(rule.rule_id, rule.version, rule.effective_from, rule.effective_to)


def published(tx: Transaction) -> list[Rule]:
    """With all they say. Who judges orders asks a `Rulebook`."""
    rows = tx.execute(select(rule_version).where(rule_version.c.state == "published"))
    return [_rule(row) for row in rows]


def published_spans(tx: Transaction, rule_ids: Sequence[str]) -> Sequence[Row[Any]]:
    columns = (
        rule_version.c.rule_id, rule_version.c.version, rule_version.c.effective_from, rule_version.c.effective_to
    )  # fmt: skip
    mine = rule_version.c.rule_id.in_(rule_ids)
    return tx.execute(select(*columns).where(rule_version.c.state == "published", mine)).all()


def earliest_start(tx: Transaction) -> datetime | None:
    found: datetime | None = tx.execute(select(func.min(rule_version.c.effective_from))).scalar_one()
    return found


def _rule(row: Row[Any]) -> Rule:
    return Rule(
        row.rule_id, row.version, row.digest, row.model, row.words, row.words_zh, row.effective_from, row.effective_to,
        read_terms(row.terms),
    )  # fmt: skip
