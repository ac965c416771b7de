"""What a lead costs from capture to its owner: decision, owner lock, five clocks, events (LD3.12).

`python -m bench.leads_assigned`: the real use cases in this process, one lead after the other for 200 reps, then the
same statements by bare psycopg on a copy of the database as it was before, five slices in turns; 100 leads warm up.
What counts is CPU, of this process and of PostgreSQL, which a busy machine changes less than the time that passes.
"""

from __future__ import annotations

from functools import partial

from bench.report import figure, machine, options, say
from bench.sales_company import Cost, SalesCompany, open_company
from leads.assignment.assign_leads import assign_lead
from leads.lead.rules import State

LEADS, WARM_UP, SLICES = 500, 100, 5
QUICK = 20


def bring_in(company: SalesCompany, first: int, count: int) -> int:
    """How many found their owner."""
    return sum(
        assign_lead(company.app.assigner, company.capture(first + each)) is State.ASSIGNED for each in range(count)
    )


def measure(company: SalesCompany, leads: int) -> None:
    bring_in(company, 0, min(WARM_UP, leads))
    ours, raw, slice_ = Cost(), Cost(), leads // SLICES
    for number in range(SLICES):
        first = WARM_UP + number * slice_
        found, worked, alone = company.raced(partial(bring_in, company, first, slice_))
        assert found == slice_, f"{slice_ - found} leads found no owner"
        ours, raw = ours + worked, raw + alone
    say(f"  the same statements alone: {raw.told(leads)}")
    figure("lead captured and assigned", ours.told(leads), ratio=f"{raw.cpu / ours.cpu:.2f} of the statements alone")


def main() -> None:
    machine()
    leads = QUICK if options(__doc__ or "").quick else LEADS
    with open_company() as company:
        measure(company, leads)


if __name__ == "__main__":
    main()
