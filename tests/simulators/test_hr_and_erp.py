from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.spec("N11.1")


def test_hr_gives_everybody_in_pages_and_then_only_changes(simulators: Any) -> None:
    first = simulators.get("hr", "/employees/full", page=1, size=2).json()
    second = simulators.get("hr", "/employees/full", page=first["nextPage"], size=2).json()
    assert [e["name"] for e in first["employees"] + second["employees"]] == ["李娜", "张伟", "王芳"]
    assert second["nextPage"] is None

    nothing = simulators.get("hr", "/employees/delta", since=second["cursor"]).json()
    assert nothing["employees"] == []
    assert nothing["asOf"]

    simulators.post("hr", "/_sim/employees", {"employees": [{"employeeId": "E00002", "status": "DEPARTED"}]})
    changed = simulators.get("hr", "/employees/delta", since=second["cursor"]).json()
    assert [(e["name"], e["status"]) for e in changed["employees"]] == [("张伟", "DEPARTED")]


def test_a_caller_without_the_key_is_refused(simulators: Any) -> None:
    assert httpx.get(simulators.url("hr") + "/employees/full").status_code == 401


@pytest.mark.parametrize("cursor", ["-1", "abc", "99"])
def test_a_cursor_that_was_never_given_is_refused(simulators: Any, cursor: str) -> None:
    assert simulators.get("hr", "/employees/delta", since=cursor).status_code == 400


def test_erp_pages_by_links_and_ends_with_a_delta_link(simulators: Any) -> None:
    page = simulators.get("erp", "/odata/SalesOrders?$top=2").json()
    seen = page["value"]
    while "@odata.nextLink" in page:
        page = follow(simulators, page["@odata.nextLink"])
        seen += page["value"]
    assert [order["OrderId"] for order in seen] == [f"SO-{n}" for n in range(1, 6)]
    assert follow(simulators, page["@odata.deltaLink"])["value"] == []

    simulators.post("erp", "/_sim/orders", {"orders": [{"OrderId": "SO-2", "TotalAmount": "2500.00"}]})
    (changed,) = follow(simulators, page["@odata.deltaLink"])["value"]
    assert (changed["TotalAmount"], changed["ContractNo"], changed["Version"]) == ("2500.00", "CL-2", 2)


def follow(simulators: Any, link: str) -> Any:
    return simulators.get("erp", link.removeprefix(simulators.url("erp"))).json()


def test_a_new_order_survives_a_restart(simulators: Any) -> None:
    simulators.post("erp", "/_sim/orders", {"orders": [{"OrderId": "SO-9", "TotalAmount": "1.00"}]})
    written = (simulators.settings.sim_data / "erp/orders.json").read_text(encoding="utf-8")
    assert "SO-9" in written


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("hole", ["SO-1", "SO-2", "SO-3", "SO-4"]),
        ("duplicate", [f"SO-{n}" for n in range(1, 6) for _ in range(2)]),
        ("reorder", ["SO-5", "SO-4", "SO-3", "SO-2", "SO-1"]),
    ],
)
def test_content_faults_spoil_the_records(simulators: Any, mode: str, expected: list[str]) -> None:
    simulators.post("erp", "/_sim/fault", {"mode": mode})
    assert [o["OrderId"] for o in simulators.get("erp", "/odata/SalesOrders").json()["value"]] == expected


def test_an_unannounced_upgrade_renames_a_field(simulators: Any) -> None:
    simulators.post("erp", "/_sim/fault", {"mode": "schema"})
    assert "TotalAmount" not in simulators.get("erp", "/odata/SalesOrders").json()["value"][0]


def test_a_lie_is_well_formed(simulators: Any) -> None:
    simulators.post("erp", "/_sim/fault", {"mode": "lie"})
    assert simulators.get("erp", "/odata/SalesOrders").json()["value"][0]["TotalAmount"] == "1100.00"


@pytest.mark.spec("N11.1")
@pytest.mark.parametrize(
    ("entity_set", "command", "record", "field", "lie"),
    [
        ("ProductionSchedules", "schedules", {"ScheduleId": "P-1", "Quantity": "2"}, "Quantity", "102"),
        ("Deliveries", "deliveries", {"DeliveryId": "D-1", "Amount": "10.00"}, "Amount", "110.00"),
        ("Invoices", "invoices", {"InvoiceId": "F-1", "Amount": "-10.00"}, "Amount", "90.00"),
        ("Stock", "stock", {"StockId": "S-1", "Quantity": "1.5"}, "Quantity", "101.5"),
        (
            "ServiceCalls", "service_calls", {"CallId": "W-1", "ReportedAt": "2026-03-10T09:00:00+08:00"},
            "ReportedAt", "2026-03-11T09:00:00+08:00",
        ),
    ],
)  # fmt: skip
def test_the_erp_tells_every_document_and_lies_about_each(
    simulators: Any, entity_set: str, command: str, record: dict[str, Any], field: str, lie: str
) -> None:
    simulators.post("erp", f"/_sim/{command}", {command: [record]})
    told = simulators.get("erp", f"/odata/{entity_set}").json()
    assert [(each["Version"], each[field]) for each in told["value"]] == [(1, record[field])]
    simulators.post("erp", f"/_sim/{command}", {command: [record]})
    [again] = follow(simulators, told["@odata.deltaLink"])["value"]
    assert again["Version"] == 2
    simulators.post("erp", "/_sim/fault", {"mode": "lie"})
    assert simulators.get("erp", f"/odata/{entity_set}").json()["value"][0][field] == lie
    simulators.post("erp", "/_sim/fault", {"mode": "schema"})
    assert field not in simulators.get("erp", f"/odata/{entity_set}").json()["value"][0]


def delta(simulators: Any, since: str) -> dict[str, Any]:
    return dict(simulators.get("hr", "/employees/delta", since=since).json())


def test_hr_lies_about_those_it_is_told_to_lie_about(simulators: Any) -> None:
    gone = [{"employeeId": each, "status": "DEPARTED", "leftOn": "2026-03-10"} for each in ("E00001", "E00002")]
    simulators.post("hr", "/_sim/employees", {"employees": gone})
    simulators.post("hr", "/_sim/fault", {"mode": "lie", "keys": ["E00002"]})
    said = {each["employeeId"]: (each["status"], each["leftOn"]) for each in delta(simulators, "3")["employees"]}
    assert said == {"E00001": ("DEPARTED", "2026-03-10"), "E00002": ("ACTIVE", None)}


def test_hr_has_no_word_about_some_and_gives_it_later(simulators: Any) -> None:
    simulators.post("hr", "/_sim/fault", {"mode": "partial", "keys": ["E00002"]})
    simulators.post("hr", "/_sim/employees", {"employees": [{"employeeId": "E00002", "status": "DEPARTED"}]})
    partial = delta(simulators, "3")
    assert partial["employees"] == [{"employeeId": "E00002", "error": "temporarily unavailable"}]
    simulators.post("hr", "/_sim/fault", {"mode": "none"})
    later = delta(simulators, partial["cursor"])
    assert [(each["employeeId"], each["status"]) for each in later["employees"]] == [("E00002", "DEPARTED")]
    assert delta(simulators, later["cursor"])["employees"] == []


def test_a_stale_answer_says_how_old_it_is(simulators: Any) -> None:
    simulators.post("hr", "/_sim/fault", {"mode": "stale", "age": 1200})
    simulators.post("hr", "/_sim/employees", {"employees": [{"employeeId": "E00002", "status": "DEPARTED"}]})
    stale = delta(simulators, "3")
    told, now = (
        datetime.fromisoformat(each) for each in (stale["asOf"], simulators.get("hr", "/_sim/state").json()["now"])
    )
    assert stale["employees"] == []
    assert stale["cursor"] == "3", "what it does not tell is not behind it"
    assert timedelta(seconds=1190) < now - told < timedelta(seconds=1230)


def test_a_counted_fault_ends_by_itself(simulators: Any) -> None:
    simulators.post("hr", "/_sim/fault", {"mode": "error500", "count": 2})
    assert [simulators.get("hr", "/units").status_code for _ in range(3)] == [500, 500, 200]


def test_a_system_that_is_down_breaks_the_connection(simulators: Any) -> None:
    simulators.post("hr", "/_sim/fault", {"mode": "down"})
    with pytest.raises(httpx.RemoteProtocolError):
        simulators.get("hr", "/units")


def test_a_timed_out_system_answers_later_than_the_caller_waits(simulators: Any) -> None:
    simulators.post("hr", "/_sim/fault", {"mode": "timeout", "seconds": 2})
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(simulators.url("hr") + "/units", timeout=0.2)


def test_an_unknown_fault_is_refused(simulators: Any) -> None:
    answer = simulators.post("hr", "/_sim/fault", {"mode": "explode"})
    assert answer.status_code == 400
    assert simulators.get("hr", "/_sim/state").json()["fault"]["mode"] == "none"


def test_an_answer_waits_for_nobody_to_acknowledge_its_first_part(simulators: Any) -> None:
    """Without TCP_NODELAY each answer over a connection that has been in use takes 40 ms, on a fast machine too."""
    with httpx.Client(base_url=simulators.url("hr"), headers={"X-Api-Key": simulators.settings.hr_key}) as client:
        assert min([seconds_of(client, "/employees/delta") for _ in range(60)][20:]) < 0.03


def seconds_of(client: httpx.Client, path: str) -> float:
    began = time.monotonic()
    client.get(path).raise_for_status()
    return time.monotonic() - began
