"""The books that disagree by 1.27 million: the story, and what the doors show after it. Black box."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from .conftest import Played

pytestmark = pytest.mark.timeout(1200)

OPERATIONS, CLERK, SUPERVISOR, DIRECTOR = "E00002", "E00003", "E00004", "E00005"
FEBRUARY = {"firstOn": "2026-02-01", "lastOn": "2026-02-28"}
FIGURES = (
    "2 records can't be read: in quarantine, neither dropped nor guessed",
    "the feed is degraded within 2 h of the upgrade: True",
    "an alert is out: True",
    "so does the attainment of the month: True",
    "without a voucher: INVALID_INPUT",
    "approved by its own author: DUTY_REQUIRED",
    "the same voucher again, written otherwise: VOUCHER_ALREADY_USED",
    "finance: 5,232,400.00, 103 %",
    "sales:   3,962,400.00, 78 %",
    "1,270,000.00  in all, to the fen",
    "37 receipts of 1–9 February",
    "37 of them are claimed",
    "3 approved after the bank told of them: linked, nothing added",
    "0 back-entries that the bank has not confirmed",
    "one more voucher for what the bank has told: ALREADY_TOLD_BY_BANK",
    "the bank's feed is FEED_HEALTH_HEALTHY",
)


@pytest.fixture(scope="module")
def upgrade(home: Played) -> Played:
    return home.told("bank-upgrade")


def compare(upgrade: Played, a: str, b: str) -> Any:
    body = {"period": FEBRUARY, "a": {"figure": a}, "b": {"figure": b}}
    answer = upgrade.call("POST", "/api/v1/figures:compare", CLERK, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.spec("N1.2", "N2.1", "N2.2", "N6.1", "N7.1", "N7.2")
def test_the_story_is_told_with_right_figures(upgrade: Played) -> None:
    assert upgrade.exit_code == 0, upgrade.story[-4000:]
    assert [figure for figure in FIGURES if figure in upgrade.story] == list(FIGURES)
    assert "figures are as computed from the books" in upgrade.story
    assert "✗" not in upgrade.story


@pytest.mark.spec("N6.1", "N1.3")
def test_every_back_entry_has_its_three_people_and_the_bank_s_word(upgrade: Played) -> None:
    found = upgrade.all("/api/v1/back-entries", "backEntries", CLERK)
    assert len(found) == 14
    assert {each["state"] for each in found} == {"BACK_ENTRY_STATE_POSTED"}
    people = {(each["authorId"], each["financeApproverId"], each["salesApproverId"]) for each in found}
    assert people == {(CLERK, SUPERVISOR, DIRECTOR)}
    assert all(each["confirmedAt"] and each["receiptId"] and not each["differences"] for each in found)
    assert len({each["receiptId"] for each in found}) == 14


@pytest.mark.spec("N7.2")
def test_what_is_left_between_bank_and_collected_is_named(upgrade: Played) -> None:
    told = compare(upgrade, "FIGURE_BANK_CREDITS", "FIGURE_COLLECTED")
    left = {each["class"]: each["difference"]["fen"] for each in told["classes"] if each["rows"]}
    assert left == {"BRIDGE_CLASS_DEFINITION": "2600000", "BRIDGE_CLASS_UNCLAIMED": "8436000"}
    assert told["residual"]["fen"] == "0"
    assert told["provenance"]["provisional"] is False


@pytest.fixture
def forgotten(upgrade: Played) -> Iterator[psycopg.Connection]:
    """The clerk's own login at the database, with every right on every table that nobody took back."""
    port = json.loads((upgrade.folder / "ports.json").read_text())["postgres"]
    password = (upgrade.folder / "postgres/password").read_text().strip()
    place = f"host=127.0.0.1 port={port} dbname=integration"
    with psycopg.connect(f"{place} user=closeloop password={password}", autocommit=True) as admin:
        admin.execute("CREATE ROLE clerk_e00003 LOGIN PASSWORD 'own-password'")
        admin.execute("GRANT CONNECT ON DATABASE integration TO clerk_e00003")
        admin.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO clerk_e00003")
        own = psycopg.connect(f"{place} user=clerk_e00003 password=own-password", autocommit=True)
        yield own
        own.close()
        admin.execute("DROP OWNED BY clerk_e00003")
        admin.execute("DROP ROLE clerk_e00003")


@pytest.mark.spec("N6.1", "P9.1")
def test_the_clerk_s_forgotten_super_right_opens_nothing(upgrade: Played, forgotten: psycopg.Connection) -> None:
    before = upgrade.get("/api/v1/collections", CLERK, month="2026-02")
    for statement in (
        "UPDATE bank_entry SET amount_fen = amount_fen + 127000000",
        "UPDATE claim SET undone_at = now()",
        "DELETE FROM back_entry",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="is written by the service alone"):
            forgotten.execute(statement.encode())
    assert upgrade.get("/api/v1/collections", CLERK, month="2026-02") == before


@pytest.mark.spec("N1.3")
def test_the_bank_is_asked_again_and_nothing_moves(upgrade: Played) -> None:
    before = upgrade.get("/api/v1/collections", CLERK, month="2026-02")
    run = upgrade.call("POST", "/api/v1/feeds/bank:run", OPERATIONS, json={}).json()["run"]
    assert (run["outcome"], run["recordsNew"], run["corrected"]) == ("ok", 0, 0)
    after = upgrade.get("/api/v1/collections", CLERK, month="2026-02")
    assert (after["claimed"], after["receipts"]) == (before["claimed"], before["receipts"])
