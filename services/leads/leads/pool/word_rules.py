"""Searching by any part of a name, by pinyin or by its initials, or by part of a phone number (LD7.1).

A lead is found through short pieces of its words: Chinese characters (`c:`), pinyin (`p:`), initials and letters that
the name itself has (`i:`), digits (`d:`). The rarest pieces of what is sought must be there, which selects a little too
much; the whole word is then compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pypinyin import lazy_pinyin

from leads.normalise.name_rules import as_compared

_RUNS = re.compile(r"(?P<han>[\u3400-\u9fff]+)|(?P<letters>[a-z]+)|(?P<digits>[0-9]+)")
_LETTERS = re.compile(r"[a-z]+")
# The longest pieces that fit into a word are looked for.
SIZES = {"c": (1, 2), "p": (3, 4), "i": (1, 2, 3), "d": (1, 2, 3)}
# Shorter words are not looked for inside pinyin and phone numbers.
LONG = 3


@dataclass(frozen=True)
class Words:
    """What a lead is found by: names as compared, their pinyin and initials, the digits of the phone number."""

    names: str
    sound: str
    initials: str
    phone: str

    @property
    def pieces(self) -> list[str]:
        letters = [*self.initials.split(), *_runs(self.names, "letters")]
        found = {
            *_every("c", _runs(self.names, "han")), *_every("p", self.sound.split()), *_every("i", letters),
            *_every("d", _runs(self.names, "digits")), *_cut("d", self.phone, LONG),
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
        return len(self.value) >= LONG

    def _pieces(self, kind: str) -> list[str]:
        """None: a word too short for this kind."""
        fitting = [size for size in SIZES[kind] if size <= len(self.value)]
        return list(dict.fromkeys(_cut(kind, self.value, max(fitting)))) if fitting else []


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


def _every(kind: str, values: Sequence[str]) -> Iterable[str]:
    return (piece for value in values for size in SIZES[kind] for piece in _cut(kind, value, size))


def _cut(kind: str, value: str, size: int) -> Iterable[str]:
    return (f"{kind}:{value[at : at + size]}" for at in range(len(value) - size + 1))
