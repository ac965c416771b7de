"""Sentences of what people wrote or said, and the choice of those that tell most (A3.2's offline summary).

Extractive: every sentence of a summary stands word for word in the conversation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_ENDS = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]*")
_QUESTION_WORDS = ("吗", "呢", "什么", "怎么", "多少", "几", "哪", "能不能", "可不可以", "是否", "有没有")
_FIGURE = re.compile(r"\d|[一二三四五六七八九十百千万]+(?:元|万|台|套|天|周|月)")
BREAK = " "
CUT = "…"


def sentences(text: str) -> list[str]:
    return [found.strip() for found in _ENDS.findall(text) if found.strip()]


def is_question(sentence: str) -> bool:
    return sentence.rstrip().endswith(("?", "？")) or sentence.rstrip("。.！! ").endswith(("吗", "呢"))


def choose_sentences(parts: Sequence[tuple[bool, str]], words: Sequence[str], limit: int) -> str:
    """At most `limit` characters of the most telling sentences, in the order they were said.

    `parts` are (from the customer, text). A known word counts 2, a figure 2, the customer's own voice 1, a question 1;
    of equals the later says more about where things stand.
    """
    said = [(customer, sentence) for customer, text in parts for sentence in sentences(text)]
    ranked = sorted(range(len(said)), key=lambda at: (-_weight(*said[at], words), -at))
    chosen: list[int] = []
    room = limit
    for at in ranked:
        need = len(said[at][1]) + (len(BREAK) if chosen else 0)
        if need <= room and said[at][1] not in [said[other][1] for other in chosen]:
            chosen.append(at)
            room -= need
    if not chosen and ranked:
        return said[ranked[0]][1][: limit - len(CUT)] + CUT
    return BREAK.join(said[at][1] for at in sorted(chosen))


def _weight(customer: bool, sentence: str, words: Sequence[str]) -> int:
    known = sum(word.casefold() in sentence.casefold() for word in words)
    question = is_question(sentence) or any(word in sentence for word in _QUESTION_WORDS)
    return 2 * known + 2 * bool(_FIGURE.search(sentence)) + customer + question
