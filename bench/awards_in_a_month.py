"""What settling an order costs when its rule has 2,000 orders in the month, under a cap and a budget (I2.2).

`python -m bench.awards_in_a_month [orders]`: the real use case on a real PostgreSQL, in order of signing; then late
ones: each older than half of the month, so that half of it is looked at anew. Prints milliseconds per order, and
how many of them this process worked itself, which a busy machine does not change.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from statistics import median

from chassis.clock import FixedClock
from chassis.database import Database
from chassis.identity import of_service
from chassis.kernel.money import Money
from chassis.local import LocalPostgres, create_service_database, temporary_folder
from chassis.migrations import migrate
from chassis.policy import Policies
from chassis.testing.identity import as_hq
from chassis.unit_of_work import UnitOfWork
from incentives.bootstrap import BONUSES, CATALOG, MIGRATIONS, SPECS
from incentives.budgets.propose_budget import Proposal, propose_budget
from incentives.budgets.rules import Period
from incentives.deals.apply_budget import apply_budget
from incentives.deals.apply_rule import apply_rule
from incentives.deals.project_people import project_customers, project_employees
from incentives.deals.rules import ERP, OrderSource
from incentives.deals.settle_deals import Settlement
from incentives.deals.take_orders import Told, take_orders
from incentives.evaluation.evaluator import Evaluator
from incentives.roster.rules import Customer, Employee
from incentives.rule_library.draft_rule import RuleDraft, draft_rule
from incentives.rule_library.terms_rules import Caps, RoleShare, Terms

ORDERS, REPS, CUSTOMERS, LATE = 2_000, 100, 500, 10
MONTH = datetime(2026, 2, 28, 16, tzinfo=UTC)
NOW = MONTH + timedelta(days=30)
FEN, PERCENT = 1_000_00, 10
RULE = "ten-percent"
# Nine tenths of the orders fit into each: the rest is cut, and of what is left some is held.
TERMS = Terms(
    (RoleShare("owner", 9_000), RoleShare("manager", 1_000)), caps=Caps(per_person_month=1_700_00, per_month=180_000_00)
)
MODEL = {
    "nodes": [
        {"id": "order", "type": "inputNode", "name": "Order"},
        {
            "id": "bonus", "type": "expressionNode", "name": "Bonus",
            "content": {"expressions": [
                {"id": "e", "key": "bonusFen", "value": f"string(round(deal.amountFen * {PERCENT} / 100))"},
            ]},
        },
    ],
    "edges": [{"id": "e1", "sourceId": "order", "targetId": "bonus", "type": "edge"}],
}  # fmt: skip


class Company:
    def __init__(self, database: Database) -> None:
        clock = FixedClock(NOW)
        self.uow = UnitOfWork(database, clock, CATALOG, service="incentives")
        self._evaluator = Evaluator(seconds=0.08, memory_mb=512)
        self.settlement = Settlement(self._evaluator, Policies(database, SPECS, clock), BONUSES)

    def close(self) -> None:
        self._evaluator.close()

    def found(self, budget_fen: int) -> None:
        people = [_person(f"E{at}", "M") for at in range(REPS)]
        customers = [
            Customer(f"id-C{at}", 1, MONTH, f"C{at}", f"客户{at}", "A", "A", "医疗") for at in range(CUSTOMERS)
        ]
        with self.uow.begin(as_hq()) as tx:
            project_employees(tx, [_person("M", ""), *people])
            project_customers(tx, customers)
            draft = RuleDraft(RULE, RULE, RULE, RULE, RULE, MODEL, (), TERMS)
            version = draft_rule(tx, self._evaluator, draft)
            apply_rule(tx, self.settlement, rule_id=RULE, version=version, starts=MONTH, ends=None)
            change = propose_budget(tx, Proposal(RULE, "", Period.MONTH, None, True, Money(budget_fen), "bench"))
            tx.commit()
        with self.uow.begin(as_hq("E990")) as tx:
            apply_budget(tx, change)
            tx.commit()

    def take(self, number: int, signed_at: datetime) -> tuple[float, float]:
        """Seconds that it took, and that this process worked."""
        started, worked = time.perf_counter(), time.process_time()
        with self.uow.begin(of_service("incentives")) as tx:
            take_orders(tx, [Told(_order(number, signed_at))], self.settlement)
            tx.commit()
        return time.perf_counter() - started, time.process_time() - worked


def _person(employee_id: str, manager_id: str) -> Employee:
    return Employee(employee_id, 1, MONTH, employee_id, "/HQ/", manager_id, "sales_rep", date(2020, 1, 1))


def _order(number: int, signed_at: datetime) -> OrderSource:
    customer = number % CUSTOMERS
    return OrderSource(
        ERP, f"SO-{number}", 1, f"CL-{number}", f"C{customer}", "", f"客户{customer}", f"E{number % REPS}", FEN, "CNY",
        signed_at, None, False, (), (f"order:SO-{number}",),
    )  # fmt: skip


@contextmanager
def opened() -> Iterator[Company]:
    with (
        temporary_folder("closeloop-bench-") as folder,
        LocalPostgres(folder / "postgres", ephemeral=True) as postgres,
    ):
        url = create_service_database(postgres, "incentives")
        migrate(url, MIGRATIONS)
        database = Database(url)
        company = Company(database)
        try:
            yield company
        finally:
            company.close()
            database.close()


def shown(name: str, taken: Sequence[tuple[float, float]]) -> str:
    ordered = sorted(seconds for seconds, _ in taken)
    worked = median(seconds for _, seconds in taken) * 1000
    p95 = ordered[int(len(ordered) * 0.95)] * 1000
    return f"{name}: median {median(ordered) * 1000:.1f} ms, p95 {p95:.1f} ms; worked {worked:.1f} ms"


def main(orders: int) -> int:
    with opened() as company:
        company.found(budget_fen=orders * FEN * PERCENT // 100 * 8 // 10)
        taken = [company.take(at, MONTH + timedelta(minutes=at + 1)) for at in range(orders)]
        tenth = max(1, orders // 10)
        print(shown(f"the first {tenth} of the month", taken[:tenth]))
        print(shown(f"the last {tenth} of {orders}", taken[-tenth:]))
        late = [company.take(orders + at, MONTH + timedelta(minutes=orders // 2, seconds=at)) for at in range(LATE)]
        print(shown(f"late by {orders // 2} orders", late))
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ORDERS))
