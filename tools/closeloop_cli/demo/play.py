"""Brings the company to Tuesday 10:00 and tells its day."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime

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
)
from closeloop_cli.demo.day import Day
from closeloop_cli.demo.telling import Teller, WrongFigure
from closeloop_cli.door import Door, Refused, token_name
from closeloop_cli.load.history import load, read
from closeloop_cli.runtime import snapshot
from closeloop_cli.runtime.layout import Layout
from closeloop_cli.runtime.memory import proportional_set_size
from closeloop_cli.runtime.readiness import settle
from closeloop_cli.runtime.system import System

MOST_MEMORY = 2.5 * 1024**3

STEPS: tuple[tuple[str, Callable[[Day], None]], ...] = (
    ("Employees, rosters, policies and rules", step1_directory.tell),
    ("300 leads come in", step2_leads.tell),
    ("A chat, a call and a message stop the clocks", step3_contact.tell),
    ("A lead becomes an opportunity, and is proved", step4_opportunity.tell),
    ("The orders arrive: bonuses", step5_bonus.tell),
    ("The money arrives: receipts, attainment", step6_money.tell),
    ("kill -9 between commit and publish", step7_killed.tell),
    ("A lead is left alone", step8_silence.tell),
)


def play(layout: Layout, console: Console, *, fresh: bool) -> int:
    """0 when every figure is as the seed says, 1 otherwise; the system stays up in both cases."""
    began = time.monotonic()
    system, teller = System(layout), Teller(console)
    ready = bring_to_morning(system, console, fresh=fresh)
    console.print(f"[dim]ready after {time.monotonic() - began:.1f} s ({ready})[/dim]")
    with Door(layout.gateway_url) as door:
        day = Day(system, door, teller)
        try:
            for number, (title, tell) in enumerate(STEPS, start=1):
                with teller.step(number, title):
                    tell(day)
        except WrongFigure:
            return report_wrong(teller, console)
        except Refused as refusal:
            console.print(f"   [red]refused[/red]: {refusal}", soft_wrap=True)
            return report_wrong(teller, console)
        close(day, console, time.monotonic() - began)
    return 0


def bring_to_morning(system: System, console: Console, *, fresh: bool) -> str:
    """Leaves the company as it is at 10:00: from its snapshot, or loaded now. Says which."""
    layout = system.layout
    system.start_servers()
    servers = system.servers_found()
    system.stop_programs(at_once=True)
    system.empty_broker()
    company = read(layout.company / "company.json")
    clock = BusinessTime(layout)
    known = not fresh and snapshot.is_good(layout, servers)
    if not known:
        load_company(system, console, company, clock)
        system.empty_broker()
    snapshot.restore(layout, servers)
    clock.begin(datetime.fromisoformat(company["startsAt"]))
    system.start_programs()
    settle(layout)
    return "from the snapshot of the loaded company" if known else "company loaded"


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
    snapshot.take(layout, servers)


def report_wrong(teller: Teller, console: Console) -> int:
    console.print(f"\n[red bold]{len(teller.wrong)} of {teller.checked} figures are wrong[/red bold]")
    for each in teller.wrong:
        console.print(f"  {each.step}: {each.figure}", markup=False)
        console.print(f"    expected {json.dumps(each.expected, ensure_ascii=False, default=str)[:600]}", markup=False)
        console.print(f"    actual   {json.dumps(each.actual, ensure_ascii=False, default=str)[:600]}", markup=False)
    console.print("the system is still up: closeloop status, closeloop logs <program>")
    return 1


def close(day: Day, console: Console, seconds: float) -> None:
    layout = day.layout
    memory = sum(proportional_set_size(layout).values())
    console.print(f"\n[bold green]All {day.teller.checked} figures are as computed from the seed.[/bold green]")
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
    console.print("closeloop status · closeloop clock move +2h · closeloop verify-audit · make down")
