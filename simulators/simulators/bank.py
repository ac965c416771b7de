"""Bank front-end machine (前置机): numbered statements as camt.053 files, and the balance of the moment."""

from __future__ import annotations

import hashlib
import re
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
from simulators.camt053 import NAMESPACE, NEXT_NAMESPACE, render, signed
from simulators.faults import Mode, fault_of
from simulators.records import Record, read_records, write_records

SHANGHAI = ZoneInfo("Asia/Shanghai")
FILE = re.compile(r"^(?P<account>\d+)-(?P<sequence>\d{5})\.xml$")


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

    def file(self, statement: Record, fault: Mode) -> bytes:
        opening = self.opening(statement["account"], statement["sequence"])
        closing = opening + sum((signed(entry) for entry in statement["entries"]), Decimal(0))
        if fault is Mode.LIE:
            closing += 100
        if fault is Mode.DUPLICATE:
            statement = {**statement, "entries": [entry for entry in statement["entries"] for _ in range(2)]}
        namespace = NEXT_NAMESPACE if fault is Mode.SCHEMA else NAMESPACE
        return render(self.accounts[statement["account"]], statement, opening, closing, namespace)


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
        fault = fault_of(request)
        found = [listed(vault, s) for s in vault.of(account) if s["sequence"] > after]
        return JSONResponse({"statements": rearrange(found, fault)})

    async def get_file(request: Request) -> Response:
        match = FILE.match(request.path_params["file"])
        chosen = [s for s in vault.statements if match and f"{s['account']}-{s['sequence']:05d}.xml" == match[0]]
        if not chosen:
            return JSONResponse({"error": "no such file"}, status_code=404)
        return Response(vault.file(chosen[0], fault_of(request)), media_type="application/xml")

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
        return JSONResponse({"booked": booked, "statement": listed(vault, statement) if statement else None})

    async def add_statements(request: Request) -> Response:
        vault.take_over((await request.json())["statements"])
        return JSONResponse({"statements": len(vault.statements)})

    routes = [
        Route("/statements", simulator.guarded(list_statements)),
        Route("/statements/{file}", simulator.guarded(get_file)),
        Route("/balance", simulator.guarded(get_balance)),
        Route("/_sim/entries", add_entries, methods=["POST"]),
        Route("/_sim/statements", add_statements, methods=["POST"]),
    ]
    return simulator.application(
        list(routes), lambda: {"statements": len(vault.statements), "pending": len(vault.pending)}
    )


def listed(vault: Vault, statement: Record) -> Record:
    content = vault.file(statement, Mode.NONE)
    name = f"{statement['account']}-{statement['sequence']:05d}.xml"
    return {"sequence": statement["sequence"], "file": name, "sha256": hashlib.sha256(content).hexdigest()}


def rearrange(found: list[Record], fault: Mode) -> list[Record]:
    if fault is Mode.HOLE:
        return found[:-2] + found[-1:] if len(found) > 1 else []
    if fault is Mode.DUPLICATE:
        return [statement for statement in found for _ in range(2)]
    if fault is Mode.REORDER:
        return found[::-1]
    return found
