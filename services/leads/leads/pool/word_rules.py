"""Searching by any part of a name, by pinyin or by its initials, or by part of a phone number (LD7.1).

A lead is found through short pieces: two Chinese characters (`c:`), three letters of the pinyin (`p:`), two initials
or two letters that the name itself has (`i:`), three digits (`d:`); shorter words have pieces of their own. The rarest
pieces of what is sought must be there, which selects a little too much; the whole word is then compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pypinyin import lazy_pinyin

from leads.normalise.name_rules import as_compared

_RUNS = re.compile(r"(?P<han>[\u3400-\u9fff]+)|(?P<letters>[a-z]+)|(?P<digits>[0-9]+)")
_LETTERS = re.compile(r"[a-z]+")
_PIECE = {"c": 2, "p": 3, "i": 2, "d": 3}


@dataclass(frozen=True)
class Words:
    """What a lead is found by: names as compared, their pinyin and initials, the digits of the phone number."""

    names: str
    sound: str
    initials: str
    phone: str

    @property
    def pieces(self) -> list[str]:
        """Shorter words than a piece are found in names and initials, not inside pinyin or phone numbers."""
        han, digits = _runs(self.names, "han"), _runs(self.names, "digits")
        letters = [*self.initials.split(), *_runs(self.names, "letters")]
        found = {
            *_short("c", han), *_short("i", letters), *_short("d", digits),
            *_whole("c", han), *_whole("i", letters), *_whole("d", [*digits, self.phone]),
            *_whole("p", self.sound.split()),
        }  # fmt: skip
        return sorted(found)


@dataclass(frozen=True)
class Run:
    """One word that is sought: Chinese characters (han), letters or digits."""

    value: str
    kind: str

    @property
    def ways(self) -> list[list[str]]:
        """Pieces to look for: all of one of these."""
        if self.kind == "letters":
            return [each for each in (self._pieces("p"), self._pieces("i")) if each]
        return [self._pieces("c" if self.kind == "han" else "d")]

    def in_words(self, words: Words) -> bool:
        """The rule itself: what pieces select is compared so."""
        if self.value in words.names:
            return True
        if self.kind == "letters":
            return self.value in words.initials or (self.is_long and self.value in words.sound)
        return self.kind == "digits" and self.is_long and self.value in words.phone

    @property
    def is_long(self) -> bool:
        """Long enough to be looked for inside pinyin and phone numbers."""
        return len(self.value) >= _PIECE["p" if self.kind == "letters" else "d"]

    def _pieces(self, kind: str) -> list[str]:
        """None: a word too short for this kind."""
        pieces = list(dict.fromkeys(_whole(kind, [self.value])))
        return pieces if pieces or kind == "p" else [f"{kind}:{self.value}"]


def words_of(company_name: str, contact_name: str, phone: str) -> Words:
    names = [each for each in (as_compared(company_name), as_compared(contact_name)) if each]
    syllables = [[each for part in lazy_pinyin(name) for each in _LETTERS.findall(part.lower())] for name in names]
    return Words(
        names=" ".join(names),
        sound=" ".join("".join(each) for each in syllables),
        initials=" ".join("".join(syllable[0] for syllable in each) for each in syllables),
        phone=phone.removeprefix("+86").removeprefix("+"),
    )


def runs_of(sought: str) -> list[Run]:
    """Each must match."""
    return [Run(found.group(), str(found.lastgroup)) for found in _RUNS.finditer(as_compared(sought))]


def _runs(text: str, kind: str) -> list[str]:
    return [found.group() for found in _RUNS.finditer(text) if found.lastgroup == kind]


def _short(kind: str, values: Sequence[str]) -> Iterable[str]:
    return (piece for size in range(1, _PIECE[kind]) for value in values for piece in _cut(kind, value, size))


def _whole(kind: str, values: Sequence[str]) -> Iterable[str]:
    return (piece for value in values for piece in _cut(kind, value, _PIECE[kind]))


def _cut(kind: str, value: str, size: int) -> Iterable[str]:
    return (f"{kind}:{value[at : at + size]}" for at in range(len(value) - size + 1))
