"""ISO 20022 camt.053 (versions 02 to 13) → statements and entries.

Guarantee: no entity is resolved, nothing outside the document is read, and a document type definition is refused; a
text that ends too early, or lacks what a statement needs, raises NotAStatement and gives nothing. An entry that can't
be read is a rejection of its own, with a document that holds this entry alone, so that it can be replayed.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from lxml import etree

from chassis.kernel.calendar import SHANGHAI
from integration.feeds.rules import Raw, Rejection
from integration.receipts.rules import Entry, Statement

NAMESPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.\d\d")
_DECLARATION = re.compile(r"^﻿?\s*<\?xml[^>]*\?>")
_ENCODING = re.compile(rb"^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*encoding=[\"']([A-Za-z0-9._-]+)[\"']")
_AMOUNT = re.compile(r"^\d{1,13}(\.\d{1,5})?$")
BOOKED = "BOOK"

Element = etree._Element


class NotAStatement(ValueError):
    """Says why in both languages and where."""

    def __init__(self, en: str, zh: str, field: str = "") -> None:
        super().__init__(en)
        self.en, self.zh, self.field = en, zh, field


@dataclass(frozen=True)
class ReadStatement:
    """`keys`: under which the entries would have been quarantined."""

    statement: Statement
    entries: tuple[Entry, ...]
    rejections: tuple[Rejection, ...]
    keys: tuple[str, ...]


def text_of(content: bytes) -> str:
    """Decoded by its own declaration, which is cut off then. Raises NotAStatement."""
    declared = _ENCODING.match(content[:200])
    encoding = declared.group(1).decode() if declared else "utf-8"
    try:
        return _DECLARATION.sub("", content.decode("gb18030" if encoding.lower().startswith("gb") else encoding), 1)
    except (UnicodeDecodeError, LookupError):
        raise NotAStatement(f"the file is not valid {encoding}", f"文件不是有效的 {encoding} 编码") from None


def read_statements(raw: Raw) -> list[ReadStatement]:
    """Every statement of a document. Raises NotAStatement."""
    root = _parse(raw.body)
    found = root.findall("./{*}BkToCstmrStmt/{*}Stmt")
    if not found:
        raise NotAStatement("the document holds no statement (Stmt)", "文件中没有对账单（Stmt）", "Stmt")
    return [_read(raw, root, each) for each in found]


def shape(body: str) -> set[str]:
    """Element paths of a document with its namespace; empty when it can't be read."""
    try:
        root = _parse(body)
    except NotAStatement:
        return set()
    found = {str(etree.QName(root).namespace)}
    _walk(root, "", found)
    return found


def _walk(node: Element, above: str, found: set[str]) -> None:
    path = f"{above}/{etree.QName(node).localname}"
    found.add(path)
    for child in node:
        _walk(child, path, found)


def _parse(body: str) -> Element:
    if "<!DOCTYPE" in body[:10_000] or "<!ENTITY" in body:
        raise NotAStatement("a document type definition is not allowed", "不允许包含 DTD 声明", "DOCTYPE")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body.encode(), parser)
    except etree.XMLSyntaxError as failure:
        line = failure.lineno or 0
        raise NotAStatement(
            f"the XML breaks off or is malformed at line {line}", f"XML 在第 {line} 行中断或格式错误"
        ) from None
    if not NAMESPACE.fullmatch(str(etree.QName(root).namespace)):
        raise NotAStatement("the document is not camt.053", "文件不是 camt.053 格式", "Document")
    return root


def _read(raw: Raw, root: Element, node: Element) -> ReadStatement:
    statement = _statement(root, node)
    entries: list[Entry] = []
    keys: list[str] = []
    rejections: list[Rejection] = []
    frame = _frame(root, node)
    for number, each in enumerate(node.findall("./{*}Ntry"), start=1):
        key = f"{statement.account}/{statement.sequence}/{number}"
        if _text(each, "./{*}Sts/{*}Cd", _text(each, "./{*}Sts", BOOKED)) != BOOKED:
            continue
        try:
            entries.append(_entry(each, statement))
            keys.append(key)
        except NotAStatement as failure:
            alone = Raw(f"{raw.place}, entry {number}", _alone(frame, each))
            rejections.append(Rejection(alone, failure.en, failure.zh, failure.field, key))
    return ReadStatement(statement, tuple(entries), tuple(rejections), tuple(keys))


def _statement(root: Element, node: Element) -> Statement:
    account = _text(node, "./{*}Acct/{*}Id/{*}IBAN") or _text(node, "./{*}Acct/{*}Id/{*}Othr/{*}Id")
    sequence = _text(node, "./{*}ElctrncSeqNb") or _text(node, "./{*}LglSeqNb")
    if not account:
        raise _missing("Acct/Id")
    if not sequence.isdecimal() or int(sequence) >= 2**31:
        raise _missing("ElctrncSeqNb")
    opening, currency = _balance(node, "OPBD", "PRCD")
    closing, _ = _balance(node, "CLBD")
    covered = _text(node, "./{*}FrToDt/{*}ToDtTm") or _text(node, "./{*}CreDtTm")
    return Statement(
        bank=_text(node, "./{*}Acct/{*}Svcr/{*}FinInstnId/{*}BICFI")
        or _text(node, "./{*}Acct/{*}Svcr/{*}FinInstnId/{*}Nm")
        or "BANK",
        account=account,
        sequence=int(sequence),
        reference=_text(node, "./{*}Id"),
        currency=currency,
        opening_fen=opening,
        closing_fen=closing,
        until=_instant(covered or _text(root, "./{*}BkToCstmrStmt/{*}GrpHdr/{*}CreDtTm"), "CreDtTm"),
    )


def _balance(node: Element, *codes: str) -> tuple[int, str]:
    for each in node.findall("./{*}Bal"):
        if _text(each, "./{*}Tp/{*}CdOrPrtry/{*}Cd") in codes:
            fen, currency = _amount(each, f"Bal {codes[0]}")
            return (fen if _credit(each) else -fen), currency
    raise _missing(f"Bal {codes[0]}")


def _entry(node: Element, statement: Statement) -> Entry:
    serial = _text(node, "./{*}NtryRef") or _text(node, "./{*}AcctSvcrRef")
    if not serial:
        raise _missing("NtryRef")
    fen, currency = _amount(node, "Amt")
    if currency != statement.currency:
        raise NotAStatement(
            f"currency {currency} in a {statement.currency} account",
            f"账户币种 {statement.currency}，明细币种 {currency}",
            "Amt",
        )
    booked_on = _date(node, "BookgDt")
    if booked_on is None:
        raise _missing("BookgDt")
    credit = _credit(node)
    payer, account = _counterparty(node, "Dbtr" if credit else "Cdtr")
    details = "./{*}NtryDtls/{*}TxDtls"
    credited = _account(node, f"{details}/{{*}}RltdPties/{{*}}CdtrAcct")
    return Entry(
        serial=serial,
        booked_on=booked_on,
        value_on=_date(node, "ValDt"),
        credit=credit,
        reversal=_text(node, "./{*}RvslInd") in ("true", "1"),
        amount_fen=fen,
        currency=currency,
        payer_name=payer,
        payer_account=account,
        credited_account=credited if credit else "",
        remark=" ".join(_texts(node, f"{details}/{{*}}RmtInf/{{*}}Ustrd")) or _text(node, "./{*}AddtlNtryInf"),
        end_to_end_id=_text(node, f"{details}/{{*}}Refs/{{*}}EndToEndId"),
        bank_reference=_text(node, "./{*}AcctSvcrRef"),
    )


def _counterparty(node: Element, role: str) -> tuple[str, str]:
    """Name and account. Up to version 07 the name is directly below the role, since 08 below Pty."""
    parties = f"./{{*}}NtryDtls/{{*}}TxDtls/{{*}}RltdPties/{{*}}{role}"
    name = _text(node, f"{parties}/{{*}}Pty/{{*}}Nm") or _text(node, f"{parties}/{{*}}Nm")
    return name, _account(node, f"{parties}Acct")


def _account(node: Element, path: str) -> str:
    return _text(node, f"{path}/{{*}}Id/{{*}}IBAN") or _text(node, f"{path}/{{*}}Id/{{*}}Othr/{{*}}Id")


def _amount(node: Element, field: str) -> tuple[int, str]:
    """In fen, never negative: the direction is told apart."""
    amount = node.find("./{*}Amt")
    text = (amount.text or "").strip() if amount is not None else ""
    currency = amount.get("Ccy", "") if amount is not None else ""
    if not text:
        raise _missing(field)
    try:
        fen = Decimal(text) * 100 if _AMOUNT.fullmatch(text) else None
    except InvalidOperation:
        fen = None
    if fen is None or fen != int(fen):
        raise NotAStatement(f"{field}: {text[:40]} is no amount", f"{field}：{text[:40]} 不是有效金额", field)
    if not re.fullmatch("[A-Z]{3}", currency):
        raise NotAStatement(f"{field}: no currency", f"{field}：缺少币种", field)
    return int(fen), currency


def _credit(node: Element) -> bool:
    direction = _text(node, "./{*}CdtDbtInd")
    if direction not in ("CRDT", "DBIT"):
        raise _missing("CdtDbtInd")
    return direction == "CRDT"


def _date(node: Element, name: str) -> date | None:
    text = _text(node, f"./{{*}}{name}/{{*}}Dt") or _text(node, f"./{{*}}{name}/{{*}}DtTm")[:10]
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise NotAStatement(f"{name}: {text[:40]} is no date", f"{name}：{text[:40]} 不是有效日期", name) from None


def _instant(text: str, field: str) -> datetime:
    """Banks here write local time when they write no offset."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise _missing(field) from None
    return (at if at.tzinfo else at.replace(tzinfo=SHANGHAI)).astimezone(UTC)


def _frame(root: Element, node: Element) -> Element:
    """The document with this statement only and none of its entries."""
    frame = etree.Element(root.tag, nsmap=root.nsmap)
    body = etree.SubElement(frame, node.getparent().tag)  # type: ignore[union-attr]
    statement = etree.SubElement(body, node.tag)
    statement.extend([copy.deepcopy(each) for each in node if etree.QName(each).localname != "Ntry"])
    return frame


def _alone(frame: Element, entry: Element) -> str:
    """A document with one entry."""
    document = copy.deepcopy(frame)
    document[0][0].append(copy.deepcopy(entry))
    return etree.tostring(document, encoding="unicode")


def _missing(field: str) -> NotAStatement:
    return NotAStatement(f"{field} is missing or can't be read", f"{field} 缺失或无法读取", field)


def _texts(node: Element, path: str) -> Iterator[str]:
    for each in node.iterfind(path):
        if each.text and each.text.strip():
            yield each.text.strip()


def _text(node: Element, path: str, default: str = "") -> str:
    return next(_texts(node, path), default)
