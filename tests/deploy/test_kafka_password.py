"""A broker that asks who is there and speaks TLS, as companies run it: SASL_SSL with SCRAM-SHA-512."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from chassis.bus import BrokerAway, Bus, BusSettings, Outgoing
from chassis.local import LocalKafka
from chassis.local.ports import free_port
from tests.deploy.tls_door import certificates, tls_door
from tests.faults.programs import wait_for

pytestmark = [
    pytest.mark.spec("P4.2"),
    pytest.mark.timeout(300),
    pytest.mark.skipif(os.environ.get("CLOSELOOP_BROKER") != "kafka", reason="needs Apache Kafka: make test-kafka"),
]
TOPIC = "closeloop.guarded.v1"


class GuardedKafka(LocalKafka):
    """Tells its clients to come back to the door, which ends TLS; inside, a name and a password are asked for."""

    format_options: ClassVar[tuple[str, ...]] = ("--add-scram", "SCRAM-SHA-512=[name=closeloop,password=right]")
    door = 0

    def _settings(self, port: int, controller: int) -> str:
        inside = free_port()
        changes = {
            "listeners": f"CLIENT://127.0.0.1:{port},INSIDE://127.0.0.1:{inside},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"CLIENT://127.0.0.1:{self.door},INSIDE://127.0.0.1:{inside}",
            "inter.broker.listener.name": "INSIDE",
            "listener.security.protocol.map": "CLIENT:SASL_PLAINTEXT,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.client.scram-sha-512.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ),
        }
        kept = super()._settings(port, controller).splitlines()
        lines = [line for line in kept if line.split("=")[0] not in changes]
        return "\n".join([*lines, *(f"{name}={value}" for name, value in changes.items())]) + "\n"


@pytest.fixture(scope="module")
def ca(server_folder: Path) -> Path:
    return certificates(server_folder / "guarded-tls")


@pytest.fixture(scope="module")
def address(server_folder: Path, ca: Path) -> Iterator[str]:
    broker = GuardedKafka(server_folder / "guarded-kafka", ephemeral=True)
    broker.door = free_port()
    with broker, tls_door(ca.parent, broker.port, port=broker.door):
        yield f"127.0.0.1:{broker.door}"


def bus(address: str, ca: Path, password: str) -> Bus:
    return Bus(
        BusSettings(
            bootstrap=address,
            replication=1,
            security_protocol="SASL_SSL",
            sasl_mechanism="SCRAM-SHA-512",
            sasl_username="closeloop",
            sasl_password=password,  # type: ignore[arg-type]
            ssl_cafile=str(ca),
        )
    )


def test_events_go_out_and_come_in_with_name_and_password_through_tls(address: str, ca: Path) -> None:
    guarded = bus(address, ca, "right")
    guarded.ensure_topics([TOPIC])
    publisher, reader = guarded.publisher(), None
    try:
        publisher.publish([Outgoing(TOPIC, "K1", {"ce_id": "1"}, b"{}")])
        reader = guarded.tail([TOPIC])
        reader.seek_to_beginning()
        found: list[bytes] = []

        def arrived() -> bool:
            found.extend(each.value for records in reader.poll(timeout_ms=500).values() for each in records)
            return bool(found)

        wait_for(arrived, what="the event")
        assert found == [b"{}"]
    finally:
        publisher.close()
        if reader is not None:
            reader.close()


def test_with_a_wrong_password_the_broker_is_away(address: str, ca: Path) -> None:
    with pytest.raises(BrokerAway):
        bus(address, ca, "wrong").ensure_topics([TOPIC])
