"""What the tests of integration share: sources that answer over HTTP, statements, people."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

Answer = tuple[int, bytes] | bytes | dict[str, Any]
Route = Callable[[dict[str, str]], Answer]
CAMT = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"


@dataclass
class HttpSource:
    """A source of records on a free port. `routes`: path → what it answers to a query."""

    routes: dict[str, Route] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    # Path → what its answer is marked with: who knows that mark already gets 304.
    etags: dict[str, str] = field(default_factory=dict)

    def start(self) -> HttpSource:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(source: HttpSource) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                source.asked.append(self.path)
                source.keys.add(self.headers.get("X-Api-Key", ""))
                route = source.routes.get(parts.path)
                etag = source.etags.get(parts.path, "")
                same = bool(etag) and self.headers.get("If-None-Match") == etag
                answer = (304, b"") if same else route(dict(parse_qsl(parts.query))) if route else (404, b"")
                status, body = answer if isinstance(answer, tuple) else (200, answer)
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                if etag:
                    self.send_header("ETag", etag)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        return Handler


def employee(employee_id: str = "E00001", **changes: Any) -> dict[str, Any]:
    person = {
        "employeeId": employee_id,
        "name": f"员工{employee_id}",
        "status": "ACTIVE",
        "orgPath": "/HQ/EAST/HZ1/",
        "orgName": "杭州一部",
        "regionName": "华东大区",
        "managerId": "E00100",
        "position": "sales_rep",
        "hiredOn": "2024-05-06",
        "leftOn": None,
        "email": f"{employee_id.lower()}@closeloop.example",
        "wecomUserId": f"wx-{employee_id}",
        "updatedAt": "2026-03-10T02:00:00Z",
    }
    return person | changes


def order(order_id: str = "SO-1", **changes: Any) -> dict[str, Any]:
    told = {
        "OrderId": order_id,
        "ContractNo": "HT-2026-001",
        "CustomerCode": "C0001",
        "CustomerName": "杭州第一医院",
        "SalespersonId": "E00001",
        "Currency": "CNY",
        "TotalAmount": "52000.00",
        "SignedAt": "2026-03-10T09:30:00+08:00",
        "Status": "ACTIVE",
        "CancelledAt": None,
        "TechnicalService": False,
        "Lines": [{"ProductCode": "IMG-1", "ProductName": "影像", "Quantity": "2", "Amount": "52000.00"}],
        "ModifiedAt": "2026-03-10T09:31:00+08:00",
        "Version": 1,
    }
    return told | changes


def receivable(receivable_id: str = "AR-1", **changes: Any) -> dict[str, Any]:
    told = {
        "ReceivableId": receivable_id,
        "ContractNo": "HT-2026-001",
        "CustomerCode": "C0001",
        "CustomerName": "杭州第一医院",
        "SalespersonId": "E00001",
        "Currency": "CNY",
        "Amount": "52000.00",
        "DueOn": "2026-03-15",
        "VirtualAccount": None,
        "PayerNames": ["杭州市财政局"],
        "ModifiedAt": "2026-03-01T09:00:00+08:00",
        "Version": 1,
    }
    return told | changes


@dataclass
class Line:
    """One entry of a statement. `more` is put into the entry as it is."""

    serial: str
    amount: str
    payer: str = "杭州市财政局"
    remark: str = ""
    credit: bool = True
    booked_on: str = "2026-03-10"
    credited: str = ""
    more: str = ""

    @property
    def signed(self) -> Decimal:
        return Decimal(self.amount) if self.credit else -Decimal(self.amount)


def statement(
    sequence: int,
    lines: Sequence[Line],
    *,
    opening: str = "0.00",
    closing: str | None = None,
    account: str = "6222",
    until: str = "2026-03-10T10:00:00+08:00",
    namespace: str = CAMT,
) -> str:
    """Written without the code under test and without the simulators."""
    end = (
        closing if closing is not None else f"{Decimal(opening) + sum((each.signed for each in lines), Decimal(0)):.2f}"
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{namespace}"><BkToCstmrStmt><GrpHdr><MsgId>M{sequence}'
        f"</MsgId><CreDtTm>{until}</CreDtTm></GrpHdr><Stmt><Id>S{sequence}</Id><ElctrncSeqNb>{sequence}</ElctrncSeqNb>"
        f"<CreDtTm>{until}</CreDtTm><FrToDt><FrDtTm>2026-03-10T00:00:00+08:00</FrDtTm><ToDtTm>{until}</ToDtTm></FrToDt>"
        f"<Acct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>CNY</Ccy><Svcr><FinInstnId><BICFI>ICBKCNBJ</BICFI>"
        f"</FinInstnId></Svcr></Acct>{_balance('OPBD', opening)}{_balance('CLBD', end)}"
        + "".join(_entry(each, account) for each in lines)
        + "</Stmt></BkToCstmrStmt></Document>"
    )


def _balance(code: str, amount: str) -> str:
    sign = "DBIT" if amount.startswith("-") else "CRDT"
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">{amount.lstrip("-")}</Amt>'
        f"<CdtDbtInd>{sign}</CdtDbtInd><Dt><Dt>2026-03-10</Dt></Dt></Bal>"
    )


def _entry(line: Line, account: str) -> str:
    party = "Dbtr" if line.credit else "Cdtr"
    return (
        f'<Ntry><NtryRef>{line.serial}</NtryRef><Amt Ccy="CNY">{line.amount}</Amt>'
        f"<CdtDbtInd>{'CRDT' if line.credit else 'DBIT'}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>"
        f"<BookgDt><Dt>{line.booked_on}</Dt></BookgDt><ValDt><Dt>{line.booked_on}</Dt></ValDt>"
        f"<AcctSvcrRef>R{line.serial}</AcctSvcrRef>{line.more}<NtryDtls><TxDtls><Refs><EndToEndId>E2E-{line.serial}"
        f"</EndToEndId></Refs><RltdPties><{party}><Pty><Nm>{escape(line.payer)}</Nm></Pty></{party}>"
        f"<CdtrAcct><Id><Othr><Id>{line.credited or account}</Id></Othr></Id></CdtrAcct></RltdPties>"
        f"<RmtInf><Ustrd>{escape(line.remark)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )


@dataclass
class Bank:
    """A front-end machine with one account: statements by number, each a text or a refusal to answer."""

    statements: dict[int, str | bytes] = field(default_factory=dict)
    # Checksums as the bank announces them; of a statement that is not named, none.
    checksums: dict[int, str] = field(default_factory=dict)
    balance: str = "0.00"
    as_of: str = "2026-03-10T02:00:00Z"
    account: str = "6222"

    def routes(self) -> dict[str, Route]:
        return {
            "/balance": lambda query: {
                "account": self.account,
                "balance": self.balance,
                "currency": "CNY",
                "asOf": self.as_of,
            },
            "/statements": self._listed,
        } | {f"/statements/{number:05d}.xml": self._file(number) for number in range(1, 60)}

    def _listed(self, query: Mapping[str, str]) -> Answer:
        later = [number for number in sorted(self.statements) if number > int(query["after"])]
        listed = [
            {"sequence": each, "file": f"{each:05d}.xml", "sha256": self.checksums.get(each, "")} for each in later
        ]
        return {"statements": listed}

    def _file(self, number: int) -> Route:
        def content(query: Mapping[str, str]) -> bytes:
            file = self.statements[number]
            return file.encode() if isinstance(file, str) else file

        return content


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
