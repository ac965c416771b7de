"""The door of chat systems: raw in, plain out."""

from __future__ import annotations

import httpx
import pytest

from chassis.errors import InvalidInput, NotFound, PermissionDenied, Unauthenticated
from closeloop.integration.v1.callback_service_pb2 import ReceiveCallbackResponse

from .conftest import Door, Opener
from .neighbours import Company

WECOM = "/callbacks/wecom"


@pytest.mark.spec("P1.7")
def test_body_and_query_go_on_as_they_came_under_the_gateways_own_identity(door: Door, company: Company) -> None:
    body = b"<xml><Encrypt>\xff\x00\xfe</Encrypt></xml>"
    query = "msg_signature=ab%2Bc&timestamp=1&nonce=n&echostr=a%2Bb%3D%3D"
    headers = {"content-type": "text/xml", "x-partner-signature": "s1", "cookie": "closeloop_session=x"}
    answer = door.client.post(f"{WECOM}?{query}", content=body, headers=headers)

    assert (answer.status_code, answer.text) == (200, "success")
    received = company.seen[-1]
    assert (received.source, received.method, received.body) == ("wecom", "POST", body)
    assert dict(received.query) == {"msg_signature": "ab+c", "timestamp": "1", "nonce": "n", "echostr": "a+b=="}
    assert received.headers["x-partner-signature"] == "s1"
    assert "cookie" not in received.headers
    assert company.callers[-1].subject == "service:gateway"


@pytest.mark.spec("P1.7")
def test_an_address_check_is_echoed_plainly(door: Door, company: Company) -> None:
    company.callback = ReceiveCallbackResponse(content_type="text/plain", body=b"4711")
    answer = door.client.get(f"{WECOM}?echostr=x")
    assert (answer.text, company.seen[-1].method) == ("4711", "GET")
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.spec("P9.1")
def test_an_answer_never_becomes_a_page_of_ours(door: Door, company: Company) -> None:
    company.callback = ReceiveCallbackResponse(content_type="text/html", body=b"<script>")
    answer = door.client.get(WECOM)
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.spec("P1.7", "P1.5")
@pytest.mark.parametrize(
    ("refusal", "status"), [(Unauthenticated, 401), (PermissionDenied, 403), (InvalidInput, 400), (NotFound, 404)]
)
def test_a_refusal_of_integration_is_a_problem(
    door: Door, company: Company, refusal: type[Exception], status: int
) -> None:
    def refuse() -> None:
        raise refusal

    company.refuse = refuse
    answer = door.client.post(f"{WECOM}?msg_signature=wrong", content=b"<xml/>")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


@pytest.mark.spec("P9.1")
def test_too_much_and_what_can_not_be_read(door: Door, company: Company) -> None:
    assert door.client.post(WECOM, content=b"x" * ((1 << 20) + 1)).status_code == 413
    assert door.client.post(WECOM, content=b"x" * (1 << 20)).status_code == 200
    company.seen.clear()
    assert door.client.get(f"{WECOM}?nonce=1&nonce=2").status_code == 400
    assert door.client.get(f"{WECOM}?nonce=%ff").status_code == 400
    assert door.client.get(f"{WECOM}?" + "&".join(f"a{n}=1" for n in range(60))).status_code == 400
    assert door.client.put(WECOM, content=b"").status_code == 405
    assert company.seen == []


@pytest.mark.spec("P1.3")
def test_callbacks_have_a_rate_of_their_own(opener: Opener, company: Company) -> None:
    with opener.open(company, rate_of_callbacks="3/hour") as door:
        answers: list[httpx.Response] = [door.client.get("/callbacks/rated") for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
