"""The language of an answer: Chinese unless the caller prefers English."""

from __future__ import annotations

from collections.abc import Iterable

from chassis.errors import Locale

TAGS: dict[Locale, str] = {"zh": "zh-CN", "en": "en"}


def pick(accept_language: str) -> Locale:
    """The best of the two for an Accept-Language header. What can't be read counts as no wish."""
    best: tuple[float, Locale] = (0.0, "zh")
    for language, weight in _wishes(accept_language):
        if language in ("zh", "en") and weight > best[0]:
            best = (weight, "en" if language == "en" else "zh")
    return best[1]


def _wishes(header: str) -> Iterable[tuple[str, float]]:
    for each in header.split(",")[:20]:
        tag, _, parameter = each.strip().partition(";")
        name, _, value = parameter.strip().partition("=")
        yield tag.partition("-")[0].lower(), _weight(value) if name == "q" else 1.0


def _weight(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0
