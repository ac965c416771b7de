"""Which names in one city are nearly the same: rapidfuzz's ratio of the normalised names is at least 92 (LD1.4).

The ratio counts single characters that are put in or left out: of two names of together n characters at most 0.08 n may
differ. So two names of at most 12 characters that are near share, whole or with one character left out, some form:
these forms are indexed. Longer names are few; those of the city are all compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from rapidfuzz.fuzz import ratio

# From here on names are compared with all of such length in the city.
LONG = 12


@dataclass(frozen=True)
class Named:
    """A lead or customer as names see it. `parent_key` for a branch."""

    record_id: str
    city: str
    name_key: str
    parent_key: str | None
    uscc: str

    @property
    def is_long(self) -> bool:
        return len(self.name_key) >= LONG

    @property
    def forms(self) -> list[int]:
        """Numbers of the name and of the name with one character left out, within the city."""
        if not self.city or len(self.name_key) > LONG:
            return []
        name = self.name_key
        shorter = {name[:at] + name[at + 1 :] for at in range(len(name))} if len(name) > 1 else set()
        return sorted(_number(self.city, form) for form in {name} | shorter)


def nearest(new: Named, known: Iterable[Named], least: float) -> tuple[Named, float] | None:
    """The most similar other and its score; of equal ones the oldest."""
    scored = [
        (ratio(new.name_key, each.name_key, score_cutoff=least), each)
        for each in known
        if each.record_id != new.record_id and may_be_same(new, each)
    ]
    best = max(scored, key=lambda pair: (pair[0], [-ord(letter) for letter in pair[1].record_id]), default=None)
    return (best[1], best[0]) if best and best[0] >= least else None


def may_be_same(one: Named, other: Named) -> bool:
    """In one city; two different USCCs never are, nor is a branch its parent (LD1.3)."""
    if not one.city or one.city != other.city or (one.uscc and other.uscc and one.uscc != other.uscc):
        return False
    return one.parent_key == other.parent_key


def _number(city: str, form: str) -> int:
    """63 bits; two forms that share a number by chance are told apart by the comparison."""
    return int.from_bytes(blake2b(f"{city}\n{form}".encode(), digest_size=8).digest(), signed=True)
