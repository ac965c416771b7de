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
# Bytes from one entry to the next: a document beyond that is no statement but an attack.
MOST_AT_ONCE = 2 * 1024 * 1024
# Entries whose elements make the shape of a document.
LOOKED_AT = 200


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
    """One pass over a document. Python sees entries and reports only: the rest of the work is done in C."""

    def __init__(self, content: _Measured, kind: _Kind, shape: set[str]) -> None:
        self._content = content
        self._kind = kind
        self._shape = shape
        self._last: Element | None = None
        self._seen = 0
        self._events = etree.iterparse(
            content,
            events=("end",),
            tag=["{*}Ntry", "{*}" + kind.report],
            encoding="utf-8",
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )

    def run(self) -> Iterator[tuple[Element, bool]]:
        for _, node in self._events:
            self._content.begin_anew()
            if not self._seen:
                self._check_root(node)
            self._seen += 1
            if self._is_at(node, self._kind.container):
                self._look_at(node)
                yield node, True
                self._last = None
                node.clear()
            elif self._is_at(node, self._kind.report):
                self._look_at(node)
                yield node, False
                self._drop_last(node)
        if not self._seen and self._events.root is not None:
            self._check_root(self._events.root)

    @staticmethod
    def _is_at(node: Element, parent: str) -> bool:
        above = node.getparent()
        return above is not None and etree.QName(above).localname == parent

    def _check_root(self, node: Element) -> None:
        tree = node.getroottree()
        if tree.docinfo.internalDTD is not None:
            raise _no_dtd()
        space = str(etree.QName(tree.getroot()).namespace)
        if not self._kind.namespace.fullmatch(space):
            name = self._kind.name
            raise NotAStatement(f"the document is not {name}", f"文件不是 {name} 格式", "Document")
        self._shape.add(space)

    def _look_at(self, node: Element) -> None:
        """The shape of the first entries stands for the others, and that of the last one."""
        if self._seen <= LOOKED_AT or etree.QName(node).localname != "Ntry":
            _shape_of(node, f"/Document/{self._kind.container}", self._kind.report, self._shape)

    def _drop_last(self, node: Element) -> None:
        """The parser still writes behind the newest element, so the one before it goes."""
        parent = node.getparent()
        if self._last is not None and parent is not None:
            parent.remove(self._last)
        self._last = node


class _Measured(AsUtf8):
    """Refuses a document that goes on and on without an entry, before it fills the memory."""

    _since = 0

    def begin_anew(self) -> None:
        self._since = 0

    def read(self, size: int = -1) -> bytes:
        piece = super().read(size)
        self._since += len(piece)
        if self._since > MOST_AT_ONCE:
            raise NotAStatement("no statement: too much between entries", "不是对账单：明细之间内容过多")
        return piece


def _shape_of(node: Element, above: str, report: str, shape: set[str]) -> None:
    name = etree.QName(node).localname
    path = f"{above}/{report}/{name}" if name == "Ntry" and not above.endswith(report) else f"{above}/{name}"
    shape.add(path)
    for child in node:
        _shape_of(child, path, report, shape)


def _open(content: BinaryIO) -> _Measured:
    content.seek(0)
    head = content.read(10_000)
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
        raise _no_dtd()
    declared = _ENCODING.match(head[:200])
    content.seek(0)
    return _Measured(content, declared.group(1).decode() if declared else "utf-8")


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
