"""A bank's statement as camt.054, MT940 and CSV, and single transactions as JSON, beside camt.053."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from lxml import etree

from simulators import camt053
from simulators.camt053 import add_entry, signed, text
from simulators.records import Record

NOTIFICATION = "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"
NEXT_NOTIFICATION = "urn:iso:std:iso:20022:tech:xsd:camt.054.001.10"
# Ends of file names.
ENDINGS = {"camt.053": "xml", "camt.054": "ntf.xml", "mt940": "sta", "csv": "csv"}
CSV_COLUMNS = (
    "账号", "账户名称", "交易时间", "借方发生额（支取）", "贷方发生额（收入）", "余额", "币种", "对方户名",
    "对方账号", "对方开户机构", "记账日期", "摘要", "备注", "账户明细编号-交易流水号", "企业流水号", "凭证种类",
    "凭证号", "关联账户",
)  # fmt: skip


def render(kind: str, account: Record, statement: Record, opening: Decimal, closing: Decimal, renamed: bool) -> bytes:
    """`renamed`: as after an upgrade that nobody announced."""
    return _RENDERERS[kind](account, statement, opening, closing, renamed)


def transactions(entries: list[Record], opening: Decimal, currency: str) -> list[Record]:
    """All entries of an account in their order, numbered from 1, each with the balance after it."""
    told, balance = [], opening
    for number, entry in enumerate(entries, start=1):
        balance += signed(entry)
        told.append(
            {
                "seq": number,
                "serial": entry["serial"],
                "bookedAt": f"{entry['bookedOn']}T09:00:00+08:00",
                "valueOn": entry["valueOn"],
                "direction": entry["direction"],
                "amount": entry["amount"],
                "balance": f"{balance:.2f}",
                "currency": currency,
                "counterpartyName": entry["payerName"],
                "counterpartyAccount": entry["payerAccount"],
                "creditedAccount": entry.get("creditedAccount") or "",
                "remark": entry["remark"],
                "endToEndId": entry["endToEndId"],
                "reference": entry["reference"],
            }
        )
    return told


def _camt053(account: Record, statement: Record, opening: Decimal, closing: Decimal, renamed: bool) -> bytes:
    namespace = camt053.NEXT_NAMESPACE if renamed else camt053.NAMESPACE
    return camt053.render(account, statement, opening, closing, namespace)


def _camt054(account: Record, statement: Record, opening: Decimal, closing: Decimal, renamed: bool) -> bytes:
    document = etree.Element("Document", nsmap={None: NEXT_NOTIFICATION if renamed else NOTIFICATION})
    root = etree.SubElement(document, "BkToCstmrDbtCdtNtfctn")
    header = etree.SubElement(root, "GrpHdr")
    text(header, "MsgId", f"N{account['account']}-{statement['sequence']:05d}")
    text(header, "CreDtTm", statement["createdAt"])
    body = etree.SubElement(root, "Ntfctn")
    text(body, "Id", f"N{account['account']}-{statement['sequence']}")
    text(body, "CreDtTm", statement["createdAt"])
    camt053.holder(body, account)
    for entry in statement["entries"]:
        add_entry(body, entry, account)
    rendered: bytes = etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return rendered


def _mt940(account: Record, statement: Record, opening: Decimal, closing: Decimal, renamed: bool) -> bytes:
    day = _yymmdd(statement["bookedOn"])
    bank = f"{account['bank'][:8]}AXXX"
    lines = [
        f"{{1:F01{bank}0000000000}}{{2:O9401200{day}{bank}0000000000{day}1200N}}{{4:",
        f":20:{account['account'][-8:]}-{statement['sequence']}",
        f":25:{account['account']}",
        f":28C:{statement['sequence']}/1",
        f":60F:{_balance(opening, day, account['currency'])}",
    ]
    for entry in statement["entries"]:
        value, booked = _yymmdd(entry["valueOn"]), _yymmdd(entry["bookedOn"])
        mark = "C" if entry["direction"] == "CRDT" else "D"
        amount = _comma(Decimal(entry["amount"]))
        lines.append(f":61:{value}{booked[2:]}{mark}{amount}NTRFNONREF//{entry['reference'][:16]}")
        details = {"EREF": entry["endToEndId"], "NAME": entry["payerName"], "ACCT": entry["payerAccount"]}
        told = "".join(f"/{code}/{value}" for code, value in details.items() if value and value != "NOTPROVIDED")
        lines.append(f":86:{told}/REMI/{entry['remark']}")
    lines += [f":{'62' if renamed else '62F'}:{_balance(closing, day, account['currency'])}", "-}"]
    return ("\r\n".join(lines) + "\r\n").encode()


def _csv(account: Record, statement: Record, opening: Decimal, closing: Decimal, renamed: bool) -> bytes:
    out = io.StringIO()
    write = csv.writer(out)
    write.writerow(["账户明细查询", account["name"]])
    write.writerow([f"{name}2" if renamed and name == "余额" else name for name in CSV_COLUMNS])
    balance = opening
    for entry in statement["entries"]:
        balance += signed(entry)
        last = entry is statement["entries"][-1]
        write.writerow(_row(account, entry, closing if last else balance))
    write.writerow(["合计", f"{len(statement['entries'])} 笔"])
    return out.getvalue().encode("gb18030")


def _row(account: Record, entry: Record, balance: Decimal) -> list[str]:
    money_in = entry["direction"] == "CRDT"
    day, amount = entry["bookedOn"].replace("-", ""), f"{Decimal(entry['amount']):,.2f}"
    out, into = ("0.00", amount) if money_in else (amount, "0.00")
    return [
        f"{account['account']}\t", account["name"], f"{day} 09:00:00", out, into, f"{balance:,.2f}", "人民币元",
        entry["payerName"], entry["payerAccount"], "", day, entry["remark"], "", entry["serial"], entry["endToEndId"],
        "", "", "",
    ]  # fmt: skip


def _balance(amount: Decimal, day: str, currency: str) -> str:
    return f"{'C' if amount >= 0 else 'D'}{day}{currency}{_comma(abs(amount))}"


def _comma(amount: Decimal) -> str:
    return f"{amount:.2f}".replace(".", ",")


def _yymmdd(day: str) -> str:
    return date.fromisoformat(day).strftime("%y%m%d")


_RENDERERS: dict[str, Callable[[Record, Record, Decimal, Decimal, bool], bytes]] = {
    "camt.053": _camt053,
    "camt.054": _camt054,
    "mt940": _mt940,
    "csv": _csv,
}
