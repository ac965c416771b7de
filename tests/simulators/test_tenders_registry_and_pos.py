from __future__ import annotations

import hashlib
from typing import Any

import pytest

pytestmark = pytest.mark.spec("N11.1")

NOTICE = {
    "id": "N1",
    "title": "影像系统采购公告",
    "projectNumber": "ZJ-2026-001",
    "publishedAt": "2026-03-09T09:00:00+08:00",
}


def test_a_notice_is_in_rss_html_and_json(simulators: Any) -> None:
    simulators.post("tender", "/_sim/notices", {"notices": [NOTICE, {"id": "N2", "title": "更正公告"}]})
    assert "项目编号：ZJ-2026-001" in simulators.get("tender", "/rss").text
    page = simulators.get("tender", "/list").text
    assert page.index("更正公告") < page.index("影像系统采购公告"), "the newest first"
    body = simulators.get("tender", "/notices", after="2", limit=10).json()
    assert ([each["id"] for each in body["notices"]], body["cursor"]) == (["N2"], "3")
    assert body["notices"][0]["url"].startswith("http://")


def test_lists_go_on_over_pages_and_are_not_sent_twice(simulators: Any) -> None:
    simulators.post(
        "tender", "/_sim/notices", {"notices": [NOTICE | {"id": f"N{number}"} for number in range(1, 26)]}
    )  # fmt: skip
    first = simulators.get("tender", "/list")
    assert (first.text.count("<li>"), "/list?p=2" in first.text) == (20, True)
    assert simulators.get("tender", "/list", p=2).text.count("<li>") == 6
    again = simulators.get_with("tender", "/list", {"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("mode", "told"),
    [("cut", "</channel>"), ("hole", "影像"), ("lie", "09 Mar 2026"), ("schema", "<title>影像")],
)
def test_faults_of_a_tender_list(simulators: Any, mode: str, told: str) -> None:
    simulators.post("tender", "/_sim/notices", {"notices": [NOTICE]})
    assert told in simulators.get("tender", "/rss").text
    simulators.post("tender", "/_sim/fault", {"mode": mode, "count": 1})
    assert told not in simulators.get("tender", "/rss").text
    assert told in simulators.get("tender", "/rss").text


def test_a_hostile_list_brings_a_bomb_and_a_script(simulators: Any) -> None:
    simulators.post("tender", "/_sim/fault", {"mode": "hostile"})
    assert "<!ENTITY" in simulators.get("tender", "/rss").text
    assert "<script>" in simulators.get("tender", "/list").text


COMPANY = {"creditCode": "91330106MA2CFBLB0Y", "name": "杭州云启科技有限公司", "legalPersonName": "张三"}


def test_the_register_knows_companies_by_code_and_name(simulators: Any) -> None:
    simulators.post("registry", "/_sim/companies", {"companies": [COMPANY]})
    simulators.post("registry", "/_sim/companies", {"companies": [{**COMPANY, "legalPersonName": "李四"}]})
    for keyword in (COMPANY["creditCode"], COMPANY["name"]):
        result = simulators.get("registry", "/company", keyword=keyword).json()["result"]
        assert (result["legalPersonName"], result["regStatus"]) == ("李四", "存续")
    assert simulators.get("registry", "/company", keyword="无此企业").json()["error_code"] == 300000
    for mode, field, value in (("stale", "legalPersonName", "张三"), ("lie", "creditCode", "91310000MA1FL00000")):
        simulators.post("registry", "/_sim/fault", {"mode": mode})
        assert simulators.get("registry", "/company", keyword=COMPANY["name"]).json()["result"][field] == value


def test_sales_come_in_numbered_files(simulators: Any) -> None:
    simulators.post("pos", "/_sim/sales", {"lines": [{"receipt_no": "R1", "amount": "90.00"}]})
    simulators.post("pos", "/_sim/sales", {"generate": 1000})
    first, second = simulators.get("pos", "/sales/files").json()["files"]
    assert [each["sequence"] for each in (first, second)] == [1, 2]
    content = simulators.get("pos", f"/sales/files/{second['file']}").content
    assert (content.count(b"\n"), hashlib.sha256(content).hexdigest()) == (1001, second["sha256"])
    assert simulators.get("pos", "/sales/files", after=1).json()["files"] == [second]
    assert simulators.get("pos", "/sales/files/000009.csv").status_code == 404


@pytest.mark.parametrize("mode", ["cut", "checksum", "duplicate", "schema"])
def test_a_spoilt_file_is_not_the_one_announced(simulators: Any, mode: str) -> None:
    simulators.post("pos", "/_sim/sales", {"generate": 10})
    simulators.post("pos", "/_sim/fault", {"mode": mode})
    [told] = simulators.get("pos", "/sales/files").json()["files"]
    content = simulators.get("pos", f"/sales/files/{told['file']}").content
    assert hashlib.sha256(content).hexdigest() != told["sha256"]


def test_sign_ups_and_promotions_are_lists_behind_a_cursor(simulators: Any) -> None:
    for name, key in (("customers", "CustomerId"), ("promotions", "PromotionId")):
        simulators.post(
            "pos", f"/_sim/{name}", {name: [{key: "1", "Name": "甲"}, {key: "2"}, {key: "1", "Name": "乙"}]}
        )
        body = simulators.get("pos", f"/{name}", after=1, limit=10).json()
        assert [(each[key], each.get("Name"), each["Version"]) for each in body[name]] == [
            ("2", None, 1),
            ("1", "乙", 2),
        ]
        assert body["cursor"] == "3"
    simulators.post("pos", "/_sim/fault", {"mode": "hole"})
    assert len(simulators.get("pos", "/customers").json()["customers"]) == 2
