"""The registry for screens: every definition, or one with all its versions (N7.1)."""

from __future__ import annotations

from chassis.errors import NotFound
from chassis.kernel.calendar import local_date
from chassis.unit_of_work import Transaction
from integration.definitions.policy import DefinitionsPolicy
from integration.definitions.rules import Named, named


class DefinitionNotFound(NotFound):
    en = "There is no definition {metric_id}."
    zh = "口径 {metric_id} 不存在。"


def list_definitions(tx: Transaction, policy: DefinitionsPolicy, concept: str) -> list[Named]:
    """As they hold today. `concept`: only definitions of it; all when empty."""
    today = local_date(tx.now)
    known = policy.definitions
    return [named(known, name, today) for name, each in sorted(known.items()) if concept in ("", each.concept)]


def get_definition(tx: Transaction, policy: DefinitionsPolicy, metric_id: str) -> Named:
    """Raises DefinitionNotFound."""
    if metric_id not in policy.definitions:
        raise DefinitionNotFound(metric_id=metric_id)
    return named(policy.definitions, metric_id, local_date(tx.now))
