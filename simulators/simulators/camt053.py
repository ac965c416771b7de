"""A bank statement in ISO 20022 camt.053.001.08."""

from __future__ import annotations

from decimal import Decimal

from lxml import etree

from simulators.records import Record

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
NEXT_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.10"


def signed(entry: Record) -> Decimal:
    amount = Decimal(entry["amount"])
    return amount if entry["direction"] == "CRDT" else -amount


def render(account: Record, statement: Record, opening: Decimal, closing: Decimal, namespace: str = NAMESPACE) -> bytes:
    """The whole document. `closing` is given apart so that a lying bank can get it wrong."""
    document = etree.Element("Document", nsmap={None: namespace})
    root = etree.SubElement(document, "BkToCstmrStmt")
    header = etree.SubElement(root, "GrpHdr")
    text(header, "MsgId", f"{account['account']}-{statement['sequence']:05d}")
    text(header, "CreDtTm", statement["createdAt"])
    body = etree.SubElement(root, "Stmt")
    text(body, "Id", f"{account['account']}-{statement['bookedOn']}-{statement['sequence']}")
    text(body, "ElctrncSeqNb", str(statement["sequence"]))
    text(body, "CreDtTm", statement["createdAt"])
    period = etree.SubElement(body, "FrToDt")
    text(period, "FrDtTm", f"{statement['bookedOn']}T00:00:00+08:00")
    text(period, "ToDtTm", statement["createdAt"])
    holder(body, account)
    balance(body, "OPBD", opening, account["currency"], statement["bookedOn"])
    balance(body, "CLBD", closing, account["currency"], statement["bookedOn"])
    for entry in statement["entries"]:
        add_entry(body, entry, account)
    rendered: bytes = etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return rendered


def holder(parent: etree._Element, account: Record) -> None:
    acct = etree.SubElement(parent, "Acct")
    identify(acct, account["account"])
    text(acct, "Ccy", account["currency"])
    text(acct, "Nm", account["name"])
    text(etree.SubElement(etree.SubElement(acct, "Svcr"), "FinInstnId"), "BICFI", account["bank"])


def balance(parent: etree._Element, code: str, amount: Decimal, currency: str, day: str) -> None:
    bal = etree.SubElement(parent, "Bal")
    text(etree.SubElement(etree.SubElement(bal, "Tp"), "CdOrPrtry"), "Cd", code)
    text(bal, "Amt", f"{abs(amount):.2f}").set("Ccy", currency)
    text(bal, "CdtDbtInd", "CRDT" if amount >= 0 else "DBIT")
    text(etree.SubElement(bal, "Dt"), "Dt", day)


def add_entry(parent: etree._Element, entry: Record, account: Record) -> None:
    ntry = etree.SubElement(parent, "Ntry")
    text(ntry, "NtryRef", entry["serial"])
    text(ntry, "Amt", entry["amount"]).set("Ccy", account["currency"])
    text(ntry, "CdtDbtInd", entry["direction"])
    text(etree.SubElement(ntry, "Sts"), "Cd", "BOOK")
    text(etree.SubElement(ntry, "BookgDt"), "Dt", entry["bookedOn"])
    text(etree.SubElement(ntry, "ValDt"), "Dt", entry["valueOn"])
    text(ntry, "AcctSvcrRef", entry["reference"])
    domain = etree.SubElement(etree.SubElement(ntry, "BkTxCd"), "Domn")
    text(domain, "Cd", "PMNT")
    family = etree.SubElement(domain, "Fmly")
    text(family, "Cd", "RCDT" if entry["direction"] == "CRDT" else "ICDT")
    text(family, "SubFmlyCd", "DMCT")
    add_details(etree.SubElement(etree.SubElement(ntry, "NtryDtls"), "TxDtls"), entry, account)


def add_details(details: etree._Element, entry: Record, account: Record) -> None:
    text(etree.SubElement(details, "Refs"), "EndToEndId", entry["endToEndId"])
    text(details, "Amt", entry["amount"]).set("Ccy", account["currency"])
    text(details, "CdtDbtInd", entry["direction"])
    parties = etree.SubElement(details, "RltdPties")
    text(etree.SubElement(etree.SubElement(parties, "Dbtr"), "Pty"), "Nm", entry["payerName"])
    identify(etree.SubElement(parties, "DbtrAcct"), entry["payerAccount"])
    # A virtual account shows as the account credited.
    identify(etree.SubElement(parties, "CdtrAcct"), entry.get("creditedAccount") or account["account"])
    if entry["remark"]:
        text(etree.SubElement(details, "RmtInf"), "Ustrd", entry["remark"])


def identify(parent: etree._Element, number: str) -> None:
    text(etree.SubElement(etree.SubElement(parent, "Id"), "Othr"), "Id", number)


def text(parent: etree._Element, tag: str, value: str) -> etree._Element:
    element = etree.SubElement(parent, tag)
    element.text = value
    return element
