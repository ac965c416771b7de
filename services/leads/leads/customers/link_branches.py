"""A branch (分公司) is linked to its parent, in whatever order the two come in; never merged (LD1.3)."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.unit_of_work import Transaction
from leads.customers import branch_store, firm_store
from leads.normalise.name_rules import name_key, parent_key


def link_branches(tx: Transaction, names: Sequence[str]) -> None:
    """`names`: of customers that came in, branches and parents alike."""
    waiting = branch_store.unlinked_branches(tx, {name_key(each) for each in names} - {""})
    parents = {name_key(each): parent_key(each) for each in (*names, *waiting)}
    known = firm_store.by_name(tx, {each for each in parents.values() if each})
    for branch, parent in sorted(parents.items()):
        if parent in known:
            branch_store.link_branch(tx, branch, known[parent])
