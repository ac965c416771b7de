"""Keep a new version of a rule, whatever its findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from chassis.unit_of_work import Transaction
from incentives.evaluation.evaluator import Evaluator
from incentives.rule_library import store
from incentives.rule_library.rules import GoldenExample, RuleFinding
from incentives.rule_library.terms_check_rules import check_neighbours, check_terms
from incentives.rule_library.terms_rules import NO_TERMS, Terms, stored
from incentives.rule_library.validate_rule import digest_of, validate_rule


@dataclass(frozen=True)
class RuleDraft:
    rule_id: str
    name: str
    name_zh: str
    words: str
    words_zh: str
    model: Mapping[str, Any]
    examples: Sequence[GoldenExample]
    terms: Terms = field(default_factory=Terms)


def draft_rule(tx: Transaction, evaluator: Evaluator, draft: RuleDraft) -> int:
    """The number of the new version. Returning to an old version is drafting it anew."""
    findings = [*find_in_terms(tx, draft.rule_id, draft.terms), *validate_rule(evaluator, draft.model, draft.examples)]
    store.lock_rule(tx, draft.rule_id)
    version = store.next_version(tx, draft.rule_id)
    values = {
        "rule_id": draft.rule_id,
        "version": version,
        "state": "draft",
        "name": draft.name,
        "name_zh": draft.name_zh,
        "words": draft.words,
        "words_zh": draft.words_zh,
        "model": draft.model,
        "digest": digest_of(draft.model),
        "terms": {} if draft.terms == NO_TERMS else stored(draft.terms),
        "examples": [asdict(each) for each in draft.examples],
        "findings": [asdict(each) for each in findings],
        "author": tx.identity.subject,
        "drafted_at": tx.now,
    }
    store.insert_draft(tx, values)
    after = {name: values[name] for name in ("version", "name", "words", "digest", "terms")}
    tx.audit(action="rule.draft", entity="incentive_rule", entity_id=draft.rule_id, after=after)
    return version


def find_in_terms(tx: Transaction, rule_id: str, terms: Terms) -> list[RuleFinding]:
    """As if it were published now."""
    return [*check_terms(terms), *check_neighbours(rule_id, terms, tx.now, None, store.published(tx))]
