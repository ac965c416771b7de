"""What a lead costs from capture to its owner: decision, owner lock, five clocks, events.

`python -m bench.leads_assigned [leads]`: the real use cases one after the other, then the same statements by bare
psycopg on a copy of the database, in turns. Prints the ratio of the CPU seconds of both; ends with 1 below the goal.
"""

from __future__ import annotations

import sys

from bench.sales_company import Cost, SalesCompany, open_company
from leads.assignment.assign_lead import assign_lead
from leads.lead.rules import State

LEADS, WARM, ROUNDS = 500, 100, 5
GOAL = 0.35


def bring_in(company: SalesCompany, first: int, count: int) -> int:
    """How many found their owner."""
    return sum(
        assign_lead(company.app.assigner, company.capture(first + each)) is State.ASSIGNED for each in range(count)
    )


def main(leads: int) -> int:
    with open_company() as company:
        bring_in(company, 0, WARM)
        assigned, ours, raw = 0, Cost(), Cost()
        for number in range(ROUNDS):
            first = WARM + number * (leads // ROUNDS)
            found, worked, alone = company.raced(lambda first=first: bring_in(company, first, leads // ROUNDS))
            assigned, ours, raw = assigned + found, ours + worked, raw + alone
    print(f"{assigned} of {leads} leads assigned")
    print(ours.told("capture and assign", leads))
    print(raw.told("the same statements alone", leads))
    ratio = raw.cpu / ours.cpu
    print(f"ratio {ratio:.2f} (goal {GOAL})")
    return 0 if ratio >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else LEADS))
