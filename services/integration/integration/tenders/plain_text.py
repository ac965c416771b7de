"""The words of HTML, without its scripts and tags."""

from __future__ import annotations

from lxml import etree, html

LONGEST = 20_000
# What no reader sees.
_UNSEEN = ("script", "style", "template", "noscript", "iframe", "object")
_BLOCKS = {"p", "div", "li", "tr", "br", "td", "dd", "dt", "h1", "h2", "h3", "h4", "section", "table", "ul"}


def page_of(content: bytes, encoding: str | None = None) -> html.HtmlElement:
    """Raises ValueError when there is no page in it. Entities, networks and depth are bounded by the parser."""
    parser = html.HTMLParser(encoding=encoding, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        page = html.document_fromstring(content, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, LookupError):
        raise ValueError("no HTML page") from None
    etree.strip_elements(page, *_UNSEEN, with_tail=False)
    return page


def plain(fragment: str) -> str:
    """At most `LONGEST` characters; the end of a block is the end of a line."""
    if not fragment.strip():
        return ""
    try:
        return words(page_of(fragment[: LONGEST * 10].encode(), "utf-8"))
    except ValueError:
        return ""


def words(element: html.HtmlElement) -> str:
    pieces: list[str] = []
    for event, node in etree.iterwalk(element, events=("start", "end")):
        if event == "start":
            pieces.append(node.text or "")
            continue
        if node.tag in _BLOCKS:
            pieces.append("\n")
        if node is not element:
            pieces.append(node.tail or "")
    lines = (" ".join(line.split()) for line in "".join(pieces).splitlines())
    return "\n".join(line for line in lines if line)[:LONGEST].replace("\x00", "")
