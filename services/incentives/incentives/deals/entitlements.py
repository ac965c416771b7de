"""What the rules of its signing time give for a deal at a place in history, and to whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from chassis.kernel.money import Money
from incentives.awards.rules import Explained, Key, told
from incentives.deals.rules import Reason
from incentives.evaluation.evaluator import Evaluator
from incentives.evaluation.rules import Failure, Verdict
from incentives.ledger.rules import Award, Place, Post
from incentives.ledger.share_rules import Outcome, Part, People, Result, outcomes, shared
from incentives.rule_library.formula_rules import formula
from incentives.rule_library.policy import BonusPolicy
from incentives.rule_library.rules import Rule, effective


@dataclass(frozen=True)
class _Reached:
    """How a rule judged a deal at the last place that it had."""

    rule: Rule
    context: Mapping[str, Any]
    verdict: Verdict
    outcome: Outcome
    parts: Sequence[Part]


@dataclass
class Entitlements:
    """Remembers by which verdict each award came about, and what failed.

    `splits`: recorded ones by deal. `unknown`: rules of which nothing can be said now, since they or another of their
    group could not be run.
    """

    deals: Mapping[str, Row[Any]]
    rules: Sequence[Rule]
    evaluator: Evaluator
    policy: BonusPolicy
    splits: Mapping[str, Mapping[str, int]]
    failures: dict[Key, Failure] = field(default_factory=dict)
    unknown: set[Key] = field(default_factory=set)
    _reached: dict[Key, _Reached] = field(default_factory=dict)

    def __call__(self, deal_key: str, place: Place) -> Mapping[Award, int]:
        """A rule that fails gives nothing and hinders no other outside its group (I1.3)."""
        row = self.deals[deal_key]
        history = {"customerOrderNumber": place.customer_order, "repOrderNumber": place.rep_order}
        context = {**row.context, "history": history}
        judged = [(rule, self._judge(rule, context)) for rule in effective(self.rules, row.signed_at)]
        decided = outcomes([Result(rule.rule_id, rule.terms, verdict.bonus_fen) for rule, verdict in judged])
        found: dict[Award, int] = {}
        for rule, verdict in judged:
            outcome, key = decided[rule.rule_id], (deal_key, rule.rule_id)
            parts = shared(outcome.fen, rule.terms, self._people(row)) if outcome.fen else []
            self._reached[key] = _Reached(rule, context, verdict, outcome, parts)
            if verdict.bonus_fen is None:
                self.failures[key] = verdict.failures[0]
            if outcome.fen is None:
                self.unknown.add(key)
            found |= {Award(rule.rule_id, part.employee_id): part.fen for part in parts if part.fen}
        return found

    def _people(self, row: Row[Any]) -> People:
        return People(row.salesperson_id, row.manager_id, row.director_id, self.splits.get(row.deal_key, {}))

    def _judge(self, rule: Rule, context: Mapping[str, Any]) -> Verdict:
        verdict = self.evaluator.evaluate(rule.digest, rule.model, context)
        if verdict.bonus_fen is not None and verdict.bonus_fen > self.policy.largest_bonus_fen:
            shown = Money(verdict.bonus_fen).yuan
            return Verdict(None, verdict.hits, (Failure("", f"{shown} is too large a bonus.", f"奖励 {shown} 过大。"),))
        return verdict

    def certain(self, posted: Mapping[Post, int]) -> dict[Post, int]:
        """Without rules that could not be run at one of their deal's places, whatever they gave at another."""
        return {
            post: fen for post, fen in posted.items() if (post.deal_key, post.award.rule_id) not in self.unknown
        }  # fmt: skip

    def explained(self, posted: Collection[Post]) -> dict[Key, Explained]:
        """Of what gives or gave something, and of what lost against another rule."""
        paid = {(post.deal_key, post.award.rule_id) for post in posted}
        return {
            key: _explain(each) for key, each in self._reached.items()
            if key not in self.unknown and (key in paid or each.verdict.bonus_fen)
        }  # fmt: skip

    def reasons(self, deal_key: str) -> list[Reason]:
        return [
            Reason("rule_failed", f"{rule_id}: {_at(each)}{each.error}", f"{rule_id}：{_at(each)}{each.error_zh}")
            for (key, rule_id), each in sorted(self.failures.items(), key=lambda item: item[0])
            if key == deal_key
        ]


def _explain(each: _Reached) -> Explained:
    rule, fen, group = each.rule, each.verdict.bonus_fen or 0, each.rule.terms.group
    return Explained(
        rule.version,
        group.name if group else "",
        fen,
        *formula(rule.model, each.context, each.verdict.hits, fen),
        told(each.outcome.lines),
        {part.employee_id: told(part.lines) for part in each.parts if part.lines},
    )


def _at(failure: Failure) -> str:
    return f"{failure.place}: " if failure.place else ""
