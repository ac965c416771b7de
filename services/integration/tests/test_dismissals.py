"""Records that no replay can read: people give them up with a reason, see them, and take that back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from chassis.database import Database
from chassis.errors import CloseloopError, InvalidInput, PermissionDenied
from chassis.identity import Identity
from chassis.kernel.ids import new_id
from chassis.migrations import downgrade, migrate
from chassis.testing.identity import as_hq, as_rep, as_service
from chassis.testing.locks import until_blocked
from chassis.testing.rpc import Rpc
from closeloop.integration.v1 import feed_service_pb2 as pb
from closeloop.integration.v1 import feed_service_pb2_grpc as pb_grpc
from integration.bootstrap import MIGRATIONS
from integration.connectors._pos import PosSettings
from integration.connectors.pos_sales import PosSales
from integration.feeds import store
from integration.feeds.dismissal_rules import SUPERVISOR, Actor, Kept, State, Step, dismissing, restoring
from integration.feeds.policy import FeedRule
from integration.feeds.rules import is_of_a_bank
from integration.tables import feed, quarantine
from services.integration.tests.conftest import QUICK, World
from services.integration.tests.shop import Shop, line
from services.integration.tests.test_bank_twins import Desk
from services.integration.tests.test_lock_order import both
from services.integration.tests.test_replay import HEAD, hand_in, in_days
from services.integration.tests.world import employee

OPS, FINANCE = as_hq("E00700", "ops"), as_hq("E00800", "finance")
BOSS = as_hq("E00810", "finance", SUPERVISOR)
TORN = "S001,R3"
LOOKED_THROUGH = text("SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'quarantine'")
AUDITED = text("SELECT action, entity_id, actor, why, before FROM audit_row WHERE entity = 'quarantine' ORDER BY 1, 2")


def door(world: World, rpc: Rpc, who: Identity = OPS) -> pb_grpc.FeedServiceStub:
    return pb_grpc.FeedServiceStub(rpc(world.service, as_=who))


def dismissal(*ids: str, request_id: str = "1", reason: str = "门店已确认作废") -> pb.DismissQuarantinedRequest:
    return pb.DismissQuarantinedRequest(request_id=request_id, quarantine_ids=ids, reason=reason)


def restoring_of(*ids: str, request_id: str = "back") -> pb.RestoreQuarantinedRequest:
    return pb.RestoreQuarantinedRequest(request_id=request_id, quarantine_ids=ids, reason="弄错了")


def shown(world: World, rpc: Rpc, name: str, state: str) -> list[pb.Quarantined]:
    return list(door(world, rpc).ListQuarantine(pb.ListQuarantineRequest(feed=name, state=state)).quarantined)


def feed_of(world: World, rpc: Rpc, name: str) -> pb.Feed:
    return door(world, rpc).GetFeed(pb.GetFeedRequest(feed=name)).feed


def audited(world: World) -> list[Any]:
    with world.service.uow.read(as_service("integration")) as tx:
        return list(tx.execute(AUDITED))


def waits(world: World, name: str, raw: str = TORN) -> str:
    """A part of a file that the feed brought and that no replay can read; its id."""
    id_ = new_id()
    world.put(quarantine, {"id": id_, "feed": name, "run_id": new_id(), "place": f"file {id_}", "raw": raw,
                           "alone": False, "at": world.clock.now()})  # fmt: skip
    return id_


@pytest.fixture
def torn(world: World) -> World:
    """A shop's file with a torn line."""
    connector = PosSales(PosSettings(pos_url=world.erp.url))
    connector.rule = FeedRule(**(connector.rule.model_dump() | QUICK | {"timeout_seconds": 20}))
    world.connectors["pos_sales"] = connector
    Shop(world.erp).open().put(1, line("R1", 1), f"{TORN}\n", line("R4", 1))
    world.run("pos_sales")
    return world


@pytest.mark.spec("N1.2", "N2.1")
def test_a_torn_line_that_is_given_up_no_longer_degrades_its_feed_and_stays_to_be_seen(torn: World, rpc: Rpc) -> None:
    [kept] = shown(torn, rpc, "pos_sales", "waiting")
    assert (kept.to_hand_in, feed_of(torn, rpc, "pos_sales").health) == (True, pb.FEED_HEALTH_DEGRADED)
    [given_up] = door(torn, rpc).DismissQuarantined(dismissal(kept.quarantine_id)).quarantined
    assert (given_up.state, given_up.raw, given_up.dismissed_by) == ("dismissed", TORN, "E00700")
    assert (given_up.dismissed_why, given_up.HasField("dismissed_at")) == ("门店已确认作废", True)
    told = feed_of(torn, rpc, "pos_sales")
    assert (told.health, told.quarantined, told.dismissed) == (pb.FEED_HEALTH_HEALTHY, 0, 1)
    assert [each.type for each in torn.events("integration.feed_recovered")] == ["integration.feed_recovered"]
    assert shown(torn, rpc, "pos_sales", "waiting") == []
    assert shown(torn, rpc, "pos_sales", "dismissed") == [given_up]
    [row] = audited(torn)
    assert tuple(row[:4]) == ("quarantine.dismiss", kept.quarantine_id, "E00700", "门店已确认作废")
    assert (row.before["raw"], row.before["place"]) == (TORN, "00001.csv, row 2")


@pytest.mark.spec("N1.2", "N2.1")
def test_what_was_given_up_by_mistake_waits_again_and_counts_against_its_feed(torn: World, rpc: Rpc) -> None:
    [kept] = shown(torn, rpc, "pos_sales", "waiting")
    stub = door(torn, rpc)
    stub.DismissQuarantined(dismissal(kept.quarantine_id))
    assert list(stub.RestoreQuarantined(restoring_of(kept.quarantine_id)).quarantined) == [kept]
    told = feed_of(torn, rpc, "pos_sales")
    assert (told.health, told.quarantined, told.dismissed) == (pb.FEED_HEALTH_DEGRADED, 1, 0)
    assert [row.action for row in audited(torn)] == ["quarantine.dismiss", "quarantine.restore"]
    assert list(stub.RestoreQuarantined(restoring_of(kept.quarantine_id, request_id="2")).quarantined) == [kept]
    assert len(audited(torn)) == 2


@pytest.mark.spec("N1.2")
def test_the_same_line_read_again_stays_given_up_and_another_one_waits(torn: World, rpc: Rpc) -> None:
    [kept] = shown(torn, rpc, "pos_sales", "waiting")
    door(torn, rpc).DismissQuarantined(dismissal(kept.quarantine_id))

    def read_anew() -> Any:
        with torn.service.uow.begin(as_service("integration")) as tx:
            tx.execute(feed.update().values(checkpoint=""))
            tx.commit()
        return torn.run("pos_sales")

    assert read_anew().rejected == 1
    assert shown(torn, rpc, "pos_sales", "waiting") == []
    assert torn.feed("pos_sales").health == "healthy"
    Shop(torn.erp).open().put(1, line("R1", 1), f"{TORN},1\n", line("R4", 1))
    assert read_anew().rejected == 1
    assert [each.raw for each in shown(torn, rpc, "pos_sales", "waiting")] == [f"{TORN},1"]


@pytest.mark.spec("N1.2")
def test_a_keyed_record_that_was_given_up_comes_back_only_with_another_content(world: World, rpc: Rpc) -> None:
    unread = "D-1,SO-1,HT,C1,一院,2026-03-08,1.00,待定,1\n"
    short = "D-9,SO-9\n"
    hand_in(world, HEAD + unread + short)
    ids = [each.quarantine_id for each in shown(world, rpc, "erp_deliveries", "waiting")]
    assert len(ids) == 2
    door(world, rpc).DismissQuarantined(dismissal(*ids))
    assert hand_in(world, HEAD + unread + short).rejected == 2
    assert shown(world, rpc, "erp_deliveries", "waiting") == []
    hand_in(world, HEAD + unread.replace("1.00", "2.00") + short)
    [back] = shown(world, rpc, "erp_deliveries", "waiting")
    assert back.field == "Status"


@pytest.mark.spec("N1.2")
def test_a_replay_leaves_what_was_given_up_and_takes_it_once_it_is_restored(world: World, rpc: Rpc) -> None:
    hand_in(world, HEAD + "D-1,SO-1,HT,C1,一院,2026-03-08,1.00,待定,1\n")
    [kept] = shown(world, rpc, "erp_deliveries", "waiting")
    with world.service.uow.begin(as_service("integration")) as tx:
        mended = text("UPDATE quarantine SET raw = replace(raw, '待定', 'DELIVERED')")
        tx.execute(mended)
        tx.commit()
    stub = door(world, rpc)
    stub.DismissQuarantined(dismissal(kept.quarantine_id))
    assert stub.ReplayQuarantine(pb.ReplayQuarantineRequest(request_id="1", feed="erp_deliveries")).replayed == 0
    stub.RestoreQuarantined(restoring_of(kept.quarantine_id))
    assert stub.ReplayQuarantine(pb.ReplayQuarantineRequest(request_id="2", feed="erp_deliveries")).replayed == 1
    with pytest.raises(CloseloopError) as refused:
        stub.DismissQuarantined(dismissal(kept.quarantine_id, request_id="3"))
    assert refused.value.reason == "NOTHING_TO_DISMISS"
    with pytest.raises(CloseloopError) as refused:
        stub.RestoreQuarantined(restoring_of(kept.quarantine_id, request_id="4"))
    assert refused.value.reason == "NOTHING_TO_RESTORE"


@pytest.mark.spec("N1.2", "N6.1")
def test_a_bank_s_row_takes_two_people_and_closes_no_hole(world: World, rpc: Rpc) -> None:
    Desk(world, rpc).hand_in(in_days('"0.00","half"').encode())
    [kept] = shown(world, rpc, "bank", "waiting")
    asked = dismissal(kept.quarantine_id, reason="退票")
    [row] = door(world, rpc, BOSS).DismissQuarantined(asked).quarantined
    assert (row.state, row.dismissal_asked_by, row.dismissal_asked_why) == ("waiting", "E00810", "退票")
    for who in (BOSS, FINANCE):
        with pytest.raises(CloseloopError) as refused:
            door(world, rpc, who).DismissQuarantined(dismissal(kept.quarantine_id, request_id="again"))
        assert refused.value.reason == "DISMISSAL_NEEDS_ANOTHER"
    assert shown(world, rpc, "bank", "dismissed") == []
    other = as_hq("E00811", "finance", SUPERVISOR)
    [row] = door(world, rpc, other).DismissQuarantined(dismissal(kept.quarantine_id)).quarantined
    assert (row.state, row.dismissal_asked_by, row.dismissed_by) == ("dismissed", "E00810", "E00811")
    told = feed_of(world, rpc, "bank")
    assert (told.quarantined, told.dismissed) == (0, 1)
    assert [each for each in told.holes if "40.00 short of its balances" in each]
    assert [row.action for row in audited(world)] == ["quarantine.ask_to_dismiss", "quarantine.dismiss"]


@pytest.mark.spec("N1.2")
def test_what_was_asked_of_a_bank_s_row_can_be_taken_back(world: World, rpc: Rpc) -> None:
    id_ = waits(world, "bank_direct")
    door(world, rpc, FINANCE).DismissQuarantined(dismissal(id_))
    [row] = door(world, rpc).RestoreQuarantined(restoring_of(id_)).quarantined
    assert (row.state, row.dismissal_asked_by) == ("waiting", "")
    [row] = door(world, rpc, BOSS).DismissQuarantined(dismissal(id_, request_id="2")).quarantined
    assert (row.state, row.dismissal_asked_by) == ("waiting", "E00810")


@pytest.mark.spec("N1.2")
def test_a_dismissal_that_comes_again_changes_nothing(world: World, rpc: Rpc) -> None:
    id_ = waits(world, "hr")
    first = door(world, rpc).DismissQuarantined(dismissal(id_))
    assert door(world, rpc).DismissQuarantined(dismissal(id_)) == first
    again = dismissal(id_, request_id="2", reason="另一个理由")
    assert door(world, rpc, FINANCE).DismissQuarantined(again) == first
    assert len(audited(world)) == 1


@pytest.mark.spec("N1.2")
def test_two_who_give_up_the_same_records_in_other_orders_let_each_other_through(world: World, rpc: Rpc) -> None:
    world.hire(employee())
    ids = [waits(world, name) for name in ("hr", "erp_orders", "hr")]
    one, other = door(world, rpc), door(world, rpc, FINANCE)
    both(
        world,
        select(feed).where(feed.c.feed == "hr"),
        lambda: one.DismissQuarantined(dismissal(*ids), timeout=40),
        lambda: other.DismissQuarantined(dismissal(*reversed(ids)), timeout=40),
    )
    assert {(row.state, row.dismissed_by) for row in world.rows(quarantine)} == {("dismissed", "E00700")}
    assert sorted(row.entity_id for row in audited(world)) == sorted(ids)


@pytest.mark.spec("N1.2")
def test_feeds_are_locked_by_name_before_any_of_their_records(world: World, rpc: Rpc) -> None:
    """As runs and replays do: whoever waits for the first feed holds nothing yet."""
    ids, database = [waits(world, name) for name in ("hr", "erp_orders")], world.service.uow.database
    world.put(feed, {"feed": "hr"}, {"feed": "erp_orders"})
    with ThreadPoolExecutor(1) as pool, database.connect() as gate:
        gate.execute(select(feed).where(feed.c.feed == "erp_orders").with_for_update())
        given_up = pool.submit(door(world, rpc).DismissQuarantined, dismissal(*ids), timeout=40)
        until_blocked(database, unless=given_up.done)
        assert not given_up.done()
        hr = select(feed.c.feed).where(feed.c.feed == "hr").with_for_update(skip_locked=True)
        assert gate.execute(hr).scalars().all() == ["hr"]
        assert len(gate.execute(select(quarantine).with_for_update(skip_locked=True)).all()) == len(ids)
        gate.rollback()
        assert {each.state for each in given_up.result(30).quarantined} == {"dismissed"}


@pytest.mark.spec("N1.2")
def test_one_id_that_nobody_knows_leaves_all_as_they_were(world: World, rpc: Rpc) -> None:
    known, unknown = waits(world, "hr"), new_id()
    for call in (
        lambda: door(world, rpc).DismissQuarantined(dismissal(known, unknown)),
        lambda: door(world, rpc).RestoreQuarantined(restoring_of(known, unknown)),
    ):
        with pytest.raises(CloseloopError) as refused:
            call()
        assert refused.value.reason == "UNKNOWN_QUARANTINED"
        assert unknown in refused.value.text_en
    assert world.row(quarantine).state == "waiting"


@pytest.mark.spec("N1.2", "P1.4")
@pytest.mark.parametrize("who", [as_rep(), as_hq("E00950", "auditor")], ids=["rep", "auditor"])
def test_only_who_may_replay_may_give_up(world: World, rpc: Rpc, who: Identity) -> None:
    id_ = waits(world, "hr")
    with pytest.raises(PermissionDenied):
        door(world, rpc, who).DismissQuarantined(dismissal(id_))
    with pytest.raises(PermissionDenied):
        door(world, rpc, who).RestoreQuarantined(restoring_of(id_))
    assert world.row(quarantine).state == "waiting"


@pytest.mark.spec("N1.2")
@pytest.mark.parametrize(
    "wrong", [dismissal(), dismissal("one"), dismissal(new_id(), reason="")], ids=["none", "no id", "no reason"]
)
def test_a_dismissal_without_records_or_reason_is_refused(
    world: World, rpc: Rpc, wrong: pb.DismissQuarantinedRequest
) -> None:
    with pytest.raises(InvalidInput):
        door(world, rpc).DismissQuarantined(wrong)


@pytest.mark.spec("N1.2", "N6.1")
@given(
    st.sampled_from(["bank", "bank_direct", "hr", "pos_sales", "bankers"]),
    st.lists(st.tuples(st.sampled_from(["E1", "E2", "E3"]), st.booleans(), st.booleans()), max_size=8),
)
def test_whoever_tries_whatever_no_bank_s_row_is_given_up_by_one_person(
    name: str, tries: list[tuple[str, bool, bool]]
) -> None:
    kept = Kept("Q", name, State.WAITING)
    for who, is_supervisor, gives_up in tries:
        actor = Actor(who, (SUPERVISOR,) if is_supervisor else ())
        before = kept
        try:
            step = dismissing(kept, actor) if gives_up else restoring(kept)
        except CloseloopError:
            assert (is_of_a_bank(name), gives_up) == (True, True)
            continue
        if step is Step.ASK:
            kept = Kept("Q", name, State.WAITING, who)
        elif step is Step.RESTORE:
            kept = Kept("Q", name, State.WAITING)
        elif step is Step.DISMISS:
            kept = Kept("Q", name, State.DISMISSED, kept.asked_by)
            assert not is_of_a_bank(name) or (before.asked_by not in ("", who) and is_supervisor)


@pytest.mark.spec("N1.2")
def test_what_is_settled_is_not_looked_through_to_count_what_waits_and_what_was_given_up(world: World) -> None:
    settled = {"feed": "pos_sales", "run_id": new_id(), "raw": TORN, "at": world.clock.now(), "state": "superseded"}
    world.put(quarantine, *(settled | {"id": new_id()} for _ in range(3000)))
    world.put(quarantine, settled | {"id": new_id(), "state": "dismissed"})
    waits(world, "pos_sales")
    waits(world, "hr")
    with world.service.uow.begin(as_service("integration")) as tx:
        tx.execute(text("ANALYZE quarantine"))
        before = tx.execute(LOOKED_THROUGH).scalar_one()
        counted = store.quarantined_by_feed(tx)
        looked_through = tx.execute(LOOKED_THROUGH).scalar_one() - before
    assert counted == {("hr", "waiting"): 1, ("pos_sales", "waiting"): 1, ("pos_sales", "dismissed"): 1}
    assert looked_through < 50


@pytest.mark.spec("N1.2")
def test_the_release_before_lets_what_was_given_up_wait_again(service_database: Callable[[str], Database]) -> None:
    database = service_database("integration")
    with database.connect() as connection:
        connection.execute(
            quarantine.insert().values(
                id=new_id(),
                feed="hr",
                run_id=new_id(),
                raw=TORN,
                at=text("now()"),
                state="dismissed",
                dismissed_by="E1",
            )
        )
        connection.commit()
    downgrade(database.url, MIGRATIONS, "0022")
    with database.connect() as connection:
        assert connection.execute(text("SELECT state FROM quarantine")).scalar_one() == "waiting"
    migrate(database.url, MIGRATIONS)
    with database.connect() as connection:
        row = connection.execute(select(quarantine)).one()
    assert (row.state, row.dismissed_by) == ("waiting", "")
