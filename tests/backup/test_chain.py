"""A chain of backups is whole or it is refused, and only what is whole looks like a backup (P5.4)."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.backup.stand import BackupFailed, Stand
from tests.faults.programs import wait_for

pytestmark = pytest.mark.spec("P5.4")
FORMAT = "%Y%m%dT%H%M%SZ"
REFUSED = 3


def refused(stand: Stand, *words: str | Path) -> str:
    with pytest.raises(BackupFailed) as failure:
        stand.run(*words)
    assert failure.value.code == REFUSED
    return str(failure.value)


def write(stand: Stand, number: int) -> None:
    stand.sql("CREATE TABLE IF NOT EXISTS lines (line int)")
    stand.sql(f"INSERT INTO lines SELECT {number} FROM generate_series(1, 1000)")


def aged(stand: Stand, names: list[str], days: int, *, copied: bool = False) -> list[str]:
    """The same backups, or copies of them, as if they had been made so many days earlier."""
    new = {name: earlier(name, days) for name in names}
    for name, older in new.items():
        command = ["cp", "-a"] if copied else ["mv"]
        subprocess.run([*command, stand.backups / name, stand.backups / older], check=True)
        builds_on = stand.backups / older / "builds_on"
        if builds_on.exists():
            before = builds_on.read_text().strip()
            builds_on.write_text(f"{new.get(before, before)}\n")
    return list(new.values())


def earlier(name: str, days: int) -> str:
    stamp, kind = name.split("-")
    made = datetime.strptime(stamp, FORMAT).replace(tzinfo=UTC) - timedelta(days=days)
    return f"{made.strftime(FORMAT)}-{kind}"


def test_an_incremental_without_its_full_or_with_a_gap_is_refused(stand: Stand) -> None:
    assert "take a full backup first" in refused(stand, "incremental")
    full, one, two = (stand.take(kind) for kind in ("full", "incremental", "incremental"))
    shutil.move(stand.backups / one, stand.backups.parent / "elsewhere")
    for words in (["incremental"], ["verify", two], ["restore", "latest", stand.server.folder / "new"]):
        assert f"{two} builds on {one}, which is not there" in refused(stand, *words)
    assert not (stand.server.folder / "new").exists()
    assert stand.names() == [full, two]


def test_a_backup_is_refused_when_a_byte_of_it_changed(stand: Stand) -> None:
    write(stand, 1)
    full, on_it = stand.take("full"), stand.take("incremental")
    (path,) = stand.sql("SELECT pg_relation_filepath('lines')")[0]
    file = stand.backups / full / "data" / path
    content = bytearray(file.read_bytes())
    content[4000] ^= 1
    file.write_bytes(content)
    assert f"{full} is damaged" in refused(stand, "verify", on_it)
    assert f"{full} is damaged" in refused(stand, "restore", on_it, stand.server.folder / "new")
    assert not list(stand.server.folder.glob("new*"))


def test_a_run_that_is_killed_leaves_nothing_that_looks_like_a_backup(stand: Stand) -> None:
    full = stand.take("full")
    killed = stand.start("full")
    wait_for(lambda: (stand.backups / ".partial/data/base").exists(), what="the copy to be under way")
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert stand.names() == [full]
    after = stand.take("incremental")
    assert stand.names() == [full, after]
    assert {each.name for each in stand.backups.iterdir()} == {full, after, ".lock"}


def test_what_needs_another_version_of_the_tools_is_no_backup(stand: Stand) -> None:
    newer = stand.tools_with("pg_combinebackup", "echo 'pg_combinebackup (PostgreSQL) 99.1'")
    with pytest.raises(BackupFailed, match="these tools are of PostgreSQL 99, the server is not"):
        stand.run("full", PATH=newer)
    assert stand.names() == []


def test_a_point_in_time_is_the_newest_backup_that_ended_by_then(stand: Stand) -> None:
    write(stand, 1)
    (old,) = aged(stand, [stand.take("full")], days=9)
    write(stand, 2)
    new = stand.take("full")
    then = datetime.strptime(old.split("-")[0], FORMAT).replace(tzinfo=UTC)
    before = (then - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert f"no backup {before}" in refused(stand, "verify", before)
    assert "no time in UTC" in refused(stand, "verify", "yesterday")
    for asked in (then.strftime("%Y-%m-%dT%H:%M:%SZ"), (then + timedelta(days=1)).strftime("%Y-%m-%d"), old):
        assert f"{old} is whole" in stand.run("verify", asked)
    assert f"{new} is whole" in stand.run("verify", "2099-01-01 00:00")
    stand.destroy()
    stand.restore((then + timedelta(hours=30)).strftime("%Y-%m-%d %H:%M"))
    assert stand.sql("SELECT DISTINCT line FROM lines") == [(1,)]


def test_after_a_restore_nothing_is_built_on_backups_of_the_history_that_was_left(stand: Stand) -> None:
    """By the place in the log alone PostgreSQL would take it: a restored server writes the same numbers again."""
    stand.sql("CREATE TABLE quiet AS SELECT 'before' AS said")
    write(stand, 1)
    full = stand.take("full")
    write(stand, 2)
    stand.sql("UPDATE quiet SET said = 'left'")
    left = stand.take("incremental")
    stand.destroy()
    stand.restore(full)
    for number in range(3, 9):
        write(stand, number)
        stand.sql("SELECT pg_switch_wal()")
    assert f"restored since {left}: take a full backup first" in refused(stand, "incremental")
    fresh = [stand.take("full"), stand.take("incremental")]
    assert stand.names() == [full, left, *fresh]
    stand.destroy()
    stand.restore("latest")
    assert [row[0] for row in stand.sql("SELECT DISTINCT line FROM lines ORDER BY 1")] == [1, *range(3, 9)]
    assert stand.sql("SELECT said FROM quiet") == [("before",)]


def test_pruning_keeps_whole_chains(stand: Stand) -> None:
    newest = [stand.take("full"), stand.take("incremental")]
    gone = aged(stand, newest, days=40, copied=True)
    kept = aged(stand, newest, days=30, copied=True)
    # The full one is older than four weeks and so is what builds on it, but not what builds on that.
    (young,) = aged(stand, newest[1:], days=10, copied=True)
    (stand.backups / young / "builds_on").write_text(f"{kept[1]}\n")
    assert len(re.findall("is removed", stand.run("prune", BACKUP_WEEKS="4"))) == len(gone)
    assert stand.names() == [*kept, young, *newest]
    assert f"{young} is whole" in stand.run("verify", young)
    stand.run("prune", "0")
    assert stand.names() == newest, "the newest chain stays however old it is"


def test_a_disk_that_can_not_hold_another_full_one_is_said_before(stand: Stand) -> None:
    stand.take("full")
    full_disk = stand.tools_with("df", "echo head; echo '/dev/x 100000 90000 10000 90% /x'")
    with pytest.raises(BackupFailed, match=r"9 MB free in .*prune, or make room"):
        stand.run("full", PATH=full_disk)
    stand.run("incremental")
    assert len(stand.names()) == 2


def test_what_is_asked_wrongly_is_answered_with_how_to_ask(stand: Stand) -> None:
    for words in (["ful"], [], ["restore", "latest"], ["prune", "four"]):
        with pytest.raises(BackupFailed, match=r"backup\.sh restore <which> <folder>") as failure:
            stand.run(*words)
        assert failure.value.code == 2
    stand.take("full")
    stand.run("restore", "latest", stand.backups.parent / "server" / "new")
    assert "is there: name a folder" in refused(stand, "restore", "latest", stand.server.folder / "new")
