"""The lines of a month, each with its target, what was collected and how much of it that is."""

from __future__ import annotations

from chassis.feed_states import bank_state
from chassis.kernel.provenance import Provenance, provenance
from chassis.unit_of_work import Transaction
from targets.attainment import store
from targets.attainment.rules import DEFINITION, AttainmentLine, lines, scope_of
from targets.plans.rules import tree
from targets.plans.store import nodes_of_month


def view_attainment(
    tx: Transaction, *, month: str, level: str = "", subject: str = ""
) -> tuple[list[AttainmentLine], Provenance]:
    """Company first, reps last. Only what the caller may see."""
    nodes = [each.node for each in tree(nodes_of_month(tx, month, level, subject))]
    sums = store.sums_of_month(tx, month, scope_of(nodes))
    return lines(nodes, sums), provenance(DEFINITION, bank_state(tx))
