"""Bookings that a bank puts under one reference: a fee or a reversal beside its main booking (N1.3).

The first keeps the reference, the others get an ordinal (R1#2). Each keeps the one it had: what says the same as before
is found first, what is left goes in the order of the statement. So a statement that comes again gives the same keys.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from itertools import count

from integration.feeds.rules import content_hash
from integration.receipts.rules import Entry

Key = tuple[date, str]


def numbered(key: Key, ordinal: int) -> Key:
    return key if ordinal == 1 else (key[0], f"{key[1]}#{ordinal}")


def keyed(
    entries: Iterable[Entry], said: Mapping[Key, Collection[bytes]], taken: Collection[Key] = ()
) -> dict[Key, Entry]:
    """Entries by keys of their own; one that says all that another says is left out.

    `said`: content hashes of what this format told under a key before. `taken`: keys that this statement has given
    away in an earlier part; only what says the same may have them again.
    """
    groups: defaultdict[Key, list[Entry]] = defaultdict(list)
    for each in dict.fromkeys(entries):
        groups[each.booked_on, each.serial].append(each)
    found: dict[Key, Entry] = {}
    for key, alike in groups.items():
        known = {id(each): _known(each, key, said, found) for each in alike}
        for each in alike:
            if (own := known[id(each)]) is not None and own not in found:
                found[own] = replace(each, serial=own[1])
        for each in alike:
            own = known[id(each)]
            if own is None or found[own] != replace(each, serial=own[1]):
                free = _first(key, lambda it: it not in found and it not in taken)
                found[free] = replace(each, serial=free[1])
    return found


def _known(entry: Entry, key: Key, said: Mapping[Key, Collection[bytes]], found: Collection[Key]) -> Key | None:
    """Where the same was told before."""
    for ordinal in count(1):
        own = numbered(key, ordinal)
        if own not in said:
            return None
        if own not in found and content_hash(replace(entry, serial=own[1])) in said[own]:
            return own
    return None


def _first(key: Key, fits: Callable[[Key], bool]) -> Key:
    return next(own for own in (numbered(key, ordinal) for ordinal in count(1)) if fits(own))
