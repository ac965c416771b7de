"""The rules that are published, each read once."""

from __future__ import annotations

from chassis.unit_of_work import Transaction
from incentives.rule_library import store
from incentives.rule_library.rules import Rule
from incentives.rule_library.store import Publication


class Rulebook:
    """Asks in the transaction that judges what is published, so that a rule holds on every replica as soon as it is
    committed. A version never changes, so what it says is kept. Safe for several threads: at worst one is read twice.
    """

    def __init__(self) -> None:
        self._read: dict[Publication, Rule] = {}

    def published(self, tx: Transaction) -> list[Rule]:
        asked = store.publications(tx)
        if any(each not in self._read for each in asked):
            self._read |= {store.publication_of(rule): rule for rule in store.published(tx)}
        return [self._read[each] for each in asked]
