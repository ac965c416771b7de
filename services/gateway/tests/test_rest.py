"""RPCs as REST, through the real door to a real gRPC service."""

from __future__ import annotations

import httpx
import pytest

from chassis.metrics import metrics
from gateway.contracts import load

from .conftest import Door
from .neighbours import FOREIGN, LEAD, Company


@pytest.mark.spec("P1.1")
def test_every_public_rpc_has_its_route_and_no_internal_one_has(door: Door) -> None:
    document = door.client.get("/openapi.json").json()
    served = {op["x-rpc"] for path in document["paths"].values() for op in path.values() if "x-rpc" in op}

    assert served == {rpc.path for rpc in load().rpcs}
    assert len(served) > 90
    assert not [path for path in served if "ReceiveCallback" in path or "GetAccess" in path]
    assert door.client.get("/closeloop.integration.v1.DirectoryService/GetAccess").status_code == 404


@pytest.mark.spec("P1.6")
def test_answers_are_camel_case_with_zero_values_and_long_numbers_as_text(rep: httpx.Client, company: Company) -> None:
    company.lead.qualification.budget.fen = 9_007_199_254_740_993
    lead = rep.get(f"/api/v1/leads/{LEAD}").json()["lead"]

    assert lead["companyName"] == "临安电子"
    assert (lead["touches"], lead["yellow"], lead["need"]) == (0, False, "")
    assert lead["qualification"]["budget"]["fen"] == "9007199254740993"


@pytest.mark.spec("P1.6")
def test_a_field_with_presence_is_absent_until_it_is_set(rep: httpx.Client, company: Company) -> None:
    assert "position" not in rep.get(f"/api/v1/leads/{LEAD}").json()["lead"]
    company.lead.qualification.first_touch_due_hours = 0
    assert rep.get(f"/api/v1/leads/{LEAD}").json()["lead"]["qualification"]["firstTouchDueHours"] == 0


@pytest.mark.spec("P1.4")
def test_the_service_sees_the_signed_person(rep: httpx.Client, company: Company) -> None:
    rep.get(f"/api/v1/leads/{LEAD}")
    caller = company.callers[-1]
    assert (caller.subject, caller.kind, caller.level, caller.unit) == ("E00001", "person", "self", "/HQ/EAST/HZ1/")
    assert caller.duties == {"rep"}


@pytest.mark.spec("P1.4")
def test_a_foreign_teams_record_is_not_found_and_a_wrong_duty_not_allowed(rep: httpx.Client, door: Door) -> None:
    assert rep.get(f"/api/v1/leads/{FOREIGN}").status_code == 404
    refused = rep.post(f"/api/v1/leads/{LEAD}:reopen", json={"reason": "again"})
    assert refused.status_code == 403
    assert "director, hq, manager" in refused.json()["detail"]


@pytest.mark.spec("P1.1")
def test_filters_repeat_nest_and_keep_the_plus_of_an_offset(rep: httpx.Client, company: Company) -> None:
    query = "page.size=20&states=LEAD_STATE_NEW&states=LEAD_STATE_HELD&text=%E4%B8%B4%E5%AE%89+%E7%94%B5&yellow=false"
    assert rep.get(f"/api/v1/leads?{query}").status_code == 200
    request = company.seen[-1]
    assert (request.page.size, list(request.states), request.text) == (20, [1, 2], "临安 电")
    assert request.HasField("yellow")
    assert not request.yellow


@pytest.mark.spec("P1.1")
def test_pages_go_on_with_an_opaque_token(rep: httpx.Client, company: Company) -> None:
    token = rep.get("/api/v1/leads").json()["page"]["nextToken"]
    rep.get("/api/v1/leads", params={"page.token": token})
    assert company.seen[-1].page.token == "next"


@pytest.mark.spec("P1.1")
def test_only_the_wanted_fields_come_back(rep: httpx.Client, company: Company) -> None:
    company.many = 2
    found = rep.get("/api/v1/leads", params={"fields": "leads.leadId,leads.grade"}).json()
    assert found == {"leads": [{"leadId": LEAD, "grade": "GRADE_A"}] * 2}

    refused = rep.get("/api/v1/leads", params={"fields": "leads.salary"})
    assert refused.status_code == 400
    assert refused.json()["violations"][0]["field"] == "fields"
    assert rep.get("/api/v1/leads", params={"fields": "leads.lead_id"}).status_code == 400


@pytest.mark.spec("P1.1")
def test_a_version_that_is_known_is_not_sent_again(rep: httpx.Client) -> None:
    first = rep.get(f"/api/v1/leads/{LEAD}")
    assert first.headers["etag"] == '"7"'
    again = rep.get(f"/api/v1/leads/{LEAD}", headers={"if-none-match": '"7"'})
    assert (again.status_code, again.content) == (304, b"")
    assert rep.get(f"/api/v1/leads/{LEAD}", headers={"if-none-match": '"6"'}).status_code == 200


@pytest.mark.spec("P1.1", "P1.5")
def test_if_match_reaches_the_service_and_an_old_version_is_412(rep: httpx.Client, company: Company) -> None:
    assert rep.post(f"/api/v1/leads/{LEAD}:accept", headers={"if-match": '"7"'}).status_code == 200
    assert company.seen[-1].etag == "7"

    refused = rep.post(f"/api/v1/leads/{LEAD}:accept", headers={"if-match": '"6"'})
    assert (refused.status_code, refused.json()["code"]) == (412, "ABORTED")
    assert rep.post(f"/api/v1/leads/{LEAD}:accept", json={"etag": "6"}).status_code == 412


@pytest.mark.spec("P1.1")
def test_the_idempotency_key_is_the_request_id_and_always_comes_back(rep: httpx.Client, company: Company) -> None:
    answer = rep.post(f"/api/v1/leads/{LEAD}:accept", headers={"idempotency-key": "tap-1"})
    assert (company.seen[-1].request_id, answer.headers["idempotency-key"]) == ("tap-1", "tap-1")

    answer = rep.post(f"/api/v1/leads/{LEAD}:accept", json={"requestId": "tap-2"})
    assert (company.seen[-1].request_id, answer.headers["idempotency-key"]) == ("tap-2", "tap-2")

    answer = rep.post(f"/api/v1/leads/{LEAD}:accept")
    assert company.seen[-1].request_id == answer.headers["idempotency-key"] != ""

    refused = rep.post(f"/api/v1/leads/{LEAD}:accept", json={"requestId": "a"}, headers={"idempotency-key": "b"})
    assert (refused.status_code, refused.json()["violations"][0]["field"]) == (400, "requestId")


@pytest.mark.spec("P1.1", "P9.1")
@pytest.mark.parametrize("key", ["a\r\nset-cookie: closeloop_session=x", "键", "a b", "x" * 101])
def test_a_key_in_the_body_that_no_header_can_carry_is_refused(rep: httpx.Client, company: Company, key: str) -> None:
    refused = rep.post(f"/api/v1/leads/{LEAD}:accept", json={"requestId": key})
    assert (refused.status_code, refused.json()["violations"][0]["field"]) == (400, "requestId")
    assert "set-cookie" not in refused.headers
    assert not company.seen


@pytest.mark.spec("P1.1", "P1.6")
@pytest.mark.parametrize("key", [0, False, None, {}, []])
def test_a_key_in_the_body_that_is_no_text_is_refused_whatever_the_header_says(
    rep: httpx.Client, company: Company, key: object
) -> None:
    headers = {"idempotency-key": "tap-3"}
    refused = rep.post(f"/api/v1/leads/{LEAD}:accept", json={"requestId": key}, headers=headers)
    assert (refused.status_code, refused.json()["violations"][0]["field"]) == (400, "requestId")
    assert not company.seen


@pytest.mark.spec("P1.1")
def test_addresses_that_are_none_and_methods_they_do_not_take(rep: httpx.Client, company: Company) -> None:
    nothing = rep.get("/api/v1/nothing")
    assert (nothing.status_code, nothing.headers["content-type"]) == (404, "application/problem+json")
    # `:grade` is a command, never part of an id.
    assert rep.get(f"/api/v1/leads/{LEAD}:grade").status_code == 405
    assert rep.post(f"/api/v1/leads/{LEAD}:fly", json={}).status_code == 404
    refused = rep.request("DELETE", "/api/v1/leads")
    assert refused.status_code == 405
    assert {each.strip() for each in refused.headers["allow"].split(",")} == {"GET", "HEAD", "POST"}
    assert refused.json()["code"] == "METHOD_NOT_ALLOWED"
    assert not company.seen


@pytest.mark.spec("P1.1")
def test_head_answers_like_get_without_content(rep: httpx.Client) -> None:
    answer = rep.head(f"/api/v1/leads/{LEAD}")
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (200, b"", '"7"')


@pytest.mark.spec("P1.5")
def test_a_service_that_is_down_is_503_with_the_time_to_come_back(rep: httpx.Client) -> None:
    refused = rep.get("/api/v1/opportunities")
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.json()["code"] == "UNAVAILABLE"
    assert "127.0.0.1" not in refused.text


@pytest.mark.spec("P6.1")
def test_a_trace_goes_through_the_door_to_the_service_and_into_refusals(rep: httpx.Client, company: Company) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    assert rep.get(f"/api/v1/leads/{LEAD}", headers=headers).headers["x-trace-id"] == trace
    assert trace in company.traces[-1]
    assert rep.get(f"/api/v1/leads/{FOREIGN}", headers=headers).json()["traceId"] == trace


@pytest.mark.spec("P6.1")
def test_requests_are_counted_by_their_route_and_never_by_their_ids(rep: httpx.Client) -> None:
    def counted(route: str, status: str) -> float:
        labels = {"method": "GET", "route": route, "status": status}
        return metrics.registry.get_sample_value("closeloop_http_seconds_count", labels) or 0

    before = counted("/api/v1/leads/{lead_id}", "200"), counted("none", "404")
    rep.get(f"/api/v1/leads/{LEAD}")
    rep.get("/api/v1/nowhere")
    assert (counted("/api/v1/leads/{lead_id}", "200"), counted("none", "404")) == (before[0] + 1, before[1] + 1)


@pytest.mark.spec("P1.5")
def test_the_language_of_the_caller_goes_along(door: Door, company: Company) -> None:
    door.as_("E00001", "zh-CN,en;q=0.5").get(f"/api/v1/leads/{LEAD}")
    door.as_("E00001", "en-US").get(f"/api/v1/leads/{LEAD}")
    assert company.locales == ["zh", "en"]
