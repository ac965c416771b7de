"""Leads with its rows, its audit chain, its events and its decisions, lost and restored to each point (P5.4, P10.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from chassis import audit_verify, retention
from chassis.audit_roots import RootStore, SignedRoot
from chassis.audit_sealer import AuditSealer
from chassis.audit_verify import Tampering
from chassis.bus import Bus, BusSettings
from chassis.clock import FixedClock
from chassis.config import Mode
from chassis.database import Database
from chassis.identity import Trust
from chassis.kernel.ids import new_id
from chassis.local import LocalBroker, create_service_database
from chassis.migrations import migrate
from chassis.relay import Relay
from chassis.testing.identity import Keys, as_manager
from chassis.testing.rpc import Rpc
from closeloop.leads.v1 import assignment_service_pb2 as assignment_pb
from closeloop.leads.v1 import lead_pb2
from leads.bootstrap import build
from leads.policies import SPECS
from leads.settings import LeadsSettings
from services.leads.tests.company import PATIENT, Company, ScriptedDirectory
from tests.backup.stand import ROOT, Stand
from tests.faults.programs import wait_for

pytestmark = [pytest.mark.spec("P5.4"), pytest.mark.timeout(300)]
SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL"
Open = Callable[[Stand], AbstractContextManager[Company]]


@dataclass(frozen=True)
class Point:
    """What is true when a backup was taken: rows of each table, what was explained, how far numbers were given."""

    backup: str
    rows: dict[str, int]
    explained: dict[str, bytes]
    numbers: dict[str, int]


@pytest.fixture
def open_company(clock: FixedClock, keys: Keys, rpc: Rpc, tmp_path: Path) -> Open:
    """The service on the server that the stand has now."""

    @contextmanager
    def opened(stand: Stand) -> Iterator[Company]:
        directory = ScriptedDirectory(clock)
        service = build(
            LeadsSettings(mode=Mode.LOCAL, files_url=str(tmp_path / "files")),
            clock=clock,
            database=Database(create_service_database(stand.server, "leads")),
            keyring=keys.of("leads"),
            directory=directory,
            specs=[PATIENT if spec.name == PATIENT.name else spec for spec in SPECS],
        )
        try:
            yield Company(service, rpc, clock, directory, service.runtime.files)
        finally:
            service.runtime.close()

    return opened


class Life:
    """What happens to the company between two backups, and what is known at each."""

    def __init__(self, stand: Stand, company: Company, roots: RootStore) -> None:
        self.leads: list[str] = []
        self._stand = stand
        self._company = company
        self._roots = roots

    def go_on(self, *customers: str) -> None:
        self.leads += [self._company.capture_a(each, city="杭州市").lead_id for each in customers]
        self._change_by_hand(self._company.capture_a(f"{customers[0]}分公司"))
        runtime = self._company.service.runtime
        sealer = AuditSealer(runtime.database, "leads", runtime.keyring, self._roots, timedelta())
        assert sealer.seal_all() > 0
        sealer.sign_root()

    def _change_by_hand(self, lead: lead_pb2.Lead) -> None:
        """What is audited: somebody decides otherwise than the formula."""
        other = next(each for each in ("E1", "E2") if each != lead.owner_id)
        request = assignment_pb.AssignLeadRequest(
            request_id=new_id(), lead_id=lead.lead_id, employee_id=other, reason="熟悉客户"
        )
        self._company.assignment(as_manager()).AssignLead(request)

    def remembered(self, kind: str) -> Point:
        rows, numbers = self._stand.counts("leads"), dict(self._stand.sql(SEQUENCES, "leads"))
        return Point(self._stand.take(kind), rows, explained(self._company, self.leads), numbers)


def explained(company: Company, leads: list[str]) -> dict[str, bytes]:
    """Each decision, judged again from the rows that it saw."""
    return {each: company.explain(each, "E2").SerializeToString(deterministic=True) for each in leads}


def relay(company: Company, broker: LocalBroker, topics: list[str]) -> None:
    """All that waits in the outbox goes to the broker."""
    bus = Bus(BusSettings(bootstrap=broker.bootstrap, profile=broker.profile))
    database = Database(company.service.runtime.database.url, pool_size=1)
    moved = Relay(database, bus, topics=set(topics))
    try:
        retention.tidy(database)  # makes today's partition
        wait_for(lambda: moved.round() == 0 and not company.events(), what="an empty outbox")
    finally:
        database.close()


def published(broker: LocalBroker, topics: list[str], events: set[str]) -> Counter[str]:
    """How often each of the events is at the broker, once all are there. Others use the broker too."""
    bus = Bus(BusSettings(bootstrap=broker.bootstrap, profile=broker.profile))
    kafka = bus.consumer("onlooker")
    kafka.assign(bus.places(topics))
    found: list[str] = []

    def enough() -> bool:
        batches = kafka.poll(timeout_ms=200).values()
        ids = (dict(each.headers)["ce_id"].decode() for batch in batches for each in batch)
        found.extend(each for each in ids if each in events)
        return len(found) >= len(events)

    try:
        wait_for(enough, what=f"{len(events)} events")
        enough()
    finally:
        kafka.close(autocommit=False)
    return Counter(found)


def sent(stand: Stand) -> list[str]:
    return [str(row[0]) for row in stand.sql("SELECT id FROM outbox_sent", "leads")]


def findings(company: Company, roots: Sequence[SignedRoot] = ()) -> list[Tampering]:
    with company.service.runtime.database.connect() as conn:
        return [each.kind for each in audit_verify.verify(conn, roots)]


def is_as_it_was(stand: Stand, company: Company, point: Point) -> None:
    assert stand.counts("leads") == point.rows
    assert stand.counts("another") == {"lines": 70}, "every database of the server"
    assert explained(company, list(point.explained)) == point.explained
    numbers = dict(stand.sql(SEQUENCES, "leads"))
    assert all(numbers[name] >= given for name, given in point.numbers.items())
    assert findings(company) == []


def goes_on(stand: Stand, company: Company, life: Life) -> None:
    before = stand.counts("leads")["lead"]
    life.go_on("绍兴轻纺城贸易有限公司")
    assert stand.counts("leads")["lead"] == before + 2
    assert company.explain(life.leads[-1]).decision.winner_id == company.get(life.leads[-1]).owner_id
    assert findings(company) == []


@pytest.mark.spec("P10.1", "LD3.10", "P7.1")
def test_a_server_that_is_gone_is_restored_to_each_of_its_backups(
    stand: Stand, open_company: Open, broker: LocalBroker, keys: Keys, tmp_path: Path
) -> None:
    migrate(create_service_database(stand.server, "leads"), ROOT / "services/leads/migrations")
    create_service_database(stand.server, "another")
    stand.sql("CREATE TABLE lines AS SELECT generate_series(1, 70) AS line", "another")
    roots = RootStore(str(tmp_path / "roots"))
    with open_company(stand) as company:
        topics = company.service.topics
        company.hire("M1", position="team_manager", duties=["manager"], manager_id="D1")
        company.hire("E1", "E2", "E3")
        life = Life(stand, company, roots)
        life.go_on("杭州云启科技有限公司", "杭州数澜科技有限公司")
        points = [life.remembered("full")]
        relay(company, broker, topics)
        life.go_on("宁波远景软件有限公司")
        points.append(life.remembered("incremental"))
        company.profile("E1", baseline=3)  # what the decisions before did not see
        life.go_on("温州新联信息有限公司", "嘉兴智造科技有限公司")
        points.append(life.remembered("incremental"))
        events = {each.id for each in company.events()} | set(sent(stand))
    assert points[0].rows["lead"] < points[1].rows["lead"] < points[2].rows["lead"]
    signed = roots.load("leads", Trust(keys.trust))
    assert len(signed) == len(points)

    for point in points:
        stand.destroy()
        stand.restore(point.backup)
        with open_company(stand) as company:
            is_as_it_was(stand, company, point)
            newest = point is points[-1]
            # Signed after an earlier backup: the chain is whole, and what was lost with the server is named.
            assert findings(company, signed) == ([] if newest else [Tampering.TRUNCATED])
            if newest:
                relay(company, broker, topics)
                assert published(broker, topics, events) == Counter(events)
            goes_on(stand, company, Life(stand, company, RootStore(str(tmp_path / "after"))))
