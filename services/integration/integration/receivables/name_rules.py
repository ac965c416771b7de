"""How names of payers and customers are compared, and how contract numbers are (N4.1)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from opencc import OpenCC

_NOT_A_LETTER = re.compile(r"[\W_]+")
_SIMPLIFIED = OpenCC("t2s")
# Longest first: "股份有限公司" must not leave "股份" behind. A group (集团) is another company than its members.
_FORMS = (
    "股份有限公司", "有限责任公司", "有限公司", "股份公司", "公司",
    "companylimited", "colimited", "coltd", "limited", "ltd", "llc", "inc", "corp",
)  # fmt: skip
# Of contract numbers: a shorter one would be found in any remark.
SHORTEST_CONTRACT = 4


@lru_cache(maxsize=1 << 15)
def payer_key(name: str) -> str:
    """Names are equal whatever width, case, script, brackets, spaces, punctuation and form of the company.

    “ＡＢＣ（上海）貿易有限公司” is "abc上海贸易".
    """
    plain = _NOT_A_LETTER.sub("", unicodedata.normalize("NFKC", name).casefold())
    simplified: str = plain if plain.isascii() else _SIMPLIFIED.convert(plain)
    form = next((each for each in _FORMS if simplified.endswith(each)), "")
    return simplified.removesuffix(form) if len(simplified) > len(form) + 1 else simplified


@lru_cache(maxsize=1 << 15)
def contract_key(number: str) -> str:
    """Numbers are equal whatever the width, case and separators; empty for one too short to be told apart."""
    key = _NOT_A_LETTER.sub("", unicodedata.normalize("NFKC", number)).upper()
    return key if len(key) >= SHORTEST_CONTRACT else ""
