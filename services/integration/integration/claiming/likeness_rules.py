"""How much two names are alike: cut off, shortened, written with a slip; never across numbers and directions."""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz import fuzz

from integration.receivables.name_rules import payer_key

# 第一医院 is not 第二医院, 华东 is not 华南.
_TELLING = re.compile(r"\d+|[一二三四五六七八九十东南西北甲乙丙丁]")
PLACES = "省市区县"
_PLACE = re.compile(f"[{PLACES}]")
CUT_OFF, SHORTENED = 0.97, 0.93
SHORTEST_CUT, SHORTEST_SHORT = 6, 4


def name_likeness(payer: str, customer: str) -> float:
    """0 to 1."""
    return key_likeness(payer_key(payer), payer_key(customer))


def key_likeness(first: str, second: str) -> float:
    """0 to 1, of keys. Names that differ in a number are alike by half at most."""
    if not first or not second:
        return 0.0
    if first == second:
        return 1.0
    short, long = sorted((first, second), key=lambda each: (len(each), each))
    ratio = fuzz.ratio(short, long) / 100
    if not _tells_the_same(short, long):
        return ratio / 2
    if len(short) >= SHORTEST_CUT and long.startswith(short):
        return max(ratio, CUT_OFF)
    if _is_short_for(short, long):
        return max(ratio, SHORTENED)
    return ratio


def may_reach(first: str, second: str, least: float) -> bool:
    """False when keys are surely less alike than this: most pairs are told apart so at a tenth of the price."""
    if fuzz.ratio(first, second, score_cutoff=100 * least - 0.1):
        return True
    short, long = sorted((first, second), key=len)
    return all(each in long for each in short if each not in PLACES)


def _tells_the_same(short: str, long: str) -> bool:
    """What tells names apart in the shorter one is in the longer one too, in its order."""
    there = iter(_telling(long))
    return all(each in there for each in _telling(short))


@lru_cache(maxsize=1 << 15)
def _telling(key: str) -> tuple[str, ...]:
    return tuple(_TELLING.findall(key))


def _is_short_for(short: str, long: str) -> bool:
    """All its characters are in the long name, in their order, from the first one on: 杭州一院, 杭州市第一人民医院."""
    plain = _PLACE.sub("", long)
    if len(short) < SHORTEST_SHORT or 3 * len(short) < len(plain):
        return False
    brief = _PLACE.sub("", short)
    there = iter(plain)
    return brief[:1] in (plain[:1], plain[2:3]) and all(each in there for each in brief)
