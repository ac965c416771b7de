"""What can be told of an expression without running it: the names it uses, and forms that are never let in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from incentives.rule_library.cell_rules import is_interval
from incentives.rule_library.context_rules import LINE_FIELDS, ROOTS, kind_of

LONGEST = 500
_STRINGS = re.compile(r"\"[^\"]*\"|'[^']*'")
# A path of names that is neither a member of something before it nor a function.
_PATH = re.compile(r"(?<![\w.#\]$)])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?![\w(]|\s*\()")
_MEMBER = re.compile(r"[#\]]\.([A-Za-z_]\w*)")
_RESERVED = {"and", "or", "not", "in", "true", "false", "null"}


def names(expression: str) -> list[str]:
    """Paths of fields an expression reads: "deal.amountFen"."""
    bare = _STRINGS.sub('""', expression)
    return [found for found in _PATH.findall(bare) if found not in _RESERVED]


def unknown_names(expression: str, made: Iterable[str]) -> Iterator[str]:
    """Names that are neither of the order context nor `made` by a node before."""
    known = set(made)
    for path in names(expression):
        root = path.split(".")[0]
        if (root in ROOTS and kind_of(path) is None) or (root not in ROOTS and root not in known):
            yield path
    yield from (f"#.{each}" for each in _MEMBER.findall(_STRINGS.sub('""', expression)) if each not in LINE_FIELDS)


def hostile(expression: str, *, condition: bool) -> tuple[str, str] | None:
    """Why an expression is never let in: a range builds a list as long as it says, and nothing stops it."""
    if len(expression) > LONGEST:
        return f"It is longer than {LONGEST} characters.", f"超过 {LONGEST} 个字符。"
    if "`" in expression:
        return "Template texts are not let in.", "不允许使用模板字符串。"
    if ".." in _STRINGS.sub('""', expression) and not (condition and is_interval(expression)):
        return "A range is let in only as a plain condition such as [1..5].", "区间只能作为 [1..5] 这样的条件使用。"
    return None
