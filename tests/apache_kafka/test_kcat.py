"""A partner reads the topics with a plain tool: no library of ours, only what docs/asyncapi.yaml says."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from chassis.local import LocalKafka
from tests.faults.depot import Depot
from tests.faults.programs import wait_for
from tools.tiers import debian

TOPIC = "closeloop.depot.crate.v1"


def kcat(kafka: LocalKafka, *arguments: str) -> str:
    folder = debian.unpacked("kcat", "kcat", "librdkafka1", "libyajl2")
    command = [str(folder / "usr/bin/kcat"), "-b", kafka.bootstrap, *arguments]
    done = subprocess.run(command, env=debian.environment(folder), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(bool(debian.missing()), reason=str(debian.missing()))
@pytest.mark.timeout(300)
@pytest.mark.spec("P3.2", "P4.2")
def test_kcat_reads_events_in_order_with_their_headers(depot: Depot, kafka: LocalKafka) -> None:
    program = depot.program("all").start()
    for step in range(5):
        depot.record(["crate-1", "crate-2"], [step])
    wait_for(lambda: depot.count("effect") == 10, what="all effects")
    wait_for(program.is_settled, what="rest")
    read: list[dict[str, Any]] = [
        json.loads(line) for line in kcat(kafka, "-C", "-t", TOPIC, "-e", "-q", "-J").splitlines()
    ]
    steps: dict[str, list[int]] = {}
    for each in read:
        headers = dict(zip(each["headers"][::2], each["headers"][1::2], strict=True))
        payload = json.loads(each["payload"])
        assert headers["ce_type"] == "depot.crate_stored"
        assert headers["ce_specversion"] == "1.0"
        assert headers["content-type"] == "application/json"
        assert each["key"] == payload["crateId"] == headers["ce_partitionkey"]
        steps.setdefault(each["key"], []).append(payload["step"])
    assert steps == {"crate-1": list(range(5)), "crate-2": list(range(5))}
