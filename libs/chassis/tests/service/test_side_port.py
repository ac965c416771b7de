"""The operators' port."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from prometheus_client import CollectorRegistry

from chassis.config import ConfigError
from chassis.metrics import Metrics
from chassis.side_port import LocalDoors, SidePort


class Situation:
    """What the process would say."""

    def __init__(self) -> None:
        self.troubles: list[str] = []
        self.busy: list[str] = []
        self.due: datetime | None = None
        self.dated: datetime | None = None
        self.armed: list[str] = []
        self.metrics = Metrics(CollectorRegistry())

    def arm(self, point: str) -> None:
        if point == "unknown":
            raise ValueError("unknown: choose one of before-commit")
        self.armed.append(point)

    def open(self, *, local: bool) -> SidePort:
        doors = LocalDoors(lambda: self.due, lambda: self.busy, self.arm, lambda: self.dated) if local else None
        return SidePort("127.0.0.1", 0, self.metrics, lambda: self.troubles, doors)


@pytest.fixture
def situation() -> Situation:
    return Situation()


@pytest.fixture
def local(situation: Situation) -> Iterator[httpx.Client]:
    side = situation.open(local=True)
    with httpx.Client(base_url=f"http://127.0.0.1:{side.port}") as client:
        yield client
    side.stop()


@pytest.mark.spec("P3.1")
def test_ready_names_what_is_not(situation: Situation, local: httpx.Client) -> None:
    assert local.get("/readyz").json() == {"ready": True, "why": []}
    situation.troubles = ["relay: BrokerAway"]

    answer = local.get("/readyz")

    assert (answer.status_code, answer.json()) == (503, {"ready": False, "why": ["relay: BrokerAway"]})
    assert local.get("/healthz").json() == {"alive": True}


@pytest.mark.spec("P6.1")
def test_metrics_are_there_for_prometheus(situation: Situation, local: httpx.Client) -> None:
    situation.metrics.rpc_seconds.labels("LeadService/AcceptLead", "OK").observe(0.01)

    page = local.get("/metrics")

    assert 'closeloop_rpc_seconds_count{code="OK",method="LeadService/AcceptLead"} 1.0' in page.text
    assert "closeloop_outbox_age_seconds 0.0" in page.text


@pytest.mark.spec("P11.3")
def test_next_due_and_settled(situation: Situation, local: httpx.Client) -> None:
    assert local.get("/local/next-due").json() == {"next_due": None, "next_dated": None}
    assert local.get("/local/settled").json() == {"settled": True, "why": []}

    situation.due = datetime(2026, 3, 10, 2, 30, tzinfo=UTC)
    situation.dated = datetime(2026, 3, 10, 4, tzinfo=UTC)
    situation.busy = ["outbox: 2 events to publish"]

    assert local.get("/local/next-due").json() == {
        "next_due": "2026-03-10T02:30:00+00:00",
        "next_dated": "2026-03-10T04:00:00+00:00",
    }
    assert local.get("/local/settled").json() == {"settled": False, "why": ["outbox: 2 events to publish"]}


@pytest.mark.spec("P7.1")
def test_a_fault_is_armed_by_name(situation: Situation, local: httpx.Client) -> None:
    assert local.post("/local/fault", json={"point": "before-commit"}).status_code == 200
    assert situation.armed == ["before-commit"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"point": "unknown"}', b"\xff"])
def test_a_fault_that_is_none_is_refused(situation: Situation, local: httpx.Client, body: bytes) -> None:
    assert local.post("/local/fault", content=body).status_code == 400
    assert situation.armed == []


@pytest.mark.spec("P11.3")
def test_outside_local_mode_there_are_no_local_doors(situation: Situation) -> None:
    side = situation.open(local=False)
    with httpx.Client(base_url=f"http://127.0.0.1:{side.port}") as client:
        for door in ("/local/next-due", "/local/settled"):
            assert client.get(door).status_code == 404
        assert client.post("/local/fault", json={"point": "before-commit"}).status_code == 404
    side.stop()


@pytest.mark.spec("P4.1")
def test_a_busy_port_is_one_clear_line(situation: Situation) -> None:
    side = situation.open(local=True)
    with pytest.raises(ConfigError, match=f"Port {side.port} on 127.0.0.1 can't be used"):
        SidePort("127.0.0.1", side.port, situation.metrics, list)
    side.stop()
