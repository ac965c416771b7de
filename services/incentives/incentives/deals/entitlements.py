"""What the rules of its signing time give for a deal at a place in history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from chassis.kernel.money import Money
from incentives.deals.rules import Reason
from incentives.evaluation.evaluator import Evaluator
from incentives.evaluation.rules import Failure, Verdict
from incentives.ledger.rules import Award, Place
from incentives.rule_library.formula_rules import formula
from incentives.rule_library.policy import BonusPolicy
from incentives.rule_library.rules import Rule, effective


@dataclass
class Entitlements:
    """Remembers by which verdict each award came about, and what failed."""

    deals: Mapping[str, Row[Any]]
    rules: Sequence[Rule]
    evaluator: Evaluator
    policy: BonusPolicy
    failures: dict[tuple[str, str], Failure] = field(default_factory=dict)
    _reached: dict[tuple[str, str], tuple[Rule, Mapping[str, Any], Verdict]] = field(default_factory=dict)

    def __call__(self, deal_key: str, place: Place) -> Mapping[Award, int]:
        """A rule that fails gives nothing and hinders no other (I1.3)."""
        row = self.deals[deal_key]
        history = {"customerOrderNumber": place.customer_order, "repOrderNumber": place.rep_order}
        context = {**row.context, "history": history}
        found: dict[Award, int] = {}
        for rule in effective(self.rules, row.signed_at):
            verdict = self._judge(rule, context)
            self._reached[deal_key, rule.rule_id] = rule, context, verdict
            if verdict.bonus_fen is None:
                self.failures[deal_key, rule.rule_id] = verdict.failures[0]
            elif verdict.bonus_fen:
                found[Award(rule.rule_id, row.salesperson_id)] = verdict.bonus_fen
        return found

    def _judge(self, rule: Rule, context: Mapping[str, Any]) -> Verdict:
        verdict = self.evaluator.evaluate(rule.digest, rule.model, context)
        if verdict.bonus_fen is not None and verdict.bonus_fen > self.policy.largest_bonus_fen:
            shown = Money(verdict.bonus_fen).yuan
            return Verdict(None, verdict.hits, (Failure("", f"{shown} is too large a bonus.", f"奖励 {shown} 过大。"),))
        return verdict

    def explain(self, deal_key: str, award: Award, fen: int) -> tuple[Rule, str, str]:
        """The rule and its formula in both languages, at the place the deal has in the end."""
        rule, context, verdict = self._reached[deal_key, award.rule_id]
        return rule, *formula(rule.model, context, verdict.hits, fen)

    def reasons(self, deal_key: str) -> list[Reason]:
        return [
            Reason("rule_failed", f"{rule_id}: {_at(each)}{each.error}", f"{rule_id}：{_at(each)}{each.error_zh}")
            for (key, rule_id), each in sorted(self.failures.items(), key=lambda item: item[0])
            if key == deal_key
        ]


def _at(failure: Failure) -> str:
    return f"{failure.place}: " if failure.place else ""
