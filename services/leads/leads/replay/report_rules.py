"""Two plays of the same leads side by side, in figures and in words that a manager understands (LD3.11)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from math import ceil
from typing import Any


@dataclass
class Played:
    """One policy's play, by lead and by rep, in the order of the leads and of the roster.

    `wins`: expected from A leads, by the conversion of whom they went to. `peak`: the highest load carried. `drift`:
    the largest over the grades (LD3.7), None where chance still rules.
    """

    owner: list[str] = field(default_factory=list)
    wait: list[timedelta | None] = field(default_factory=list)
    peak: list[float] = field(default_factory=list)
    wins: float = 0.0
    to_newcomers: int = 0
    contested_a: int = 0
    mean_load: float = 0.0
    drift: list[float | None] = field(default_factory=list)


@dataclass(frozen=True)
class Side:
    """One policy's play. Waits in minutes; `drifted`: reps whose share is off by more than the policy's alert."""

    assigned: int
    unassigned: int
    expected_wins: float
    newcomer_share: float | None
    mean_load: float
    highest_load: float
    drifted: int
    wait_p90: float | None


@dataclass(frozen=True)
class RepLine:
    """Leads that went to one rep: in truth, under the live policy, under the draft; and the highest load under both."""

    employee_id: str
    truth: int
    live: int
    draft: int
    live_peak: float
    draft_peak: float


@dataclass(frozen=True)
class Report:
    """`moved`: leads that would go to somebody else under the draft than under the live policy."""

    leads: int
    contested: int
    moved: int
    live: Side
    draft: Side
    reps: tuple[RepLine, ...]
    words: tuple[str, ...]
    words_zh: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        return asdict(self)


def side(played: Played, contested: Sequence[bool], alert: float) -> Side:
    owners = [owner for owner, open_to_all in zip(played.owner, contested, strict=True) if open_to_all]
    waits = sorted(each.total_seconds() / 60 for each in played.wait if each is not None)
    return Side(
        assigned=sum(bool(each) for each in owners),
        unassigned=sum(not each for each in owners),
        expected_wins=round(played.wins, 2),
        newcomer_share=played.to_newcomers / played.contested_a if played.contested_a else None,
        mean_load=round(played.mean_load, 4),
        highest_load=round(max(played.peak, default=0.0), 4),
        drifted=sum(each is not None and each > alert for each in played.drift),
        wait_p90=waits[max(1, ceil(0.9 * len(waits))) - 1] if waits else None,
    )


def report(
    employees: Sequence[str],
    truth: Sequence[str],
    contested: Sequence[bool],
    live: tuple[Played, float],
    draft: tuple[Played, float],
) -> Report:
    """`truth` and `contested` by lead; with each play the drift from which its policy alerts."""
    sides = side(live[0], contested, live[1]), side(draft[0], contested, draft[1])
    moved = sum(one != other for one, other in zip(live[0].owner, draft[0].owner, strict=True))
    words, words_zh = _words(sum(contested), moved, *sides)
    return Report(
        leads=len(truth),
        contested=sum(contested),
        moved=moved,
        live=sides[0],
        draft=sides[1],
        reps=_lines(employees, truth, live[0], draft[0]),
        words=words,
        words_zh=words_zh,
    )


def _lines(employees: Sequence[str], truth: Sequence[str], live: Played, draft: Played) -> tuple[RepLine, ...]:
    """Those first for whom the draft changes most."""
    counts = Counter(truth), Counter(live.owner), Counter(draft.owner)
    lines = [
        RepLine(
            each, counts[0][each], counts[1][each], counts[2][each], round(live.peak[at], 4), round(draft.peak[at], 4)
        )
        for at, each in enumerate(employees)
        if any(count[each] for count in counts)
    ]
    return tuple(sorted(lines, key=lambda line: (-abs(line.draft - line.live), line.employee_id)))


def _words(contested: int, moved: int, live: Side, draft: Side) -> tuple[tuple[str, ...], tuple[str, ...]]:
    share = moved / contested if contested else 0.0
    gain = draft.expected_wins - live.expected_wins
    wins, loads = (live.expected_wins, draft.expected_wins, gain), (live.mean_load, draft.mean_load)
    highest, off = (live.highest_load, draft.highest_load), (live.drifted, draft.drifted)
    nobody = live.unassigned, draft.unassigned
    en = [
        f"{moved} of {contested} leads ({share:.0%}) would go to somebody else.",
        "Expected wins from A leads: {:.1f} under the live policy, {:.1f} under the draft ({:+.1f}).".format(*wins),
        "Mean load {:.0%} against {:.0%}".format(*loads) + ", the highest {:.0%} against {:.0%}.".format(*highest),
        "Reps whose share is off: {} against {}.".format(*off),
        "Leads that found nobody: {} against {}.".format(*nobody),
    ]
    zh = [
        f"{contested} 条线索中有 {moved} 条（{share:.0%}）会分给其他人。",
        "A 级线索预计赢单：现行策略 {:.1f}，草案 {:.1f}（{:+.1f}）。".format(*wins),
        "平均负荷：现行 {:.0%}，草案 {:.0%}；".format(*loads) + "最高负荷：{:.0%} 对 {:.0%}。".format(*highest),
        "分配份额偏离的销售：{} 人对 {} 人。".format(*off),
        "未分出的线索：{} 条对 {} 条。".format(*nobody),
    ]
    return tuple(en), tuple(zh)
