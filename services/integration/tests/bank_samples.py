"""The same statement lines in the formats banks send, written without the code under test."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from xml.sax.saxutils import escape

from services.integration.tests.world import Line

NOTIFICATION = "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"


def camt054(lines: Sequence[Line], *, reference: str = "N1", account: str = "6222", number: str = "") -> str:
    """A notification of credits and debits: entries without balances."""
    entries = "".join(
        f'<Ntry><NtryRef>N{each.serial}</NtryRef><Amt Ccy="CNY">{each.amount}</Amt>'
        f"<CdtDbtInd>{'CRDT' if each.credit else 'DBIT'}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>"
        f"<BookgDt><Dt>{each.booked_on}</Dt></BookgDt><ValDt><Dt>{each.booked_on}</Dt></ValDt>"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>E2E-{each.serial}</EndToEndId></Refs><RltdPties>"
        f"<{party(each)}><Pty><Nm>{escape(each.payer)}</Nm></Pty></{party(each)}></RltdPties></TxDtls></NtryDtls></Ntry>"
        for each in lines
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{NOTIFICATION}"><BkToCstmrDbtCdtNtfctn><GrpHdr>'
        f"<MsgId>{reference}</MsgId><CreDtTm>2026-03-10T09:00:00+08:00</CreDtTm></GrpHdr><Ntfctn><Id>{reference}</Id>"
        + (f"<ElctrncSeqNb>{number}</ElctrncSeqNb>" if number else "")
        + f"<CreDtTm>2026-03-10T09:00:00+08:00</CreDtTm><Acct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>CNY</Ccy>"
        f"<Svcr><FinInstnId><BICFI>ICBKCNBJ</BICFI></FinInstnId></Svcr></Acct>{entries}</Ntfctn>"
        "</BkToCstmrDbtCdtNtfctn></Document>"
    )


def mt940(
    number: int | str,
    lines: Sequence[Line],
    *,
    opening: str = "0.00",
    closing: str | None = None,
    account: str = "6222",
    day: str = "260310",
    header: bool = True,
) -> str:
    """One message in a SWIFT envelope; the counterparty in :86: by the code words of the SWIFT guide."""
    end = closing if closing is not None else total(opening, lines)
    body = [":20:STMT" + day, f":25:{account}", f":28C:{number}", f":60F:{_signed(opening, day)}"]
    for each in lines:
        booked = each.booked_on[2:].replace("-", "")
        mark = "C" if each.credit else "D"
        amount = each.amount.replace(".", ",")
        body.append(f":61:{booked}{booked[2:]}{mark}{amount}NTRFNONREF//R{each.serial}")
        body.append(f":86:/EREF/E2E-{each.serial}/NAME/{each.payer}/REMI/{each.remark}")
    body.append(f":62F:{_signed(end, day)}")
    if not header:
        return "\r\n".join(body) + "\r\n-\r\n"
    first = f"{{1:F01ICBKCNBJAXXX0000000000}}{{2:O9401200{day}ICBKCNBJAXXX0000000000{day}1200N}}{{4:"
    return "\r\n".join([first, *body]) + "\r\n-}\r\n"


def ccb_csv(lines: Sequence[Line], *, opening: str = "0.00", account: str = "6222", newest_first: bool = False) -> str:
    """As the bank's corporate e-banking exports it: a title over the table, tabs behind numbers, totals below it."""
    header = (
        "账号,账户名称,交易时间,借方发生额（支取）,贷方发生额（收入）,余额,币种,对方户名,对方账号,对方开户机构,"
        "记账日期,摘要,备注,账户明细编号-交易流水号,企业流水号,凭证种类,凭证号,关联账户"
    )
    rows, balance = [], Decimal(opening)
    for number, each in enumerate(lines):
        balance += each.signed
        day = each.booked_on.replace("-", "")
        money_out, money_in = ("0.00", each.amount) if each.credit else (each.amount, "0.00")
        rows.append(
            f"{account}\t,科技有限公司,{day} 09:{number:02d}:00,{_grouped(money_out)},{_grouped(money_in)},"
            f"{_grouped(f'{balance:.2f}')},人民币元,{each.payer},33050161\t,建行杭州分行,{day},{each.remark},,"
            f"CCB{each.serial},E2E-{each.serial},,,"
        )
    if newest_first:
        rows.reverse()
    return "\r\n".join(["账户明细查询,,", header, *rows, f"合计,,,共 {len(rows)} 笔"]) + "\r\n"


def front_machine(
    lines: Sequence[Line], *, first: int = 1, opening: str = "0.00", account: str = "6222"
) -> dict[str, object]:
    """A page of a front-end machine's transactions."""
    told, balance = [], Decimal(opening)
    for seq, each in enumerate(lines, start=first):
        balance += each.signed
        told.append(
            {
                "seq": seq,
                "serial": f"J{each.serial}",
                "bookedAt": f"{each.booked_on}T09:30:00+08:00",
                "valueOn": each.booked_on,
                "direction": "CRDT" if each.credit else "DBIT",
                "amount": each.amount,
                "balance": f"{balance:.2f}",
                "currency": "CNY",
                "counterpartyName": each.payer,
                "counterpartyAccount": "33050161",
                "remark": each.remark,
                "endToEndId": f"E2E-{each.serial}",
            }
        )
    return {"bank": "CMBCCNBS", "account": account, "transactions": told}


def as_bytes(page: dict[str, object]) -> bytes:
    return json.dumps(page, ensure_ascii=False).encode()


def party(line: Line) -> str:
    return "Dbtr" if line.credit else "Cdtr"


def total(opening: str, lines: Sequence[Line]) -> str:
    return f"{Decimal(opening) + sum((each.signed for each in lines), Decimal(0)):.2f}"


def _signed(amount: str, day: str) -> str:
    return f"{'D' if amount.startswith('-') else 'C'}{day}CNY{amount.lstrip('-').replace('.', ',')}"


def _grouped(amount: str) -> str:
    return f'"{Decimal(amount):,.2f}"'
