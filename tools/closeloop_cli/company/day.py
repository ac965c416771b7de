"""What will arrive on the day itself: orders, the money for them, documents to prove a deal by."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from closeloop_cli.company.contracts import ACCOUNT, SHANGHAI, Books, Order, Receivable
from closeloop_cli.company.customers import Customer

KEY_ACCOUNT_CONTRACT, NEWCOMER_CONTRACT = "CL-2026-0310", "CL-2026-0311"


def orders(customers: list[Customer]) -> list[Order]:
    """The key account's first order, 52,000 with technical service; and the newcomer's first, 12,800."""
    return [
        Order(
            "SO-90001",
            KEY_ACCOUNT_CONTRACT,
            customers[0],
            Decimal("52000.00"),
            datetime(2026, 3, 10, 9, 40, tzinfo=SHANGHAI),
            True,
            [line("MX-100", "移动式超声诊断仪", "2", "45600.00"), line("SV-010", "年度技术服务", "1", "6400.00")],
        ),
        Order(
            "SO-90002",
            NEWCOMER_CONTRACT,
            customers[1],
            Decimal("12800.00"),
            datetime(2026, 3, 10, 9, 50, tzinfo=SHANGHAI),
            False,
            [line("CO-555", "检测试剂套装", "4", "12800.00")],
        ),
    ]


def line(code: str, name: str, quantity: str, amount: str) -> dict[str, str]:
    return {"ProductCode": code, "ProductName": name, "Quantity": quantity, "Amount": amount}


def receivables(signed: list[Order]) -> list[Receivable]:
    return [
        Receivable(
            f"AR-9500{number}",
            order.contract,
            order.customer,
            order.amount,
            date(2026, 3, 31),
            None,
            (order.customer.name,),
        )
        for number, order in enumerate(signed, start=1)
    ]


def entries(kept: Books, arriving: list[Receivable]) -> list[dict[str, Any]]:
    """The key account names its contract, the newcomer's customer pays to the fen, one could be for either twin."""
    key, newcomer = arriving
    twin = kept.twins[0]
    return [
        money(1, key.amount, key.customer.name, f"设备款 {key.contract}"),
        money(2, newcomer.amount, newcomer.customer.name, "货款"),
        money(3, twin.amount, twin.customer.name, "货款"),
    ]


def money(number: int, amount: Decimal, payer: str, remark: str) -> dict[str, Any]:
    return {
        "serial": f"{number:06d}",
        "amount": f"{amount:.2f}",
        "direction": "CRDT",
        "payerName": payer,
        "payerAccount": f"62170000000000{number:02d}",
        "creditedAccount": None,
        "remark": remark,
        "endToEndId": f"E2E20260310{number:04d}",
        "reference": f"REF20260310{number:06d}",
    }


def bank_command(kept: Books, arriving: list[Receivable]) -> dict[str, Any]:
    return {"account": ACCOUNT, "entries": entries(kept, arriving)}


def document(title: str) -> bytes:
    """A small valid PDF of one page that says what it is."""
    stream = f"BT /F1 18 Tf 72 720 Td ({title}) Tj ET".encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    return assemble(objects)


def assemble(objects: list[bytes]) -> bytes:
    out, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(out)
    size = len(objects) + 1
    return (
        out
        + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
        + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start)
    )


DOCUMENTS = {
    "contract-template-request.pdf": "L1 contract template asked for",
    "poc-report.pdf": "L2 POC report",
    "department-review.pdf": "L3 review passed by three departments",
    "signed-contract.pdf": f"L5 signed contract {KEY_ACCOUNT_CONTRACT}",
}
