"""What the figures rest on: how calls are timed, statements repeated, samples counted."""

from __future__ import annotations

import time
from threading import Lock

import pytest

from bench.load import Taken, closed_loop, open_loop
from bench.statements import Recorded, script
from bench.where import told


@pytest.mark.spec("P8.1")
def test_a_call_that_waits_behind_a_slow_one_is_timed_from_its_intended_start() -> None:
    turn = Lock()

    def call(number: int) -> None:
        with turn:  # one at a time, as behind one connection
            time.sleep(0.5 if number == 0 else 0)

    taken = open_loop(call, per_second=100, seconds=0.2)
    assert len(taken.seconds) == 20
    assert min(taken.seconds) > 0.25, "even the last one, meant to begin after 0.19 s, waited for the first"


@pytest.mark.spec("P8.1")
def test_in_a_closed_loop_each_number_is_called_once_and_refusals_are_counted_apart() -> None:
    called: list[int] = []

    def call(number: int) -> None:
        called.append(number)
        if number % 2:
            raise ValueError

    taken = closed_loop(call, callers=4, seconds=0.05)
    assert sorted(called) == list(range(len(called)))
    assert len(taken.seconds) + taken.errors["ValueError"] == len(called)
    assert taken.error_share == pytest.approx(0.5, abs=0.1)


@pytest.mark.spec("P8.1")
def test_percentiles_are_milliseconds_of_calls_that_were_made() -> None:
    taken = Taken([number / 1000 for number in range(1, 101)])
    assert (taken.percentile(0.50), taken.percentile(0.95), taken.percentile(0.99)) == pytest.approx((51, 96, 100))


@pytest.mark.spec("P8.1")
def test_repeated_statements_draw_ids_anew_and_hide_colons_from_pgbench() -> None:
    lead = "0197a1b2-0000-7000-8000-000000000001"
    recorded = Recorded(
        ["BEGIN", f"INSERT INTO lead VALUES ('{lead}'::UUID, '2026-03-10 02:00:00+00'::timestamptz)",
         f"INSERT INTO note VALUES ('{lead}', 'it''s: so')", "COMMIT"]
    )  # fmt: skip
    lines = script(recorded, {}).split("\n")
    assert lines[1].startswith("WITH token AS MATERIALIZED")
    assert "uuidv7()::text AS t0" in lines[2]
    assert lines[4:-1] == [
        "BEGIN;",
        r"INSERT INTO lead VALUES ( :v0::UUID,  E'2026-03-10 02\x3a00\x3a00+00'::timestamptz);",
        r"INSERT INTO note VALUES ( :v0,  E'it''s\x3a so');",
        "COMMIT;",
    ]


@pytest.mark.spec("P8.1")
def test_samples_that_only_wait_are_no_work() -> None:
    samples = (
        "run (/x/services/leads/leads/capture/take_in.py:9);execute (/y/site-packages/sqlalchemy/engine.py:3) 3\n"
        "run (/x/services/leads/leads/capture/take_in.py:9) 1\n"
        "wait (/usr/lib/python3.11/threading.py:320) 96\n"
    )
    assert list(told("leads", samples)) == [
        "  leads: 0.1 s at work",
        "    code of: sqlalchemy 75%; leads/capture 25%",
        "    under way: leads/capture/take_in.py:run 100%",
    ]
