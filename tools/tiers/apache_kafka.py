"""The tests of the bus, the restarts of the broker and the whole day, against Apache Kafka."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tools.tiers import kafka_jars
from tools.tiers.tier import Tier

ROOT = Path(__file__).resolve().parents[2]
# What a broker has a part in. Tests beside these that no event goes through say the same whatever the broker.
TESTS = (
    "libs/chassis/tests/data/test_bus.py",
    "libs/chassis/tests/data/test_gapless.py",
    "tests/faults/test_bus_under_fire.py",
    "tests/faults/test_bad_events.py",
    "tests/faults/test_replicas.py::test_a_rolling_restart_fails_no_request",
    "tests/faults/test_dependencies_away.py::test_broker_and_database_away",
    "tests/apache_kafka",
    "tests/deploy/test_kafka_password.py",
)


def run() -> bool:
    environment = os.environ | {"CLOSELOOP_BROKER": "kafka", "CLOSELOOP_KAFKA_JARS": str(kafka_jars.folder())}
    # They wait for the broker more than they compute, so two at once; each worker has a broker of its own.
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "load", *TESTS]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode == 0


TIER = Tier("Apache Kafka", kafka_jars.missing, run)
