"""Which rows a caller sees, as SQL: the rule of `Identity.may_see`. A test on PostgreSQL holds the two together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, or_, true

if TYPE_CHECKING:
    from chassis.identity import Identity


def visible_rows(
    identity: Identity, owner_column: ColumnElement[Any], unit_column: ColumnElement[Any]
) -> ColumnElement[bool]:
    """Self: own rows. Team: rows of the unit and below, and own rows. Company and services: all.

    The unit is matched by LIKE with a fixed prefix, so an index with text_pattern_ops serves it.
    """
    if identity.kind == "service" or identity.level == "company":
        return true()
    own = owner_column == identity.subject
    if identity.level == "self" or not identity.unit:
        return own
    return or_(own, unit_column.like(_literal(identity.unit) + "%"))


def _literal(prefix: str) -> str:
    """A percent sign in a unit's name must not match everything."""
    return prefix.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
