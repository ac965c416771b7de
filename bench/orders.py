"""Signed orders as integration tells them, under one rule of ten percent, for customers that incentives knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bench.people import rep
from bench.stand import Stand
from chassis.identity import of_service
from chassis.kernel.money import Money
from chassis.policy import Policies
from chassis.testing.identity import as_hq
from incentives.bootstrap import BONUSES, SPECS
from incentives.bootstrap import CATALOG as INCENTIVES
from incentives.deals.apply_rule import apply_rule
from incentives.deals.project_people import project_customers
from incentives.deals.settle_deals import Settlement
from incentives.evaluation.evaluator import Evaluator
from incentives.roster.rules import Customer
from incentives.rule_library.draft_rule import RuleDraft, draft_rule
from integration.bootstrap import CATALOG as INTEGRATION
from integration.orders.rules import OrderFacts, OrderReceived, OrderState

RULE = "ten-percent"
CUSTOMERS = 200
MONTH = datetime(2026, 2, 28, 16, tzinfo=UTC)
MODEL = {
    "nodes": [
        {"id": "order", "type": "inputNode", "name": "Order"},
        {
            "id": "bonus", "type": "expressionNode", "name": "Bonus",
            "content": {"expressions": [
                {"id": "e", "key": "bonusFen", "value": "string(round(deal.amountFen * 10 / 100))"},
            ]},
        },
    ],
    "edges": [{"id": "e1", "sourceId": "order", "targetId": "bonus", "type": "edge"}],
}  # fmt: skip


class Orders:
    """`record(n)`: a signed order as an event in integration's outbox, in a transaction of its own."""

    def __init__(self, stand: Stand, reps: int) -> None:
        self._reps = reps
        self._uow = stand.uow("integration", INTEGRATION)
        self._evaluator = Evaluator(seconds=0.5, memory_mb=512)
        settlement = Settlement(self._evaluator, Policies(stand.databases["incentives"], SPECS, stand.clock), BONUSES)
        with stand.uow("incentives", INCENTIVES).begin(as_hq()) as tx:
            project_customers(tx, [_customer(number) for number in range(CUSTOMERS)])
            version = draft_rule(tx, self._evaluator, RuleDraft(RULE, RULE, RULE, RULE, RULE, MODEL, ()))
            apply_rule(tx, settlement, rule_id=RULE, version=version, starts=MONTH, ends=None)
            tx.commit()

    def number(self, at: int) -> str:
        return f"SO-{at}"

    def record(self, at: int) -> None:
        with self._uow.begin(of_service("integration")) as tx:
            tx.record(OrderReceived(self.number(at), self._facts(at)))
            tx.commit()

    def close(self) -> None:
        self._evaluator.close()

    def _facts(self, at: int) -> OrderFacts:
        customer = at % CUSTOMERS
        return OrderFacts(
            order_id=self.number(at),
            version=1,
            contract_number=f"CL-{at}",
            customer_code=f"C{customer}",
            customer_name=f"客户{customer}",
            salesperson_id=rep(at % self._reps),
            amount=Money(1_000_00),
            signed_at=MONTH + timedelta(hours=1, seconds=at),
            state=OrderState.ACTIVE,
            cancelled_at=None,
            technical_service=False,
            lines=(),
        )


def _customer(number: int) -> Customer:
    return Customer(f"id-C{number}", 1, MONTH, f"C{number}", f"客户{number}", "A", "A", "医疗")
