"""How much alike two leads are: 0 to 1, over the traits that both are known by (LD12.1).

Gower's coefficient (Gower 1971): the weighted mean of the traits' likenesses, those that can't be compared left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import lru_cache

# In the order of size; neighbours are half alike.
_SIZES = ("0", "50k", "200k", "1m")
# Of so few traits in common nobody would say that two leads are alike.
LEAST_TRAITS = 2


@dataclass(frozen=True)
class Profile:
    """Empty: not known. `size` is a level of the budget."""

    industry: str = ""
    size: str = ""
    region: str = ""
    need: str = ""
    roles: tuple[str, ...] = ()


def likeness(one: Profile, other: Profile, weights: Mapping[str, float]) -> float:
    """0 when too little is known on both sides."""
    traits = _traits(one, other)
    total = sum(weights[name] for name in traits)
    if len(traits) < LEAST_TRAITS or total <= 0:
        return 0.0
    return sum(weights[name] * value for name, value in traits.items()) / total


def _traits(one: Profile, other: Profile) -> dict[str, float]:
    found: dict[str, float] = {}
    if one.industry and other.industry:
        found["industry"] = float(one.industry == other.industry)
    if one.size in _SIZES and other.size in _SIZES:
        found["size"] = max(0.0, 1 - abs(_SIZES.index(one.size) - _SIZES.index(other.size)) / 2)
    if one.region and other.region:
        found["region"] = float(one.region == other.region)
    if one.need and other.need:
        found["need"] = _shared(_pairs(one.need), _pairs(other.need))
    if one.roles and other.roles:
        found["roles"] = _shared(frozenset(one.roles), frozenset(other.roles))
    return found


def _shared(one: Set[str], other: Set[str]) -> float:
    """Of all, what both have (Jaccard)."""
    return len(one & other) / len(one | other) if one or other else 0.0


@lru_cache(maxsize=8192)
def _pairs(words: str) -> frozenset[str]:
    """Chinese has no spaces between words: pairs of neighbouring characters stand for them."""
    plain = "".join(each for each in words.lower() if each.isalnum())
    return frozenset(plain[at : at + 2] for at in range(len(plain) - 1)) or frozenset({plain} - {""})
