"""ISO 20022 camt.053 (statement) and camt.054 (notification), versions 02 to 13.

Guarantee: no entity is resolved, nothing outside the document is read, and a document type definition is refused; a
text that ends too early, or lacks what a statement needs, raises NotAStatement. What is held in memory is one entry and
the head of one statement, whatever the size of the document.
"""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from lxml import etree

from integration.receipts import camt_entry
from integration.receipts.camt_entry import Element, amount, credit, first
from integration.receipts.encodings import AsUtf8
from integration.receipts.reading import NotAStatement, Survey, Told, instant_of, missing
from integration.receipts.rules import Statement

_ENCODING = re.compile(rb"^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*encoding=[\"']([A-Za-z0-9._-]+)[\"']")
BOOKED = "BOOK"
# Elements outside of entries, and inside of one: a document beyond them is no statement but an attack.
MOST_IN_HEAD = 20_000
MOST_IN_ENTRY = 100_000


@dataclass(frozen=True)
class _Kind:
    name: str
    container: str
    report: str

    @property
    def namespace(self) -> re.Pattern[str]:
        return re.compile(rf"urn:iso:std:iso:20022:tech:xsd:{re.escape(self.name)}\.001\.\d\d")


STATEMENT = _Kind("camt.053", "BkToCstmrStmt", "Stmt")
NOTIFICATION = _Kind("camt.054", "BkToCstmrDbtCdtNtfctn", "Ntfctn")


class Camt:
    def __init__(self, kind: _Kind = STATEMENT) -> None:
        self._kind = kind

    def survey(self, content: BinaryIO) -> Survey:
        shape: set[str] = set()
        statements = [
            self._head(node) for node, is_report in self._walk(content, shape) if is_report
        ]  # entries are looked at in the second reading
        if not statements:
            report = self._kind.report
            raise NotAStatement(f"the document holds no statement ({report})", f"文件中没有对账单（{report}）", report)
        return Survey(tuple(statements), frozenset(shape))

    def entries(self, content: BinaryIO, survey: Survey) -> Iterator[Told]:
        index, number = 0, 0
        for node, is_report in self._walk(content, set()):
            if is_report:
                index, number = index + 1, 0
                continue
            number += 1
            if first(node, "./{*}Sts/{*}Cd", first(node, "./{*}Sts", BOOKED)) == BOOKED:
                yield self._told(node, index, number, survey.statements[index])

    def _told(self, node: Element, index: int, number: int, statement: Statement) -> Told:
        alone = _alone(node)
        try:
            return Told(index, number, camt_entry.entry(node, statement), alone)
        except NotAStatement as failure:
            return Told(index, number, failure, alone)

    def _walk(self, content: BinaryIO, shape: set[str]) -> Iterator[tuple[Element, bool]]:
        """Each entry and, at its end, each report (True). An entry is dropped when the next one has come."""
        reader = _Reader(_open(content), self._kind, shape)
        try:
            yield from reader.run()
        except etree.XMLSyntaxError as failure:
            line = failure.lineno or 0
            raise NotAStatement(
                f"the XML breaks off or is malformed at line {line}", f"XML 在第 {line} 行中断或格式错误"
            ) from None

    def _head(self, node: Element) -> Statement:
        account = first(node, "./{*}Acct/{*}Id/{*}IBAN") or first(node, "./{*}Acct/{*}Id/{*}Othr/{*}Id")
        if not account:
            raise missing("Acct/Id")
        covered = first(node, "./{*}FrToDt/{*}ToDtTm") or first(node, "./{*}CreDtTm")
        header = node.getparent()
        created = first(header, "./{*}GrpHdr/{*}CreDtTm") if header is not None else ""
        chained = self._kind is STATEMENT
        sequence = _sequence(node, chained)
        opening, currency = _balance(node, "OPBD", "PRCD") if chained else (0, _currency(node))
        return Statement(
            bank=first(node, "./{*}Acct/{*}Svcr/{*}FinInstnId/{*}BICFI")
            or first(node, "./{*}Acct/{*}Svcr/{*}FinInstnId/{*}Nm")
            or "BANK",
            account=account,
            format=self._kind.name,
            first_sequence=sequence if chained else None,
            sequence=sequence,
            reference=first(node, "./{*}Id"),
            currency=currency,
            opening_fen=opening,
            closing_fen=_balance(node, "CLBD")[0] if chained else 0,
            until=instant_of(covered or created, "CreDtTm"),
            chained=chained,
        )


class _Reader:
    """One pass over a document."""

    def __init__(self, content: AsUtf8, kind: _Kind, shape: set[str]) -> None:
        self._events = etree.iterparse(
            content,
            events=("start", "end"),
            encoding="utf-8",
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        self._kind = kind
        self._shape = shape
        self._path: list[str] = []
        self._in_head = 0
        self._in_entry = 0
        self._last: Element | None = None

    def run(self) -> Iterator[tuple[Element, bool]]:
        report = ["Document", self._kind.container, self._kind.report]
        entry = [*report, "Ntry"]
        for event, node in self._events:
            if event == "start":
                self._start(node, inside=self._path[:4] == entry)
                continue
            here = self._path.copy() if len(self._path) <= 4 else []
            self._path.pop()
            if here == entry:
                yield node, False
                self._drop_last(node)
            elif here == report:
                yield node, True
                self._last = None
                node.clear()

    def _start(self, node: Element, *, inside: bool) -> None:
        name = str(etree.QName(node).localname)
        if not self._path:
            self._check_root(node)
        self._path.append(name)
        self._shape.add("/" + "/".join(self._path))
        if inside:
            self._in_entry += 1
        elif name == "Ntry":
            self._in_entry = 0
        else:
            self._in_head += 1
        if self._in_head > MOST_IN_HEAD or self._in_entry > MOST_IN_ENTRY or len(self._path) > 60:
            raise NotAStatement("the document is no statement: too many elements", "文件元素过多，不是对账单")

    def _check_root(self, node: Element) -> None:
        if node.getroottree().docinfo.internalDTD is not None:
            raise _no_dtd()
        space = str(etree.QName(node).namespace)
        if not self._kind.namespace.fullmatch(space):
            raise NotAStatement(
                f"the document is not {self._kind.name}", f"文件不是 {self._kind.name} 格式", "Document"
            )
        self._shape.add(space)

    def _drop_last(self, node: Element) -> None:
        """The parser still writes behind the newest element, so the one before it goes."""
        parent = node.getparent()
        if self._last is not None and parent is not None:
            parent.remove(self._last)
        self._last = node


def _open(content: BinaryIO) -> AsUtf8:
    content.seek(0)
    head = content.read(10_000)
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise _no_dtd()
    declared = _ENCODING.match(head[:200])
    content.seek(0)
    return AsUtf8(content, declared.group(1).decode() if declared else "utf-8")


def _no_dtd() -> NotAStatement:
    return NotAStatement("a document type definition is not allowed", "不允许包含 DTD 声明", "DOCTYPE")


def _sequence(node: Element, chained: bool) -> int:
    """Of a notification without a number, one made of its id: it only tells it from others."""
    sequence = first(node, "./{*}ElctrncSeqNb") or first(node, "./{*}LglSeqNb")
    if sequence.isdecimal() and int(sequence) < 2**31:
        return int(sequence)
    reference = first(node, "./{*}Id")
    if chained or sequence or not reference:
        raise missing("ElctrncSeqNb")
    return int.from_bytes(hashlib.sha256(reference.encode()).digest()[:7])


def _balance(node: Element, *codes: str) -> tuple[int, str]:
    for each in node.findall("./{*}Bal"):
        if first(each, "./{*}Tp/{*}CdOrPrtry/{*}Cd") in codes:
            fen, currency = amount(each, f"Bal {codes[0]}")
            return (fen if credit(each) else -fen), currency
    raise missing(f"Bal {codes[0]}")


def _currency(node: Element) -> str:
    """Of a notification: the account's, or that of its last entry."""
    entry = node.find("./{*}Ntry/{*}Amt")
    return first(node, "./{*}Acct/{*}Ccy") or (entry.get("Ccy", "") if entry is not None else "") or "CNY"


def _alone(entry: Element) -> Callable[[], str]:
    """Only while the entry is the newest one: afterwards it is gone."""

    def document() -> str:
        report = entry.getparent()
        container = report.getparent() if report is not None else None
        root = container.getparent() if container is not None else None
        if report is None or container is None or root is None:
            raise missing("Document")
        frame = etree.Element(root.tag, nsmap=root.nsmap)
        statement = etree.SubElement(etree.SubElement(frame, container.tag), report.tag)
        statement.extend([copy.deepcopy(each) for each in report if etree.QName(each).localname != "Ntry"])
        statement.append(copy.deepcopy(entry))
        return etree.tostring(frame, encoding="unicode")

    return document
