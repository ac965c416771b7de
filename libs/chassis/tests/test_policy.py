from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select, text

from chassis import policy_versions
from chassis.clock import FixedClock
from chassis.database import Database
from chassis.errors import InvalidInput, Violation
from chassis.events import EventCatalog
from chassis.local import LocalPostgres
from chassis.policy import REFRESH, Policies, PolicySpec
from chassis.policy_versions import PolicyAlreadyPublished, PolicyVersion, PolicyVersionNotFound
from chassis.schema import audit_row
from chassis.testing.identity import as_hq
from chassis.unit_of_work import UnitOfWork

HOUR = timedelta(hours=1)


class Mode(StrEnum):
    FAIR = "fair"
    BEST = "best"


class Weights(BaseModel):
    model_config = ConfigDict(frozen=True)

    quality: Decimal = Field(Decimal("0.6"), ge=0, le=1)
    load: Decimal = Field(Decimal("0.4"), ge=0, le=1)


class Assignment(BaseModel):
    model_config = ConfigDict(frozen=True)

    cap: int = Field(8, gt=0)
    mode: Mode = Mode.FAIR
    weights: Weights = Weights()
    regions: tuple[str, ...] = ()


def weights_sum_to_one(settings: Assignment) -> Sequence[Violation]:
    if settings.weights.quality + settings.weights.load == 1:
        return ()
    return [Violation("body.weights", en="must sum to 1", zh="之和必须为 1")]


SPEC = PolicySpec("assignment", Assignment, weights_sum_to_one)
OTHER = PolicySpec("other", Weights)


@pytest.fixture
def database(service_database: Callable[[str], Database]) -> Database:
    return service_database("governed")


@pytest.fixture
def policies(database: Database, clock: FixedClock) -> Iterator[Policies]:
    policies = Policies(database, [SPEC, OTHER], clock, refresh=0)
    yield policies
    policies.close()


@pytest.fixture
def uow(database: Database, clock: FixedClock) -> UnitOfWork:
    return UnitOfWork(database, clock, EventCatalog(()), "leads")


def draft(uow: UnitOfWork, **body: Any) -> int:
    with uow.begin(as_hq("E1")) as tx:
        version = policy_versions.draft(tx, SPEC, body, "season")
        tx.commit()
    return version.version


def publish(uow: UnitOfWork, version: int, **when: Any) -> PolicyVersion:
    with uow.begin(as_hq("E2")) as tx:
        published = policy_versions.publish(tx, SPEC, version, **when)
        tx.commit()
    return published


def problems(uow: UnitOfWork, **body: Any) -> dict[str, tuple[str, str]]:
    with pytest.raises(InvalidInput) as refused:
        draft(uow, **body)
    return {each.field: (each.en, each.zh) for each in refused.value.violations}


@pytest.mark.spec("P3.1")
def test_the_defaults_hold_until_something_is_published(policies: Policies, uow: UnitOfWork) -> None:
    assert policies.current(SPEC) == (0, Assignment())
    version = draft(uow, cap=5)
    assert policies.current("assignment") == (0, Assignment())
    publish(uow, version)
    assert policies.current(SPEC) == (1, Assignment(cap=5))
    assert policies.current(OTHER) == (0, Weights())
    with pytest.raises(KeyError):
        policies.current("unheard-of")


@pytest.mark.spec("P3.1")
def test_a_version_holds_from_its_effective_time_on(policies: Policies, uow: UnitOfWork, clock: FixedClock) -> None:
    publish(uow, draft(uow, cap=5))
    publish(uow, draft(uow, cap=6), effective_from=clock.now() + HOUR)
    assert policies.current(SPEC)[0] == 1
    clock.advance(HOUR - timedelta(seconds=1))
    assert policies.current(SPEC)[0] == 1
    clock.advance(timedelta(seconds=1))
    assert policies.current(SPEC) == (2, Assignment(cap=6))


@pytest.mark.spec("P3.1")
def test_a_version_planned_for_later_follows_one_published_after_it(
    policies: Policies, uow: UnitOfWork, clock: FixedClock
) -> None:
    publish(uow, draft(uow, cap=5), effective_from=clock.now() + HOUR)
    publish(uow, draft(uow, cap=6))
    assert policies.current(SPEC)[0] == 2
    clock.advance(HOUR)
    assert policies.current(SPEC)[0] == 1


@pytest.mark.spec("P3.1")
def test_rolling_back_is_a_new_version_and_the_old_ones_stay(policies: Policies, uow: UnitOfWork) -> None:
    for cap in (5, 6):
        publish(uow, draft(uow, cap=cap))
    with uow.read(as_hq()) as tx:
        old = policy_versions.get(tx, SPEC, 1)
    publish(uow, draft(uow, **old.body))
    assert policies.current(SPEC) == (3, Assignment(cap=5))
    with uow.read(as_hq()) as tx:
        versions = policy_versions.history(tx, SPEC)
    assert [(each.version, each.state, each.body["cap"]) for each in versions] == [
        (3, "published", 5),
        (2, "published", 6),
        (1, "published", 5),
        (0, "default", 8),
    ]


@pytest.mark.spec("P10.1")
def test_author_and_publisher_are_kept_and_audited(uow: UnitOfWork, database: Database, clock: FixedClock) -> None:
    published = publish(uow, draft(uow, cap=5))
    assert (published.author, published.publisher, published.reason) == ("E1", "E2", "season")
    assert (published.drafted_at, published.effective_at) == (clock.now(), clock.now())
    with database.connect() as conn:
        rows = conn.execute(select(audit_row).order_by(audit_row.c.id)).all()
    drafted, made = rows
    assert (drafted.actor, drafted.action, drafted.entity_id, drafted.why) == (
        "E1",
        "policy.draft",
        "assignment/1",
        "season",
    )
    assert drafted.after["cap"] == 5
    assert (made.actor, made.action) == ("E2", "policy.publish")
    assert (made.before["version"], made.before["body"]["cap"]) == (0, 8)
    assert (made.after["version"], made.after["body"]["cap"]) == (1, 5)


@pytest.mark.spec("P1.5")
def test_every_wrong_field_of_a_draft_is_named_in_words(uow: UnitOfWork) -> None:
    found = problems(
        uow, cap=0, mode="worst", colour="red", weights={"quality": 2, "load": "much", "x": 1}, regions=["east", 7]
    )
    assert found == {
        "body.cap": ("must be greater than 0", "必须大于 0"),
        "body.mode": ("must be one of 'fair' or 'best'", "只能是 'fair' or 'best' 之一"),
        "body.colour": ("is not a known setting", "不是已知的设置项"),
        "body.weights.quality": ("must be at most 1", "不能大于 1"),
        "body.weights.load": ("must be a number", "必须是数字"),
        "body.weights.x": ("is not a known setting", "不是已知的设置项"),
        "body.regions[1]": ("must be text", "必须是文字"),
    }
    assert problems(uow, cap=1.5) == {"body.cap": ("must be a whole number", "必须是整数")}
    assert problems(uow, weights={"quality": 0.5, "load": 0.4}) == {"body.weights": ("must sum to 1", "之和必须为 1")}
    with uow.read(as_hq()) as tx:
        assert [each.version for each in policy_versions.history(tx, SPEC)] == [0]


@pytest.mark.spec("P3.1")
def test_publishing_twice_in_the_past_or_what_is_not_there_is_refused(uow: UnitOfWork, clock: FixedClock) -> None:
    version = draft(uow, cap=5)
    with pytest.raises(InvalidInput) as past:
        publish(uow, version, effective_from=clock.now() - HOUR)
    assert past.value.violations[0].field == "effective_from"
    publish(uow, version)
    for refused, number in ((PolicyAlreadyPublished, version), (PolicyVersionNotFound, 99)):
        with pytest.raises(refused):
            publish(uow, number)


@pytest.mark.spec("P3.1")
def test_another_replica_sees_a_published_version_within_three_seconds(
    database: Database, uow: UnitOfWork, clock: FixedClock
) -> None:
    replica = Policies(database, [SPEC], clock)
    assert replica.current(SPEC)[0] == 0
    version = draft(uow, cap=5)
    publish(uow, version)
    published = time.monotonic()
    while replica.current(SPEC)[0] != version:
        assert time.monotonic() - published < 3
    assert time.monotonic() - published < REFRESH + 0.5
    replica.close()


@pytest.mark.spec("P3.1")
def test_asking_again_within_the_second_costs_no_query(database: Database, uow: UnitOfWork, clock: FixedClock) -> None:
    replica = Policies(database, [SPEC], clock, refresh=60)
    publish(uow, draft(uow, cap=5))
    assert replica.current(SPEC)[0] == 1
    publish(uow, draft(uow, cap=6))
    assert replica.current(SPEC)[0] == 1
    replica.close()


@pytest.mark.spec("P3.1")
def test_a_use_case_may_ask_while_it_holds_the_last_connection_of_the_pool(
    database: Database, clock: FixedClock
) -> None:
    small = Database(database.url, pool_size=1)
    policies = Policies(small, [SPEC], clock, refresh=0)
    with small.begin():
        assert policies.current(SPEC)[0] == 0
    policies.close()
    small.close()


@pytest.mark.spec("P3.1")
def test_a_new_release_reads_old_versions_and_skips_one_it_cannot_read(
    policies: Policies, uow: UnitOfWork, database: Database
) -> None:
    publish(uow, draft(uow, cap=5))
    publish(uow, draft(uow, cap=6))
    with database.begin() as conn:
        conn.execute(text("""UPDATE policy_version SET body = '{"cap": 5, "gone": true}' WHERE version = 1"""))
        conn.execute(text("""UPDATE policy_version SET body = '{"cap": "six"}' WHERE version = 2"""))
    assert policies.current(SPEC) == (1, Assignment(cap=5))
    with uow.read(as_hq()) as tx:
        assert policy_versions.live(tx, SPEC).version == 1


@pytest.mark.spec("P7.2")
def test_while_the_database_is_away_the_last_known_version_holds(
    database: Database, uow: UnitOfWork, clock: FixedClock, postgres: LocalPostgres, policies: Policies
) -> None:
    publish(uow, draft(uow, cap=5))
    assert policies.current(SPEC)[0] == 1
    name = database.engine.url.database
    admin = Database(postgres.url, pool_size=1)
    with admin.begin() as conn:
        conn.execute(text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'))
    with admin.read() as conn:
        conn.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"), {"name": name}
        )
    assert policies.current(SPEC) == (1, Assignment(cap=5))
    with admin.begin() as conn:
        conn.execute(text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'))
    database.engine.dispose()
    publish(uow, draft(uow, cap=6))
    assert policies.current(SPEC) == (2, Assignment(cap=6))
    admin.close()


def test_a_policy_that_could_change_under_its_readers_or_breaks_its_own_check_is_refused() -> None:
    class Open(BaseModel):
        cap: int = 8

    with pytest.raises(TypeError, match="frozen"):
        PolicySpec("open", Open)
    with pytest.raises(ValueError, match="own check"):
        PolicySpec("odd", Assignment, lambda settings: [Violation("body", en="no", zh="否")])
