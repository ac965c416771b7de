"""The bank speaks each format as the service reads it, and lies on command."""

from __future__ import annotations

import hashlib
from datetime import date
from io import BytesIO
from typing import Any

import pytest

from integration.receipts.documents import open_document
from integration.receipts.policy import StatementsPolicy

pytestmark = pytest.mark.spec("N11.1", "N1.1")

ACCOUNT = "571900001"


@pytest.fixture
def paid(simulators: Any) -> Any:
    entries = [
        {"serial": "0001", "amount": "250.50", "payerName": "杭州蓝海医疗有限公司", "remark": "货款 CL-2026-0007"},
        {"serial": "0002", "amount": "9.50", "payerName": "工商银行", "direction": "DBIT", "remark": "手续费"},
    ]
    simulators.post("bank", "/_sim/entries", {"account": ACCOUNT, "entries": entries})
    return simulators


def speak(paid: Any, kind: str) -> dict[str, Any]:
    """What the bank announces in this format."""
    assert paid.post("bank", "/_sim/format", {"account": ACCOUNT, "format": kind}).status_code == 200
    [listed] = paid.get("bank", "/statements", account=ACCOUNT).json()["statements"]
    return dict(listed)


def content(paid: Any, listed: dict[str, Any]) -> bytes:
    return bytes(paid.get("bank", f"/statements/{listed['file']}").content)


@pytest.mark.parametrize(
    ("kind", "ending", "words"),
    [
        (
            "mt940",
            ".sta",
            ["CNY1000,00", "C250,50NTRF", ":62F:C", "CNY1241,00", "/NAME/杭州蓝海医疗有限公司"],
        ),
        ("camt.054", ".ntf.xml", ["BkToCstmrDbtCdtNtfctn", "camt.054.001.08", "<NtryRef>0001</NtryRef>"]),
        ("camt.053", ".xml", ["BkToCstmrStmt", "<NtryRef>0002</NtryRef>"]),
    ],
)
def test_an_account_speaks_its_format(paid: Any, kind: str, ending: str, words: list[str]) -> None:
    listed = speak(paid, kind)
    assert listed["file"] == f"{ACCOUNT}-00001{ending}"
    file = content(paid, listed)
    assert hashlib.sha256(file).hexdigest() == listed["sha256"]
    assert [word for word in words if word not in file.decode()] == []


def test_a_csv_comes_in_gb18030(paid: Any) -> None:
    told = content(paid, speak(paid, "csv")).decode("gb18030").splitlines()
    assert told[1].startswith("账号,账户名称,交易时间")
    assert "杭州蓝海医疗有限公司" in told[2]
    assert '"1,241.00"' in told[3]


def test_transactions_are_numbered_and_carry_the_balance(paid: Any) -> None:
    later = {"serial": "0003", "amount": "5.00", "payerName": "x"}
    paid.post("bank", "/_sim/entries", {"account": ACCOUNT, "entries": [later], "issue": False})
    told = paid.get("bank", "/transactions", account=ACCOUNT, after=0, limit=2).json()["transactions"]
    assert [(each["seq"], each["balance"]) for each in told] == [(1, "1250.50"), (2, "1241.00")]
    told = paid.get("bank", "/transactions", account=ACCOUNT, after=2).json()["transactions"]
    assert [(each["seq"], each["balance"], each["serial"]) for each in told] == [(3, "1246.00", "0003")]
    assert paid.get("bank", "/transactions", account="1").status_code == 400


@pytest.mark.parametrize(("mode", "word"), [("schema", "amt"), ("lie", "350.50")])
def test_transactions_fail_on_command(paid: Any, mode: str, word: str) -> None:
    paid.post("bank", "/_sim/fault", {"mode": mode})
    assert word in paid.get("bank", "/transactions", account=ACCOUNT).text


def test_a_file_is_cut_or_announced_with_another_checksum(paid: Any) -> None:
    whole = content(paid, speak(paid, "mt940"))
    paid.post("bank", "/_sim/fault", {"mode": "cut"})
    half = content(paid, speak(paid, "mt940"))
    assert half == whole[: len(whole) // 2]
    paid.post("bank", "/_sim/fault", {"mode": "checksum"})
    listed = speak(paid, "mt940")
    assert hashlib.sha256(content(paid, listed)).hexdigest() != listed["sha256"]


def test_an_unknown_format_is_refused(paid: Any) -> None:
    assert paid.post("bank", "/_sim/format", {"account": ACCOUNT, "format": "pdf"}).status_code == 400


@pytest.mark.parametrize("kind", ["camt.053", "camt.054", "mt940", "csv", "json"])
def test_the_service_reads_what_the_bank_writes(paid: Any, kind: str) -> None:
    if kind == "json":
        file = paid.get("bank", "/transactions", account=ACCOUNT).content
    else:
        file = content(paid, speak(paid, kind))
    [part] = open_document(BytesIO(file), kind, StatementsPolicy(), date.max).parts()
    told = [(each.signed_fen, each.payer_name, each.remark) for each in part.entries]
    assert (part.statement.account, part.rejections) == (ACCOUNT, ())
    assert told[0] == (25_050, "杭州蓝海医疗有限公司", "货款 CL-2026-0007")
    assert (told[1][0], told[1][2]) == (-950, "手续费")
    if part.statement.chained:
        assert (part.statement.opening_fen, part.statement.closing_fen) == (100_000, 124_100)
