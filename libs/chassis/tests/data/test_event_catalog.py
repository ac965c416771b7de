from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import ModuleType

import pytest
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from chassis.events import DoesNotFit, EventCatalog, MalformedEvent, Record, UnknownEvent, envelope, open_envelope
from chassis.events.encode import fill
from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from closeloop.common.v1 import money_pb2

NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)


class Grade(StrEnum):
    A = "a"
    B = "b"


class Channel(StrEnum):
    WALK_IN = "walk_in"


@dataclass(frozen=True)
class Price:
    fen: int
    currency: str


@dataclass(frozen=True)
class Line:
    article: str
    pieces: int


@dataclass(frozen=True)
class OrderPlaced:
    order_id: str
    price: Price
    lines: tuple[Line, ...]
    placed_at: datetime
    due_on: date
    discount: Decimal
    note: str | None
    grade: Grade
    labels: dict[str, str]
    channel: Channel
    work: timedelta
    extra: dict[str, object]
    tags: tuple[str, ...]


ORDER = OrderPlaced(
    order_id="O1",
    price=Price(1234, "CNY"),
    lines=(Line("螺丝", 3), Line("nut", 4)),
    placed_at=NOW,
    due_on=date(2026, 3, 12),
    discount=Decimal("0.050"),
    note=None,
    grade=Grade.B,
    labels={"region": "华东"},
    channel=Channel.WALK_IN,
    work=timedelta(minutes=90),
    extra={"wish": "blue"},
    tags=("new", "vip"),
)


def decoded(catalog: EventCatalog, event: object) -> Message:
    encoded = catalog.encode(event)
    return catalog.parse(encoded.contract.type, encoded.data)


@pytest.mark.spec("P3.2")
def test_a_dataclass_arrives_as_its_message(catalog: EventCatalog) -> None:
    message = decoded(catalog, ORDER)
    assert (message.order_id, message.price.fen, message.price.currency) == ("O1", 1234, "CNY")
    assert [(line.article, line.pieces) for line in message.lines] == [("螺丝", 3), ("nut", 4)]
    assert message.placed_at.ToDatetime(UTC) == NOW
    assert (message.due_on, message.discount, message.grade, message.channel) == ("2026-03-12", "0.050", 2, "walk_in")
    assert not message.HasField("note")
    assert dict(message.labels) == {"region": "华东"}
    assert message.work.ToTimedelta() == timedelta(minutes=90)
    assert message.extra["wish"] == "blue"
    assert list(message.tags) == ["new", "vip"]


def test_the_data_is_proto3_json_with_long_integers_as_text(catalog: EventCatalog) -> None:
    content = json.loads(catalog.encode(ORDER).data)
    assert content["price"] == {"fen": "1234", "currency": "CNY"}
    assert content["placedAt"] == "2026-03-10T02:00:00Z"
    assert "note" not in content


def test_money_fits_its_contract() -> None:
    message = money_pb2.Money()
    fill(message, Money.of("12.34"))
    assert (message.fen, message.currency) == (1234, "CNY")


def test_type_topic_and_key_come_from_the_contract(catalog: EventCatalog) -> None:
    encoded = catalog.encode(ORDER)
    assert encoded.key == "O1"
    assert encoded.contract.topic == "closeloop.workshop.order.v1"
    assert catalog.topics_of("workshop") == {"closeloop.workshop.order.v1", "closeloop.workshop.worker.v1"}
    assert catalog.of_type("workshop.worker_moved").external


def test_what_has_no_place_in_the_contract_is_refused(catalog: EventCatalog) -> None:
    with pytest.raises(DoesNotFit, match="without a zone"):
        catalog.encode(replace(ORDER, placed_at=datetime(2026, 3, 10)))  # noqa: DTZ001 - the mistake under test
    with pytest.raises(DoesNotFit, match="order_id"):
        catalog.encode(replace(ORDER, order_id=""))
    with pytest.raises(DoesNotFit, match="too long"):
        catalog.encode(replace(ORDER, note="x" * 900_001))
    with pytest.raises(UnknownEvent):
        catalog.encode(Price(1, "CNY"))


def test_check_finds_what_differs_before_anything_is_recorded(catalog: EventCatalog) -> None:
    catalog.check([OrderPlaced])

    @dataclass(frozen=True)
    class WorkerMoved:
        worker_id: int
        shelf: str

    with pytest.raises(DoesNotFit) as found:
        catalog.check([WorkerMoved])
    assert str(found.value).splitlines() == [
        "workshop.WorkerMoved.bench: never filled by WorkerMoved",
        "WorkerMoved.shelf: not in workshop.WorkerMoved",
        "WorkerMoved.worker_id: int does not fit workshop.WorkerMoved.worker_id",
    ]


def test_fields_and_enum_names_of_a_newer_release_are_ignored(catalog: EventCatalog) -> None:
    message = catalog.parse("workshop.order_placed", b'{"orderId": "O1", "colour": "red", "grade": "GRADE_Z"}')
    assert message.order_id == "O1"
    assert message.grade == 0


@pytest.mark.parametrize("data", [b"", b"not json", b'{"orderId": 5}', b"\xff\xfe", b"[]trailing"])
def test_data_that_cannot_be_read_is_malformed(catalog: EventCatalog, data: bytes) -> None:
    with pytest.raises(MalformedEvent):
        catalog.parse("workshop.order_placed", data)


def test_two_events_of_one_name_are_a_mistake(contracts: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"two events are called workshop\.order_placed"):
        EventCatalog.of(contracts, contracts)


def record(**changes: object) -> Record:
    headers = envelope(
        event_id=new_id(),
        type="workshop.order_placed",
        source="/closeloop/workshop",
        time=NOW,
        key="O1",
        causation_id="cause",
        correlation_id="chain",
    )
    return replace(Record("t", 0, 0, "O1", headers, b'{"orderId":"O1"}'), **changes)


@pytest.mark.spec("P3.2")
def test_the_envelope_is_a_cloudevent(catalog: EventCatalog) -> None:
    sent = record()
    assert sent.headers["ce_specversion"] == "1.0"
    assert sent.headers["ce_time"] == "2026-03-10T02:00:00Z"
    assert sent.headers["ce_partitionkey"] == "O1"
    assert sent.headers["content-type"] == "application/json"
    received = catalog.decode(sent)
    assert (received.time, received.key, received.message.order_id) == (NOW, "O1", "O1")
    assert (received.causation_id, received.correlation_id) == ("cause", "chain")
    assert received.cause.causation_id == received.id


@pytest.mark.parametrize("missing", ["ce_id", "ce_source", "ce_type", "ce_time", "ce_specversion"])
def test_a_missing_attribute_is_malformed(missing: str) -> None:
    headers = {name: value for name, value in record().headers.items() if name != missing}
    with pytest.raises(MalformedEvent):
        open_envelope(record(headers=headers))


@pytest.mark.parametrize(("name", "value"), [("ce_id", "7"), ("ce_time", "yesterday"), ("ce_specversion", "0.1")])
def test_an_attribute_that_cannot_be_read_is_malformed(name: str, value: str) -> None:
    with pytest.raises(MalformedEvent):
        open_envelope(record(headers=record().headers | {name: value}))


@given(
    st.builds(
        OrderPlaced,
        order_id=st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable()),
        price=st.builds(Price, st.integers(-(2**63), 2**63 - 1), st.just("CNY")),
        lines=st.lists(st.builds(Line, st.text(max_size=5), st.integers(-(2**31), 2**31 - 1)), max_size=3).map(tuple),
        placed_at=st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
        due_on=st.dates(),
        discount=st.decimals(allow_nan=False, allow_infinity=False, places=4),
        note=st.none() | st.text(max_size=5),
        grade=st.sampled_from(Grade),
        labels=st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
        channel=st.just(Channel.WALK_IN),
        work=st.timedeltas(timedelta(0), timedelta(days=365)),
        extra=st.just({}),
        tags=st.lists(st.text(max_size=3), max_size=3).map(tuple),
    )
)
def test_nothing_is_lost_on_the_way(catalog: EventCatalog, event: OrderPlaced) -> None:
    message = decoded(catalog, event)
    assert message.order_id == event.order_id
    assert message.price.fen == event.price.fen
    assert tuple(Line(line.article, line.pieces) for line in message.lines) == event.lines
    assert message.placed_at.ToDatetime(UTC) == event.placed_at
    assert Decimal(message.discount) == event.discount
    assert (message.note if message.HasField("note") else None) == event.note
    assert message.work.ToTimedelta() == event.work
    assert dict(message.labels) == event.labels
