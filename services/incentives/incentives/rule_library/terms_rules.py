"""What becomes of a rule's bonus: how it is shared, where it is cut, which other rules it goes with (I2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

WHOLE = 10_000


class ShareRole(StrEnum):
    """In the order in which fen that can't be divided are given out."""

    OWNER = "owner"
    CO_SELLER = "co_seller"
    MANAGER = "manager"
    DIRECTOR = "director"


class Combine(StrEnum):
    """How the rules of a group go together on one order."""

    STACK = "stack"
    HIGHEST = "highest"
    FIRST = "first"


@dataclass(frozen=True)
class RoleShare:
    role: str
    basis_points: int


@dataclass(frozen=True)
class Caps:
    """Fen; None is no cap. Months are those of signing, Asia/Shanghai."""

    per_order: int | None = None
    per_person_month: int | None = None
    per_month: int | None = None

    @property
    def of_month(self) -> bool:
        return self.per_person_month is not None or self.per_month is not None


@dataclass(frozen=True)
class Group:
    name: str
    policy: str
    priority: int = 0


@dataclass(frozen=True)
class Terms:
    split: tuple[RoleShare, ...] = ()
    split_by_deal: bool = False
    caps: Caps = field(default_factory=Caps)
    group: Group | None = None


NO_TERMS = Terms()


def stored(terms: Terms) -> dict[str, Any]:
    return asdict(terms)


def read_terms(kept: Mapping[str, Any]) -> Terms:
    """The reverse of `stored`; nothing stored is no terms."""
    group = kept.get("group")
    return Terms(
        tuple(RoleShare(**each) for each in kept.get("split", ())),
        bool(kept.get("split_by_deal", False)),
        Caps(**kept.get("caps", {})),
        Group(**group) if group else None,
    )


def percent(basis_points: int) -> str:
    """ "12.5" """
    return f"{basis_points / 100:.2f}".rstrip("0").rstrip(".")
