"""Company names and places as they are compared (LD1.2). The name as written is kept beside it."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from opencc import OpenCC

_SIMPLIFIED = OpenCC("t2s")

# Longest first: "股份有限公司" must not leave "股份" behind.
_COMPANY_FORMS = (
    "股份有限公司",
    "有限责任公司",
    "集团有限公司",
    "有限公司",
    "股份公司",
    "集团公司",
    "公司",
    "colimited",
    "coltd",
    "limited",
    "ltd",
    "inc",
)
_BRANCH = re.compile(r"(?P<parent>.{2,}?)(?:股份有限公司|有限责任公司|有限公司|公司)?(?P<branch>[^公司]{0,12}分公司)$")
_DROPPED = re.compile(r"[\s·,，。.．、\-—_&＆'’\"“”]+")
_BRACKETS = str.maketrans(dict.fromkeys("()[]{}<>（）【】〔〕《》「」『』", ""))


def name_key(name: str) -> str:
    """What two spellings of one company share: half width, simplified, no brackets, no company form, no spaces."""
    plain = _DROPPED.sub("", as_compared(name))
    for form in _COMPANY_FORMS:
        if plain.endswith(form) and len(plain) > len(form) + 1:
            return plain.removesuffix(form)
    return plain


def parent_key(name: str) -> str | None:
    """The key of the parent of a branch (分公司), None for any other company."""
    found = _BRANCH.match(_DROPPED.sub("", as_compared(name)))
    return name_key(found["parent"]) if found else None


def place_name(name: str) -> str:
    """浙江省 and 浙江, 杭州市 and 杭州 are the same place."""
    plain = name.strip()
    for ending in ("特别行政区", "维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市"):
        if plain.endswith(ending) and len(plain) > len(ending) + 1:
            return plain.removesuffix(ending)
    return plain


@lru_cache(maxsize=1024)
def as_compared(name: str) -> str:
    """Half width, lower case, simplified, without brackets."""
    half_width = unicodedata.normalize("NFKC", name).strip().lower()
    simplified: str = _SIMPLIFIED.convert(half_width)
    return simplified.translate(_BRACKETS)
