"""Tags too long for any page: parsers take time by the square of a tag's attributes."""

from __future__ import annotations


def has_tag_over(content: bytes, longest: int) -> bool:
    """Comments, CDATA and declarations may be of any length."""
    pieces = (each for each in content.split(b"<") if len(each) > longest and not each.startswith(b"!"))
    return any(b">" not in each[:longest] for each in pieces)
