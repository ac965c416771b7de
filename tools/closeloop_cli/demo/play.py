"""Brings the company to the beginning of a story, and tells it: its Tuesday from 10:00, or the night HR fell silent."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from datetime import time as wall_time

from rich.console import Console

from closeloop_cli.business_time import BusinessTime
from closeloop_cli.demo import (
    step1_directory,
    step2_leads,
    step3_contact,
    step4_opportunity,
    step5_bonus,
    step6_money,
    step7_killed,
    step8_silence,
    step9_replay,
    step10_handover,
)
from closeloop_cli.demo.bank_upgrade import part1_hole, part2_vouchers, part3_two_figures, part4_replay
from closeloop_cli.demo.bank_upgrade.company import MADE_OF as bank_upgrade_made_of
from closeloop_cli.demo.bank_upgrade.company import write_story
from closeloop_cli.demo.bank_upgrade.load import load_story
from closeloop_cli.demo.day import ORACLE, Day, ask_oracle
from closeloop_cli.demo.hr_outage import part1_silence, part2_morning, part3_return, part4_lie
from closeloop_cli.demo.telling import Teller, WrongFigure
from closeloop_cli.door import Door, Refused, token_name
from closeloop_cli.load.history import load, read
from closeloop_cli.runtime import snapshot
from closeloop_cli.runtime.layout import Layout
from closeloop_cli.runtime.memory import proportional_set_size
from closeloop_cli.runtime.readiness import settle
from closeloop_cli.runtime.system import Maker, System
from closeloop_cli.typed import typed

MOST_MEMORY = 2.5 * 1024**3

Steps = tuple[tuple[str, Callable[[Day], None]], ...]


@dataclass(frozen=True)
class Cast:
    """`seed`: name of the folder it is made up in. `load`: its history, through the doors."""

    seed: str
    maker: Maker
    load: Callable[[Layout, Door, Callable[[str], None]], None]


@dataclass(frozen=True)
class Story:
    """`begins`: time of the company's day, "HH:MM"; empty: when its day starts. `measure`: what figures are held to."""

    steps: Steps
    begins: str
    measure: str
    # Module that computes the figures; empty when they must be the same whatever the seed is.
    oracle: str
    # A company of its own, loaded each time; else the one that most stories share.
    cast: Cast | None = None


DAY: Steps = (
    ("Employees, rosters, policies and rules", step1_directory.tell),
    ("300 leads come in", step2_leads.tell),
    ("A chat, a call and a message stop the clocks", step3_contact.tell),
    ("A lead becomes an opportunity, and is proved", step4_opportunity.tell),
    ("The orders arrive: bonuses", step5_bonus.tell),
    ("The money arrives: receipts, attainment", step6_money.tell),
    ("kill -9 between commit and publish", step7_killed.tell),
    ("A lead is left alone", step8_silence.tell),
    ("A draft of the rules is tried over 90 days", step9_replay.tell),
    ("A rep leaves: customers are handed over", step10_handover.tell),
)
BANK_UPGRADE: Steps = (
    ("The bank's interface is upgraded, and nine days are missing", part1_hole.tell),
    ("Vouchers: some of the 37 are entered by hand", part2_vouchers.tell),
    ("103 % and 78 %: the two figures are bridged", part3_two_figures.tell),
    ("The bank tells again: 37 receipts, each once", part4_replay.tell),
)
HR_OUTAGE: Steps = (
    ("23:59: HR falls silent, and somebody leaves", part1_silence.tell),
    ("127 leads come in, and nobody can be verified", part2_morning.tell),
    ("HR returns", part3_return.tell),
    ("HR lies; the guard counts assignments", part4_lie.tell),
)
STORIES = {
    "day": Story(DAY, "", "as computed from the seed", ORACLE),
    "hr-outage": Story(HR_OUTAGE, "23:50", "as they must be", ""),
    "bank-upgrade": Story(
        BANK_UPGRADE,
        "",
        "as computed from the books",
        "tools.oracle.bank_upgrade",
        Cast("company-bank-upgrade", Maker(write_story, bank_upgrade_made_of), load_story),
    ),
}


def play(layout: Layout, console: Console, name: str, *, fresh: bool) -> int:
    """0 when every figure is right, 1 otherwise; the system stays up in both cases."""
    began = time.monotonic()
    story, teller = STORIES[name], Teller(console)
    if story.cast:
        layout = replace(layout, seed=story.cast.seed)
    system = System(layout, story.cast.maker) if story.cast else System(layout)
    system.prepare()
    oracle = ask_oracle(layout, story.oracle) if story.oracle else None
    ready = bring_to_beginning(system, console, story, fresh=fresh)
    console.print(f"[dim]ready after {time.monotonic() - began:.1f} s ({ready})[/dim]")
    with Door(layout.gateway_url) as door:
        day = Day(system, door, teller, oracle)
        try:
            for number, (title, tell) in enumerate(story.steps, start=1):
                with teller.step(number, title):
                    tell(day)
        except WrongFigure:
            return report_wrong(teller, console)
        except Refused as refusal:
            console.print(f"   [red]refused[/red]: {refusal}", soft_wrap=True)
            return report_wrong(teller, console)
        close(day, console, story, time.monotonic() - began)
    return 0


def bring_to_beginning(system: System, console: Console, story: Story, *, fresh: bool) -> str:
    """Leaves the company as it is when the story begins: from its snapshot, or loaded now. Says which."""
    layout = system.layout
    system.import_programs()
    servers = system.servers_found()
    system.stop_programs(at_once=True)
    system.empty_broker()
    company = read(layout.company / "company.json")
    clock = BusinessTime(layout)
    if story.cast:
        load_cast(system, console, company, clock, story.cast)
        return "company loaded"
    known = not fresh and snapshot.is_good(layout, servers)
    if known:
        snapshot.restore(layout, servers)
    else:
        load_company(system, console, company, clock)
        system.empty_broker()
    clock.begin(beginning(company["startsAt"], story))
    system.start_programs()
    settle(layout)
    return "from the snapshot of the loaded company" if known else "company loaded"


def beginning(starts_at: str, story: Story) -> datetime:
    starts = datetime.fromisoformat(starts_at)
    return datetime.combine(starts, wall_time.fromisoformat(story.begins), starts.tzinfo) if story.begins else starts


def load_cast(system: System, console: Console, company: dict[str, str], clock: BusinessTime, cast: Cast) -> None:
    """The other company's snapshot stays as it is. Time goes on to the beginning, with all that is due on the way."""
    layout = system.layout
    console.print(f"[bold]{company['name']}[/bold]: loading its history through feeds and imports")
    snapshot.start_empty(layout, system.servers_found())
    clock.begin(datetime.fromisoformat(company["loadingFrom"]))
    system.start_programs()
    with Door(layout.gateway_url) as door:
        cast.load(layout, door, lambda text: console.print(f"   {text}"))
    settle(layout)
    clock.move_to(datetime.fromisoformat(company["startsAt"]))


def load_company(system: System, console: Console, company: dict[str, str], clock: BusinessTime) -> None:
    """Once: history goes in at 09:30, then everything is kept for the next time."""
    layout, servers = system.layout, system.servers_found()
    console.print(f"[bold]{company['name']}[/bold]: loading its history through feeds and imports")
    snapshot.start_empty(layout, servers)
    clock.begin(datetime.fromisoformat(company["loadingFrom"]))
    system.start_programs()
    with Door(layout.gateway_url) as door:
        load(layout, door, lambda text: console.print(f"   {text}"))
    settle(layout)
    system.stop_programs()
    system.import_programs()
    snapshot.take(layout, servers)


def report_wrong(teller: Teller, console: Console) -> int:
    console.print(f"\n[red bold]{len(teller.wrong)} of {teller.checked} figures are wrong[/red bold]")
    for each in teller.wrong:
        console.print(f"  {each.step}: {each.figure}", markup=False)
        console.print(f"    expected {json.dumps(each.expected, ensure_ascii=False, default=str)[:600]}", markup=False)
        console.print(f"    actual   {json.dumps(each.actual, ensure_ascii=False, default=str)[:600]}", markup=False)
    console.print(f"the system is still up: {typed('status')}, {typed('logs <program>')}")
    return 1


def close(day: Day, console: Console, story: Story, seconds: float) -> None:
    layout = day.layout
    memory = sum(proportional_set_size(layout).values())
    console.print(f"\n[bold green]All {day.teller.checked} figures are {story.measure}.[/bold green]")
    console.print(f"{seconds:.1f} s in all; memory of all processes (PSS) {memory / 1024**2:.0f} MB")
    if memory > MOST_MEMORY:
        console.print(f"[yellow]more than the {MOST_MEMORY / 1024**2:.0f} MB that it should take[/yellow]")
    console.print("\nThe system is up. Look around:")
    day.teller.link("API and its documentation", f"{layout.gateway_url}/docs")
    day.teller.link("mails that were sent", f"{layout.simulator_url('mail')}/mails")
    console.print("Sign in as anybody, then repeat any call of the story:")
    for role in ("star", "manager", "operations", "finance"):
        employee = day.company["cast"][role]
        body = json.dumps({"employeeId": employee})
        name = token_name(employee).removeprefix("$")
        ask = f"curl -s -H 'Content-Type: application/json' -d '{body}' {layout.gateway_url}/api/v1/session"
        day.teller.call(f"{name}=$({ask} | python3 -c 'import json,sys; print(json.load(sys.stdin)[\"token\"])')")
    console.print(" · ".join((typed("status"), typed("clock move +2h"), typed("verify-audit"), "make down")))
