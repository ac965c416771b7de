"""What a clock of a lead costs when it fires: reminder, pop-up, e-mail, warning, recycling (LD5.1, LD6.1).

`python -m bench.clocks_fired [leads]`: leads with an owner, then time moves through the due instants of all their
clocks; afterwards the same statements by bare psycopg on a copy of the database.
"""

from __future__ import annotations

import sys
from datetime import timedelta

from bench.leads_assigned import bring_in
from bench.sales_company import Cost, SalesCompany, open_company
from chassis.deadline_runner import DeadlineRunner

LEADS = 300
STOPS = {"remind": 0.5, "pop up": 2, "e-mail": 4, "warn": 20, "recycle": 24}


def main(leads: int) -> int:
    with open_company() as company:
        assigned = bring_in(company, 0, leads)
        start = company.clock.now()
        print(f"{assigned} of {leads} leads assigned")
        all_ours, all_raw = Cost(), Cost()
        for name, hours in STOPS.items():
            company.clock.set(start + timedelta(hours=hours, minutes=1))
            fired, ours, raw = company.raced(lambda: fire_all(company))
            print(ours.told(name, fired))
            print(raw.told("  the same statements alone", fired))
            all_ours, all_raw = all_ours + ours, all_raw + raw
        print(f"ratio {all_raw.cpu / all_ours.cpu:.2f}")
    return 0


def fire_all(company: SalesCompany) -> int:
    runner = DeadlineRunner(company.service.uow, company.service.deadlines)
    fired = 0
    while now := runner.turn():
        fired += now
    return fired


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else LEADS))
