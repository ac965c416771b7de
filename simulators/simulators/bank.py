"""Bank front-end machine (前置机): numbered statements as files, single transactions, and the balance of the moment.

Each account has its format: camt.053, camt.054, MT940 or CSV. Any statement is there in every format under its name.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chassis.clock import Clock
from simulators.application import Simulator, bad_request, whole_number
from simulators.bank_formats import ENDINGS, render, transactions
from simulators.camt053 import signed
from simulators.faults import Fault, Mode, fault_of, whole_fault_of
from simulators.records import Record, read_records, write_records

DEFAULTS = {"after": 0, "limit": 500}
SHANGHAI = ZoneInfo("Asia/Shanghai")
FILE = re.compile(r"^(?P<account>\d+)-(?P<sequence>\d{5})\.(?P<ending>xml|ntf\.xml|sta|csv)$")
KINDS = {ending: kind for kind, ending in ENDINGS.items()}


@dataclass
class Vault:
    """Accounts, issued statements, and entries booked but on no statement yet."""

    data: Path
    clock: Clock

    def __post_init__(self) -> None:
        self.accounts = {record["account"]: record for record in read_records(self.data / "bank" / "accounts.json")}
        self.statements = read_records(self.data / "bank" / "statements.json")
        self.pending = read_records(self.data / "bank" / "pending.json")

    def of(self, account: str) -> list[Record]:
        return [statement for statement in self.statements if statement["account"] == account]

    def opening(self, account: str, sequence: int) -> Decimal:
        start = Decimal(self.accounts[account]["opening"])
        before = (s for s in self.of(account) if s["sequence"] < sequence)
        return start + sum((signed(entry) for s in before for entry in s["entries"]), Decimal(0))

    def balance(self, account: str) -> Decimal:
        waiting = (entry for entry in self.pending if entry["account"] == account)
        return self.opening(account, 10**9) + sum((signed(entry) for entry in waiting), Decimal(0))

    def book(self, account: str, entries: list[Record]) -> list[Record]:
        today = self.clock.now().astimezone(SHANGHAI).date().isoformat()
        booked = [complete(entry, today) | {"account": account} for entry in entries]
        self.pending.extend(booked)
        write_records(self.data / "bank" / "pending.json", self.pending)
        return booked

    def issue(self, account: str) -> Record:
        """Puts what is pending on the next statement of the account."""
        now = self.clock.now()
        statement: Record = {
            "account": account,
            "sequence": max((s["sequence"] for s in self.of(account)), default=0) + 1,
            "bookedOn": now.astimezone(SHANGHAI).date().isoformat(),
            "createdAt": now.astimezone(UTC).isoformat(timespec="seconds"),
            "entries": [entry for entry in self.pending if entry["account"] == account],
        }
        self.statements.append(statement)
        self.pending = [entry for entry in self.pending if entry["account"] != account]
        write_records(self.data / "bank" / "statements.json", self.statements)
        write_records(self.data / "bank" / "pending.json", self.pending)
        return statement

    def take_over(self, statements: list[Record]) -> None:
        """Statements of the past, with their own numbers and dates."""
        self.statements.extend(statements)
        write_records(self.data / "bank" / "statements.json", self.statements)

    def kind(self, account: str) -> str:
        return str(self.accounts[account].get("format", "camt.053"))

    def speak(self, account: str, kind: str) -> None:
        self.accounts[account]["format"] = kind
        write_records(self.data / "bank" / "accounts.json", self.accounts.values())

    def transactions(self, account: str) -> list[Record]:
        booked = [entry for statement in self.of(account) for entry in statement["entries"]]
        waiting = [entry for entry in self.pending if entry["account"] == account]
        told = [complete(entry, entry["bookedOn"]) for entry in [*booked, *waiting]]
        record = self.accounts[account]
        return transactions(told, Decimal(record["opening"]), record["currency"])

    def file(self, statement: Record, fault: Fault, kind: str = "camt.053") -> bytes:
        opening = self.opening(statement["account"], statement["sequence"])
        closing = opening + sum((signed(entry) for entry in statement["entries"]), Decimal(0))
        if fault.mode is Mode.LIE:
            closing += 100
        if fault.mode is Mode.DUPLICATE:
            statement = {**statement, "entries": [entry for entry in statement["entries"] for _ in range(2)]}
        account = self.accounts[statement["account"]]
        whole = render(kind, account, statement, opening, closing, fault.mode is Mode.SCHEMA)
        if fault.mode is Mode.SCHEMA:
            whole = rename_elements(whole, fault.keys)
        return whole[: len(whole) // 2] if fault.mode is Mode.CUT else whole


def complete(entry: Record, today: str) -> Record:
    defaults = {
        "direction": "CRDT",
        "bookedOn": today,
        "valueOn": today,
        "payerAccount": "",
        "creditedAccount": None,
        "remark": "",
        "endToEndId": "NOTPROVIDED",
        "reference": entry["serial"],
    }
    return defaults | entry


def bank(simulator: Simulator, data: Path) -> Starlette:
    vault = Vault(data, simulator.clock)

    async def list_statements(request: Request) -> Response:
        after = whole_number(request.query_params.get("after"), 0)
        account = request.query_params.get("account", "")
        if after is None or account not in vault.accounts:
            return bad_request("account must be known and after a whole number")
        fault = whole_fault_of(request)
        found = [listed(vault, s, simulator.faults.current) for s in vault.of(account) if s["sequence"] > after]
        return JSONResponse({"statements": withhold(found, fault)})

    async def get_file(request: Request) -> Response:
        match = FILE.match(request.path_params["file"])
        place = (match["account"], int(match["sequence"])) if match else None
        chosen = [s for s in vault.statements if (s["account"], s["sequence"]) == place]
        if match is None or not chosen:
            return JSONResponse({"error": "no such file"}, status_code=404)
        content = vault.file(chosen[0], whole_fault_of(request), KINDS[match["ending"]])
        return Response(content, media_type="application/octet-stream")

    async def list_transactions(request: Request) -> Response:
        """Numbered one by one; `after` is the last number that is known."""
        after, limit = (whole_number(request.query_params.get(name), given) for name, given in DEFAULTS.items())
        account = request.query_params.get("account", "")
        if after is None or not limit or account not in vault.accounts:
            return bad_request("account must be known, after and limit whole numbers")
        told = [each for each in vault.transactions(account) if each["seq"] > after]
        bank = vault.accounts[account]["bank"]
        page = spoil(told[:limit], fault_of(request))
        return JSONResponse({"bank": bank, "account": account, "transactions": page})

    async def set_format(request: Request) -> Response:
        command = await request.json()
        if command.get("account") not in vault.accounts or command.get("format") not in ENDINGS:
            return bad_request(f"account must be known, format one of {', '.join(ENDINGS)}")
        vault.speak(command["account"], command["format"])
        return JSONResponse(command)

    async def get_balance(request: Request) -> Response:
        account = request.query_params.get("account", "")
        if account not in vault.accounts:
            return bad_request("account must be known")
        amount = vault.balance(account) + (100 if fault_of(request) is Mode.LIE else 0)
        stamp = simulator.clock.now().isoformat().replace("+00:00", "Z")
        currency = vault.accounts[account]["currency"]
        return JSONResponse({"account": account, "balance": f"{amount:.2f}", "currency": currency, "asOf": stamp})

    async def add_entries(request: Request) -> Response:
        """Books entries and issues a statement with them, unless `issue` is false."""
        command = await request.json()
        if command["account"] not in vault.accounts:
            return bad_request("account must be known")
        booked = vault.book(command["account"], command["entries"])
        statement = vault.issue(command["account"]) if command.get("issue", True) else None
        shown = listed(vault, statement, Fault()) if statement else None
        return JSONResponse({"booked": booked, "statement": shown})

    async def add_statements(request: Request) -> Response:
        vault.take_over((await request.json())["statements"])
        return JSONResponse({"statements": len(vault.statements)})

    routes = [
        Route("/statements", simulator.guarded(list_statements)),
        Route("/statements/{file}", simulator.guarded(get_file)),
        Route("/transactions", simulator.guarded(list_transactions)),
        Route("/balance", simulator.guarded(get_balance)),
        Route("/_sim/format", set_format, methods=["POST"]),
        Route("/_sim/entries", add_entries, methods=["POST"]),
        Route("/_sim/statements", add_statements, methods=["POST"]),
    ]
    return simulator.application(
        list(routes), lambda: {"statements": len(vault.statements), "pending": len(vault.pending)}
    )


def listed(vault: Vault, statement: Record, fault: Fault) -> Record:
    """With the checksum of what will be sent: a bank that lies is sure of what it says."""
    kind = vault.kind(statement["account"])
    content = b"another file" if fault.mode is Mode.CHECKSUM else vault.file(statement, fault, kind)
    name = f"{statement['account']}-{statement['sequence']:05d}.{ENDINGS[kind]}"
    return {"sequence": statement["sequence"], "file": name, "sha256": hashlib.sha256(content).hexdigest()}


def spoil(told: list[Record], fault: Mode) -> list[Record]:
    """Transactions with a fault of their content."""
    if fault is Mode.SCHEMA:
        return [{("amt" if name == "amount" else name): value for name, value in each.items()} for each in told]
    if fault is Mode.LIE:
        return [{**each, "amount": f"{Decimal(each['amount']) + 100:.2f}"} for each in told]
    return rearrange(told, fault)


def rename_elements(content: bytes, names: Sequence[str]) -> bytes:
    """XML elements of these names are called otherwise, as after an upgrade that nobody announced."""
    for name in names:
        content = re.sub(rb"(</?)" + re.escape(name.encode()) + rb"\b", rb"\1" + name.encode() + b"V2", content)
    return content


def withhold(found: list[Record], fault: Fault) -> list[Record]:
    """A hole may be certain statements, by their numbers, for as long as the fault lasts."""
    if fault.mode is Mode.HOLE and fault.keys:
        return [each for each in found if str(each["sequence"]) not in fault.keys]
    return rearrange(found, fault.mode)


def rearrange(found: list[Record], fault: Mode) -> list[Record]:
    if fault is Mode.HOLE:
        return found[:-2] + found[-1:] if len(found) > 1 else []
    if fault is Mode.DUPLICATE:
        return [statement for statement in found for _ in range(2)]
    if fault is Mode.REORDER:
        return found[::-1]
    return found
