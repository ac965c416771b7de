"""Replicas share out the lanes of the log by locks in their database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from chassis.consumer.lanes import Lanes, share
from chassis.consumer.trouble import DatabaseAway
from chassis.database import Database
from libs.chassis.tests.data.loops import wait_for


@given(st.integers(0, 50), st.integers(1, 20))
def test_the_shares_are_all_lanes_and_differ_by_one_at_most(lanes: int, members: int) -> None:
    shares = [share(lanes, members, rank) for rank in range(members)]
    assert sum(shares) == lanes
    assert max(shares) - min(shares) <= 1


@pytest.fixture
def join(database: Database) -> Iterator[Callable[[], Lanes]]:
    with ExitStack() as leaving:
        yield lambda: leaving.enter_context(closing(Lanes(database.url)))


def settled(lanes: int, *members: Lanes) -> list[set[int]]:
    """After each has looked as often as it takes."""
    for _ in members:
        for each in members:
            each.settle(lanes)
    return [set(each.settle(lanes)) for each in members]


@pytest.mark.spec("P7.1")
def test_a_newcomer_gets_its_share_and_no_lane_has_two_holders(join: Callable[[], Lanes]) -> None:
    first, second, third = join(), join(), join()
    assert settled(4, first) == [{0, 1, 2, 3}]
    for members in ((first, second), (first, second, third)):
        held = settled(4, *members)
        assert set.union(*held) == {0, 1, 2, 3}
        assert sum(map(len, held)) == 4
        assert max(map(len, held)) - min(map(len, held)) <= 1


@pytest.mark.spec("P7.3")
def test_a_leaver_s_lanes_are_free_at_once_and_others_keep_theirs(join: Callable[[], Lanes]) -> None:
    first, second = join(), join()
    before = settled(3, first, second)
    first.close()
    assert before[1] <= (after := second.settle(3))
    assert after == {0, 1, 2}


@pytest.mark.spec("P7.1")
def test_more_members_than_lanes_stand_by(join: Callable[[], Lanes]) -> None:
    held = settled(2, join(), join(), join())
    assert sorted(map(len, held)) == [0, 1, 1]


@pytest.mark.spec("P7.1")
def test_lanes_of_a_killed_process_are_taken_over(database: Database, join: Callable[[], Lanes]) -> None:
    script = "import sys, time; from chassis.consumer.lanes import Lanes; lanes = Lanes(sys.argv[1])\n"
    script += "print(len(lanes.settle(3)), flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", script, database.url], stdout=subprocess.PIPE, env=os.environ)
    assert process.stdout is not None
    assert process.stdout.readline() == b"3\n"
    heir = join()
    assert heir.settle(3) == set()
    process.kill()
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    since = time.monotonic()
    wait_for(lambda: heir.settle(3) == {0, 1, 2}, seconds=20)
    print(f"taken over {time.monotonic() - since:.2f} s after the kill")


@pytest.mark.spec("P7.1")
def test_who_lost_the_database_learns_it_before_reading_on(database: Database, join: Callable[[], Lanes]) -> None:
    member = join()
    assert member.settle(3) == {0, 1, 2}
    with database.begin() as connection:
        connection.execute(
            text("""
            SELECT pg_terminate_backend(pid) FROM pg_locks
            WHERE locktype = 'advisory' AND classid = 46 AND objid = 0
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """)
        )
    with pytest.raises(DatabaseAway):
        member.settle(3)
    assert join().settle(3) == {0, 1, 2}
