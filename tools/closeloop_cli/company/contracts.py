"""What the ERP and the bank hold: orders, receivables, and the money that came in during the first days of March."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from closeloop_cli.company.customers import Customer

SHANGHAI = ZoneInfo("Asia/Shanghai")
ACCOUNT = "571908881910001"
BANK = "CLSMCNBJ"
OPENING = Decimal("8650000.00")
PRODUCTS = (
    ("MX-100", "移动式超声诊断仪", 26000),
    ("MX-220", "全自动生化分析仪", 86000),
    ("MX-310", "便携监护仪", 9800),
    ("SV-010", "年度技术服务", 6400),
    ("CO-555", "检测试剂套装", 3200),
)
WORKDAYS = tuple(date(2026, 3, day) for day in (2, 3, 4, 5, 6, 9))
ENTRIES_PER_DAY = 6


@dataclass(frozen=True)
class Order:
    order_id: str
    contract: str
    customer: Customer
    amount: Decimal
    signed_at: datetime
    technical_service: bool
    lines: list[dict[str, str]]

    def as_erp_record(self) -> dict[str, Any]:
        return {
            "OrderId": self.order_id,
            "ContractNo": self.contract,
            "CustomerCode": self.customer.code,
            "CustomerName": self.customer.name,
            "SalespersonId": self.customer.owner.employee_id,
            "Currency": "CNY",
            "TotalAmount": f"{self.amount:.2f}",
            "SignedAt": self.signed_at.isoformat(),
            "Status": "ACTIVE",
            "CancelledAt": None,
            "TechnicalService": self.technical_service,
            "Lines": self.lines,
            "ModifiedAt": self.signed_at.isoformat(),
            "Version": 1,
        }


@dataclass(frozen=True)
class Receivable:
    receivable_id: str
    contract: str
    customer: Customer
    amount: Decimal
    due_on: date
    virtual_account: str | None = None
    payers: tuple[str, ...] = ()

    def as_erp_record(self) -> dict[str, Any]:
        return {
            "ReceivableId": self.receivable_id,
            "ContractNo": self.contract,
            "CustomerCode": self.customer.code,
            "CustomerName": self.customer.name,
            "SalespersonId": self.customer.owner.employee_id,
            "Currency": "CNY",
            "Amount": f"{self.amount:.2f}",
            "DueOn": self.due_on.isoformat(),
            "VirtualAccount": self.virtual_account,
            "PayerNames": list(self.payers),
            "ModifiedAt": "2026-03-01T09:00:00+08:00",
            "Version": 1,
        }


@dataclass
class Books:
    """`twins`: two receivables of different contracts, with one amount and one payer: no rule can tell them apart."""

    orders: list[Order] = field(default_factory=list)
    receivables: list[Receivable] = field(default_factory=list)
    twins: list[Receivable] = field(default_factory=list)
    statements: list[dict[str, Any]] = field(default_factory=list)


def books(customers: list[Customer], random: Random) -> Books:
    kept = Books()
    for customer in customers[2:]:
        for _ in range(random.choice((1, 1, 2))):
            sign(kept, customer, random)
    kept.twins = twins(kept, customers[9])
    payable = [r for r in kept.receivables if r not in kept.twins]
    kept.statements = march_statements(random.sample(payable, len(WORKDAYS) * ENTRIES_PER_DAY), random)
    return kept


def sign(kept: Books, customer: Customer, random: Random) -> None:
    """One contract with its order and one receivable. Amounts are all different, so that an amount tells."""
    number = len(kept.orders) + 1
    signed = datetime(2025, 6, 2, 10, 0, tzinfo=SHANGHAI) + timedelta(
        days=random.randrange(260), minutes=random.randrange(480)
    )
    lines = order_lines(random)
    amount = sum((Decimal(line["Amount"]) for line in lines), Decimal(0)) + number
    lines[0]["Amount"] = f"{Decimal(lines[0]['Amount']) + number:.2f}"
    contract = f"CL-{signed.year}-{number:04d}"
    technical = any(line["ProductCode"].startswith("SV") for line in lines)
    kept.orders.append(Order(f"SO-{number:05d}", contract, customer, amount, signed, technical, lines))
    virtual = f"{ACCOUNT}{number:04d}" if number % 4 == 0 else None
    due = date(2026, 3, 1) + timedelta(days=random.randrange(60))
    kept.receivables.append(
        Receivable(f"AR-{number:05d}", contract, customer, amount, due, virtual, payers_of(customer, number))
    )


def payers_of(customer: Customer, number: int) -> tuple[str, ...]:
    """A third pays through a group company; that name is known to the ERP beside the customer's own."""
    group = f"{customer.city.name}{customer.name[2:4]}控股集团有限公司"
    return (customer.name, group) if number % 3 == 0 else (customer.name,)


def order_lines(random: Random) -> list[dict[str, str]]:
    lines = []
    for code, name, price in random.sample(PRODUCTS, random.choice((1, 2, 3))):
        quantity = random.randint(1, 4)
        amount = f"{price * quantity:.2f}"
        lines.append({"ProductCode": code, "ProductName": name, "Quantity": str(quantity), "Amount": amount})
    return lines


def twins(kept: Books, customer: Customer) -> list[Receivable]:
    pair = [
        Receivable(
            f"AR-9{number:04d}",
            f"CL-2026-8{number:03d}",
            customer,
            Decimal("86400.00"),
            date(2026, 3, 20) + timedelta(days=number),
            None,
            (customer.name,),
        )
        for number in (1, 2)
    ]
    kept.receivables += pair
    return pair


def march_statements(paid: list[Receivable], random: Random) -> list[dict[str, Any]]:
    """One statement per working day: paid by contract number, by virtual account, or by payer and amount."""
    statements = []
    for sequence, day in enumerate(WORKDAYS, start=1):
        chosen = paid[(sequence - 1) * ENTRIES_PER_DAY : sequence * ENTRIES_PER_DAY]
        entries = [entry(day, number, receivable, random) for number, receivable in enumerate(chosen, start=1)]
        created = f"{day.isoformat()}T10:05:00+00:00"
        statements.append(
            {
                "account": ACCOUNT,
                "sequence": sequence,
                "bookedOn": day.isoformat(),
                "createdAt": created,
                "entries": [*entries, fee(day)],
            }
        )
    return statements


def entry(day: date, number: int, receivable: Receivable, random: Random) -> dict[str, Any]:
    credited = receivable.virtual_account
    names_contract = credited is None and number % 2 == 0
    return {
        "serial": f"{number:06d}",
        "amount": f"{receivable.amount:.2f}",
        "direction": "CRDT",
        "bookedOn": day.isoformat(),
        "valueOn": day.isoformat(),
        "payerName": receivable.payers[-1],
        "payerAccount": f"6217{random.randrange(10**12):012d}",
        "creditedAccount": credited,
        "remark": f"货款 {receivable.contract}" if names_contract else "货款",
        "endToEndId": f"E2E{day:%Y%m%d}{number:04d}",
        "reference": f"REF{day:%Y%m%d}{number:06d}",
    }


def fee(day: date) -> dict[str, Any]:
    """The bank's own charge: money that goes out is no receipt, but the balances need it."""
    return {
        "serial": "900001",
        "amount": "25.00",
        "direction": "DBIT",
        "bookedOn": day.isoformat(),
        "valueOn": day.isoformat(),
        "payerName": "Closeloop Bank",
        "payerAccount": "",
        "creditedAccount": None,
        "remark": "手续费",
        "endToEndId": "NOTPROVIDED",
        "reference": f"FEE{day:%Y%m%d}",
    }


def accounts() -> list[dict[str, str]]:
    name = "澄岳医疗科技股份有限公司"
    return [{"account": ACCOUNT, "bank": BANK, "name": name, "currency": "CNY", "opening": f"{OPENING:.2f}"}]
