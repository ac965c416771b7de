"""An entry from the quarantine goes back into the statement it was put aside from (N1.2, N2.2).

Alone it has a document of its own, whose balances say nothing of the statement: they would move its closing back.
"""

from __future__ import annotations

from dataclasses import replace

from integration.feeds.rules import Raw, Rejection
from integration.receipts.documents import Part, in_other_currency
from integration.receipts.rules import Statement
from integration.receipts.store import Origin


def brought_home(part: Part, home: Statement, origin: Origin) -> Part:
    """The part as one of its statement; an entry in another currency than the statement's is still none of it."""
    entries, rejections = [], list(part.rejections)
    for each in part.entries:
        refusal = in_other_currency(each, home)
        if refusal is None:
            entries.append(each)
        else:
            rejections.append(Rejection(Raw(origin.place, ""), refusal.en, refusal.zh, refusal.field))
    return replace(part, statement=home, entries=tuple(entries), rejections=tuple(rejections))
