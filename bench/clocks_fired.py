"""What a clock of a lead costs when it fires: reminder, pop-up, e-mail, warning, recycling (LD5.1, LD6.1).

`python -m bench.clocks_fired`: 300 leads with owners, then time moves through the due instants of all their clocks, by
the real runner in this process; after each stop the same statements by bare psycopg on a copy of the database as it was
before. 20 leads warm up. What counts is CPU, of this process and of PostgreSQL.
"""

from __future__ import annotations

from datetime import timedelta

from bench.leads_assigned import bring_in
from bench.report import figure, machine, options, say
from bench.sales_company import Cost, SalesCompany, open_company
from chassis.deadline_runner import DeadlineRunner

LEADS, QUICK, WARM_UP = 300, 20, 20
STOPS = {"remind": 0.5, "pop up": 2, "e-mail": 4, "warn": 20, "recycle": 24}


def measure(company: SalesCompany, leads: int) -> None:
    start = company.clock.now()
    all_ours, all_raw = Cost(), Cost()
    for name, hours in STOPS.items():
        company.clock.set(start + timedelta(hours=hours, minutes=1))
        fired, ours, raw = company.raced(lambda: fire_all(company))
        assert fired == leads, f"{name}: {fired} of {leads} fired"
        say(f"  {name}: {ours.told(fired)}")
        all_ours, all_raw = all_ours + ours, all_raw + raw
    clocks = leads * len(STOPS)
    say(f"  the same statements alone: {all_raw.told(clocks)}")
    ratio = f"{all_raw.cpu / all_ours.cpu:.2f} of the statements alone"
    figure("clock fired", all_ours.told(clocks), ratio=ratio)


def warm_up(company: SalesCompany) -> None:
    """Two days later nothing of it is left to fire."""
    start = company.clock.now()
    bring_in(company, 0, WARM_UP)
    for hours in STOPS.values():
        company.clock.set(start + timedelta(hours=hours, minutes=1))
        fire_all(company)
    company.clock.set(start + timedelta(days=2))


def fire_all(company: SalesCompany) -> int:
    runner = DeadlineRunner(company.service.uow, company.service.deadlines)
    fired = 0
    while now := runner.turn():
        fired += now
    return fired


def main() -> None:
    machine()
    leads = QUICK if options(__doc__ or "").quick else LEADS
    with open_company() as company:
        warm_up(company)
        assert bring_in(company, WARM_UP, leads) == leads
        measure(company, leads)


if __name__ == "__main__":
    main()
