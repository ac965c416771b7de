"""One entry (Ntry) of camt.053 or camt.054."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from lxml import etree

from integration.receipts.reading import NotAStatement, day_of, fen_of, missing, no_amount
from integration.receipts.rules import Entry, Statement

Element = etree._Element

_AMOUNT = re.compile(r"^\d{1,13}(\.\d{1,5})?$")
_DETAILS = "./{*}NtryDtls/{*}TxDtls"


def entry(node: Element, statement: Statement) -> Entry:
    """Raises NotAStatement."""
    serial = first(node, "./{*}NtryRef") or first(node, "./{*}AcctSvcrRef")
    if not serial:
        raise missing("NtryRef")
    fen, currency = amount(node, "Amt")
    if currency != statement.currency:
        raise NotAStatement(
            f"currency {currency} in a {statement.currency} account",
            f"账户币种 {statement.currency}，明细币种 {currency}",
            "Amt",
        )
    booked_on = _date(node, "BookgDt")
    if booked_on is None:
        raise missing("BookgDt")
    is_credit = credit(node)
    payer, account = _counterparty(node, "Dbtr" if is_credit else "Cdtr")
    credited = _account(node, f"{_DETAILS}/{{*}}RltdPties/{{*}}CdtrAcct")
    return Entry(
        serial=serial,
        booked_on=booked_on,
        value_on=_date(node, "ValDt"),
        credit=is_credit,
        reversal=first(node, "./{*}RvslInd") in ("true", "1"),
        amount_fen=fen,
        currency=currency,
        payer_name=payer,
        payer_account=account,
        credited_account=credited if is_credit else "",
        remark=" ".join(texts(node, f"{_DETAILS}/{{*}}RmtInf/{{*}}Ustrd")) or first(node, "./{*}AddtlNtryInf"),
        end_to_end_id=first(node, f"{_DETAILS}/{{*}}Refs/{{*}}EndToEndId"),
        bank_reference=first(node, "./{*}AcctSvcrRef"),
    )


def amount(node: Element, field: str) -> tuple[int, str]:
    """In fen, never negative: the direction is told apart."""
    found = node.find("./{*}Amt")
    text = (found.text or "").strip() if found is not None else ""
    currency = found.get("Ccy", "") if found is not None else ""
    if not text:
        raise missing(field)
    if not _AMOUNT.fullmatch(text):
        raise no_amount(text, field)
    fen = fen_of(text, field)
    if not re.fullmatch("[A-Z]{3}", currency):
        raise NotAStatement(f"{field}: no currency", f"{field}：缺少币种", field)
    return fen, currency


def credit(node: Element) -> bool:
    direction = first(node, "./{*}CdtDbtInd")
    if direction not in ("CRDT", "DBIT"):
        raise missing("CdtDbtInd")
    return direction == "CRDT"


def first(node: Element, path: str, default: str = "") -> str:
    return next(texts(node, path), default)


def texts(node: Element, path: str) -> Iterator[str]:
    for each in node.iterfind(path):
        if each.text and each.text.strip():
            yield each.text.strip()


def _counterparty(node: Element, role: str) -> tuple[str, str]:
    """Name and account. Up to version 07 the name is directly below the role, since 08 below Pty."""
    parties = f"{_DETAILS}/{{*}}RltdPties/{{*}}{role}"
    name = first(node, f"{parties}/{{*}}Pty/{{*}}Nm") or first(node, f"{parties}/{{*}}Nm")
    return name, _account(node, f"{parties}Acct")


def _account(node: Element, path: str) -> str:
    return first(node, f"{path}/{{*}}Id/{{*}}IBAN") or first(node, f"{path}/{{*}}Id/{{*}}Othr/{{*}}Id")


def _date(node: Element, name: str) -> date | None:
    text = first(node, f"./{{*}}{name}/{{*}}Dt") or first(node, f"./{{*}}{name}/{{*}}DtTm")
    return day_of(text, name) if text else None
