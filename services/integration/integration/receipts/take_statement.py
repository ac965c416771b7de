"""Keep a bank's statement: each transaction once, whatever formats tell of it; a changed one as a correction (N1.3)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Any

from sqlalchemy import Row

from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from integration.feeds.rules import Outcome, content_hash
from integration.receipts import chain_store, store
from integration.receipts.bring_home import brought_home
from integration.receipts.by_hand_rules import BY_HAND, Superseded
from integration.receipts.documents import Part
from integration.receipts.home_store import find_home
from integration.receipts.ordinals import Key, keyed, numbered
from integration.receipts.rules import (
    VAGUE_OF_REVERSALS,
    Entry,
    ReceiptArrived,
    ReceiptCorrected,
    Statement,
    completed,
    corrections,
    day,
    recounted,
    twins,
)
from integration.receipts.store import Origin
from integration.receipts.supersede import entered_by_hand, supersede

MONEY = {"amount_fen", "credit", "currency", "reversal"}


@dataclass
class Taken:
    """`recounted`: receipts whose amount, direction or currency was corrected; claims on them can't stand.

    `withdrawn`: entries that a corrected statement no longer tells, nor any other. `superseded`: what a person had
    entered and the bank tells now.
    """

    outcome: Outcome = field(default_factory=Outcome)
    recounted: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    superseded: list[Superseded] = field(default_factory=list)


def take_part(tx: Transaction, part: Part, origin: Origin) -> Taken:
    """The same part twice changes nothing."""
    taken = Taken()
    store.lock_account(tx, part.statement.account)
    proved = chain_store.lock_chain(tx, part.statement.account, part.statement.format)
    home = find_home(tx, part.statement) if origin.alone else None
    part = brought_home(part, home.statement, origin) if home else part
    statement = part.statement
    before = store.held(tx, statement)
    statement_id = home.statement_id if home else store.save_statement(tx, statement, origin)
    said, taken_keys = _told_before(tx, part, statement_id, origin)
    entries = keyed(part.entries, said, taken_keys)
    ids = _take(tx, statement, statement_id, entries, taken)
    store.put_lines(tx, [_line(statement, statement_id, origin.run_id, key, entries[key], ids[key]) for key in entries])
    if origin.whole and part.first and not _is_told_again(before, statement):
        # Another piece of the account's life under the same place: what it leaves out, it does not take back.
        store.drop_lines(tx, statement_id, origin.run_id)
    if origin.whole and part.last:
        unsaid = store.drop_lines(tx, statement_id, origin.run_id)
        if statement.chained and store.adds_up(tx, statement_id, statement):
            taken.withdrawn += unsaid
    taken.outcome.records = len(part.entries) + len(part.rejections)
    taken.outcome.duplicates += len(part.entries) - len(entries)
    taken.outcome.rejections += part.rejections
    taken.outcome.accepted += part.keys
    if statement.sequence <= proved:
        chain_store.keep_chain(tx, statement.account, statement.format, statement.sequence - 1)
    return taken


def _is_told_again(before: Row[Any] | None, statement: Statement) -> bool:
    """It begins where it began."""
    if before is None:
        return False
    return (before.first_sequence, before.opening_fen) == (statement.first_sequence, statement.opening_fen)


def _told_before(
    tx: Transaction, part: Part, statement_id: str, origin: Origin
) -> tuple[dict[Key, set[bytes]], set[Key]]:
    """What this format said under these references, and which of them this statement used up in an earlier part.

    An entry from the quarantine is a late part of its statement, in the run that put it aside.
    """
    begins = part.first and origin.whole
    said: defaultdict[Key, set[bytes]] = defaultdict(set)
    used: set[Key] = set()
    asked = {(each.booked_on, each.serial) for each in part.entries}
    for ordinal in count(1):
        rows = store.said(tx, part.statement, {numbered(key, ordinal) for key in asked}) if asked else ()
        for row in rows:
            own = (row.booked_on, row.serial)
            said[own].add(bytes(row.content_hash))
            if not begins and (row.statement_id, row.run_id) == (statement_id, origin.run_id):
                used.add(own)
        asked = {key for key in asked if numbered(key, ordinal) in said}
        if not asked:
            break
    return said, used


def _take(
    tx: Transaction, statement: Statement, statement_id: str, entries: dict[Key, Entry], taken: Taken
) -> dict[Key, str]:
    """Ids of the entries: told before in this format, in another one, or never."""
    known = store.lines(tx, statement, entries)
    ids = {key: str(row.id) for key, row in known.items()}
    for key, row in known.items():
        first_told_here = (row.format, row.booked_on, row.serial) == (statement.format, *key)
        _compare(tx, row, entries[key], taken, first_told_here=first_told_here)
    unknown = {key: entry for key, entry in entries.items() if key not in known}
    if statement.format != BY_HAND:
        for key, row in entered_by_hand(tx, statement, unknown).items():
            ids[key] = str(row.id)
            _supersede(tx, row, statement, statement_id, unknown.pop(key), taken)
        for key, row in _in_other_formats(tx, statement, unknown).items():
            ids[key] = str(row.id)
            _complete(tx, row, statement, statement_id, unknown.pop(key), taken)
    for key, row in store.origins(tx, statement, set(unknown), withdrawn=True).items():
        ids[key] = str(row.id)
        _compare(tx, row, unknown.pop(key), taken, first_told_here=True)
    taken.outcome.new += len(unknown)
    return ids | _add(tx, statement, statement_id, unknown)


def _supersede(
    tx: Transaction, row: Row[Any], statement: Statement, statement_id: str, told: Entry, taken: Taken
) -> None:
    replaced = supersede(tx, row, statement, statement_id, told)
    taken.superseded.append(replaced.what)
    taken.outcome.corrected += bool(replaced.what.differences)
    taken.outcome.duplicates += not replaced.what.differences
    if replaced.recounted:
        taken.recounted.append(row.id)


def _complete(
    tx: Transaction, row: Row[Any], statement: Statement, statement_id: str, told: Entry, taken: Taken
) -> None:
    """The same transaction in another format adds what was not known; in a person's words it gives way."""
    if row.format == BY_HAND:
        _supersede(tx, row, statement, statement_id, told, taken)
        return
    taken.outcome.duplicates += 1
    before = store.entry_of(row)
    _change(tx, row.id, before, completed(before, told))


def _compare(tx: Transaction, row: Row[Any], told: Entry, taken: Taken, *, first_told_here: bool) -> None:
    """A correction is what this format says otherwise than it did itself."""
    before = store.entry_of(row)
    if bytes(row.said) == content_hash(told):
        taken.outcome.duplicates += 1
        return
    after = told if first_told_here else recounted(before, told)
    changed = _change(tx, row.id, before, after)
    taken.outcome.corrected += bool(changed)
    taken.outcome.duplicates += not changed
    if changed & MONEY:
        taken.recounted.append(row.id)


def _change(tx: Transaction, entry_id: str, before: Entry, after: Entry) -> set[str]:
    """Names of the fields that changed."""
    found = corrections(before, after)
    if not found:
        return set()
    names = {each.field for each in found}
    values = asdict(after) | {"content_hash": content_hash(after)}
    if names & {"credit", "amount_fen"}:
        values |= _state_after(before, after)
    store.change_entry(tx, entry_id, values)
    for each in found:
        tx.record(ReceiptCorrected(entry_id, each.field, each.before, each.after))
    return names


def _state_after(before: Entry, after: Entry) -> dict[str, str]:
    """A receipt that became one, or stopped being one; what is claimed is settled where claims are."""
    return {"state": state(after), "reason": "", "reason_zh": ""} if state(before) != state(after) else {}


def _in_other_formats(tx: Transaction, statement: Statement, entries: dict[Key, Entry]) -> dict[Key, Row[Any]]:
    if not entries:
        return {}
    days = [day(each) for each in entries.values()]
    amounts = {each.amount_fen for each in entries.values()}
    rows = store.untold(tx, statement, amounts, (min(days) - store.APART, max(days) + store.APART))
    keys = list(entries)
    formats = [{statement.format, row.format} for row in rows]
    vague = {index for index, each in enumerate(formats) if each & VAGUE_OF_REVERSALS}
    pairs = twins(list(entries.values()), [store.entry_of(row) for row in rows], vague)
    return {keys[index]: rows[other] for index, other in pairs.items()}


def _add(tx: Transaction, statement: Statement, statement_id: str, entries: dict[Key, Entry]) -> dict[Key, str]:
    ids = {key: new_id() for key in entries}
    rows = [
        asdict(each)
        | {
            "id": ids[key],
            "statement_id": statement_id,
            "bank": statement.bank,
            "account": statement.account,
            "format": statement.format,
            "content_hash": content_hash(each),
            "state": state(each),
            "told_at": tx.now,
        }
        for key, each in entries.items()
    ]
    store.add_entries(tx, rows)
    for key, each in entries.items():
        if state(each) == "waiting":
            amount = Money(each.amount_fen, each.currency)
            tx.record(ReceiptArrived(ids[key], statement.account, each.booked_on, amount, each.payer_name))
    return ids


def _line(
    statement: Statement, statement_id: str, run_id: str, key: Key, entry: Entry, entry_id: str
) -> dict[str, Any]:
    return {
        "statement_id": statement_id,
        "booked_on": key[0],
        "serial": key[1],
        "account": statement.account,
        "format": statement.format,
        "entry_id": entry_id,
        "run_id": run_id,
        "signed_fen": entry.signed_fen,
        "content_hash": content_hash(entry),
    }


def state(entry: Entry) -> str:
    """Money out, and a booking of nothing, wait for nobody."""
    return "waiting" if entry.credit and entry.amount_fen else "none"
