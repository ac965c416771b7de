from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

pytestmark = pytest.mark.spec("N11.1", "N1.1")

ACCOUNT = "571900001"
NS = {"c": "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"}


def pay(simulators: Any, serial: str, amount: str, **more: object) -> Any:
    entry = {"serial": serial, "amount": amount, "payerName": "杭州蓝海医疗有限公司", **more}
    return simulators.post("bank", "/_sim/entries", {"account": ACCOUNT, "entries": [entry], **PLACE}).json()


PLACE: dict[str, object] = {}


def statement(simulators: Any, file: str) -> etree._Element:
    return etree.fromstring(simulators.get("bank", f"/statements/{file}").content)


def balances(document: etree._Element) -> tuple[Decimal, Decimal]:
    opening, closing = (Decimal(str(found)) for found in document.xpath("//c:Bal/c:Amt/text()", namespaces=NS))
    return opening, closing


def test_statements_are_numbered_and_their_balances_join(simulators: Any) -> None:
    pay(simulators, "0001", "250.50", remark="货款 CL-2026-0007")
    pay(simulators, "0002", "99.50", creditedAccount="571900001888")
    listed = simulators.get("bank", "/statements", account=ACCOUNT, after=0).json()["statements"]
    assert [s["sequence"] for s in listed] == [1, 2]
    first, second = (statement(simulators, s["file"]) for s in listed)
    assert balances(first) == (Decimal("1000.00"), Decimal("1250.50"))
    assert balances(second) == (Decimal("1250.50"), Decimal("1350.00"))
    assert first.findtext(".//c:Ntry/c:NtryRef", namespaces=NS) == "0001"
    assert first.findtext(".//c:RmtInf/c:Ustrd", namespaces=NS) == "货款 CL-2026-0007"
    assert second.findtext(".//c:CdtrAcct/c:Id/c:Othr/c:Id", namespaces=NS) == "571900001888"
    assert simulators.get("bank", "/balance", account=ACCOUNT).json()["balance"] == "1350.00"
    later = simulators.get("bank", "/statements", account=ACCOUNT, after=1).json()["statements"]
    assert [s["sequence"] for s in later] == [2]


def test_the_listed_digest_is_the_file_s(simulators: Any) -> None:
    pay(simulators, "0001", "1.00")
    (listed,) = simulators.get("bank", "/statements", account=ACCOUNT).json()["statements"]
    content = simulators.get("bank", f"/statements/{listed['file']}").content
    assert hashlib.sha256(content).hexdigest() == listed["sha256"]


def test_money_on_no_statement_yet_is_in_the_balance(simulators: Any) -> None:
    entry = {"serial": "0001", "amount": "5.00", "payerName": "x"}
    simulators.post("bank", "/_sim/entries", {"account": ACCOUNT, "entries": [entry], "issue": False})
    assert simulators.get("bank", "/statements", account=ACCOUNT).json()["statements"] == []
    assert simulators.get("bank", "/balance", account=ACCOUNT).json()["balance"] == "1005.00"


def test_a_hole_hides_a_statement_between_others(simulators: Any) -> None:
    for number in range(1, 4):
        pay(simulators, f"000{number}", "1.00")
    simulators.post("bank", "/_sim/fault", {"mode": "hole"})
    listed = simulators.get("bank", "/statements", account=ACCOUNT).json()["statements"]
    assert [s["sequence"] for s in listed] == [1, 3]


def test_a_hole_may_be_certain_statements_until_it_is_mended(simulators: Any) -> None:
    for number in range(1, 5):
        pay(simulators, f"000{number}", "1.00")
    simulators.post("bank", "/_sim/fault", {"mode": "hole", "keys": ["2", "3"]})
    listed = simulators.get("bank", "/statements", account=ACCOUNT).json()["statements"]
    assert [s["sequence"] for s in listed] == [1, 4]
    simulators.post("bank", "/_sim/fault", {"mode": "none"})
    listed = simulators.get("bank", "/statements", account=ACCOUNT).json()["statements"]
    assert [s["sequence"] for s in listed] == [1, 2, 3, 4]


def test_an_upgrade_may_rename_elements_and_announces_the_file_as_it_is(simulators: Any) -> None:
    pay(simulators, "0001", "1.00")
    simulators.post("bank", "/_sim/fault", {"mode": "schema", "keys": ["BookgDt"]})
    (listed,) = simulators.get("bank", "/statements", account=ACCOUNT).json()["statements"]
    content = simulators.get("bank", f"/statements/{listed['file']}").content
    assert hashlib.sha256(content).hexdigest() == listed["sha256"]
    assert b"<BookgDtV2>" in content
    assert b"<BookgDt>" not in content


def test_a_lying_bank_closes_with_a_wrong_balance(simulators: Any) -> None:
    pay(simulators, "0001", "1.00")
    simulators.post("bank", "/_sim/fault", {"mode": "lie"})
    document = statement(simulators, f"{ACCOUNT}-00001.xml")
    assert balances(document) == (Decimal("1000.00"), Decimal("1101.00"))


def test_an_upgraded_bank_speaks_another_version(simulators: Any) -> None:
    pay(simulators, "0001", "1.00")
    simulators.post("bank", "/_sim/fault", {"mode": "schema"})
    assert "camt.053.001.10" in statement(simulators, f"{ACCOUNT}-00001.xml").tag


def test_statements_of_the_past_keep_their_numbers(simulators: Any) -> None:
    entry = {"serial": "1", "amount": "7.00", "direction": "CRDT", "bookedOn": "2026-03-02", "valueOn": "2026-03-02"}
    entry |= {"payerName": "x", "payerAccount": "1", "remark": "", "endToEndId": "E", "reference": "R"}
    old = {"account": ACCOUNT, "sequence": 6, "bookedOn": "2026-03-02", "createdAt": "2026-03-02T10:00:00+00:00"}
    simulators.post("bank", "/_sim/statements", {"statements": [old | {"entries": [entry]}]})
    pay(simulators, "2", "1.00")
    listed = simulators.get("bank", "/statements", account=ACCOUNT).json()["statements"]
    assert [s["sequence"] for s in listed] == [6, 7]
    assert balances(statement(simulators, listed[1]["file"]))[0] == Decimal("1007.00")


def test_unknown_account_and_file_are_refused(simulators: Any) -> None:
    assert simulators.get("bank", "/statements", account="1").status_code == 400
    assert simulators.get("bank", "/statements/..%2Fhr%2Femployees.json").status_code == 404
