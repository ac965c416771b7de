"""Keep a bank statement: each entry once, another content of the same entry as a correction (N1.3)."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field

from chassis.kernel.ids import new_id
from chassis.kernel.money import Money
from chassis.unit_of_work import Transaction
from integration.feeds.rules import Outcome, Raw, Rejection, content_hash
from integration.receipts import store
from integration.receipts.camt053 import NotAStatement, ReadStatement, read_statements
from integration.receipts.rules import Entry, ReceiptArrived, ReceiptCorrected, Statement, corrections


@dataclass
class Taken:
    """`recounted`: receipts whose amount, direction or currency was corrected; claims on them can't stand."""

    outcome: Outcome
    recounted: list[str] = field(default_factory=list)


def take_statement(tx: Transaction, raw: Raw, run_id: str) -> Taken:
    """A file that is no whole statement changes nothing and is one rejection."""
    taken = Taken(Outcome())
    try:
        documents = read_statements(raw)
    except NotAStatement as failure:
        taken.outcome.records = 1
        taken.outcome.rejections.append(Rejection(raw, failure.en, failure.zh, failure.field, raw.place))
        return taken
    for each in documents:
        _take(tx, each, raw, run_id, taken)
    taken.outcome.accepted.append(raw.place)
    return taken


def _take(tx: Transaction, read: ReadStatement, raw: Raw, run_id: str, taken: Taken) -> None:
    statement = read.statement
    account = store.lock_account(tx, statement.account)
    digest = hashlib.sha256(raw.body.encode()).hexdigest()
    statement_id = store.save_statement(tx, statement, place=raw.place, sha256=digest, run_id=run_id)
    known = store.known_entries(tx, statement, {(each.booked_on, each.serial) for each in read.entries})
    fresh: dict[tuple[object, str], Entry] = {}
    for entry in read.entries:
        key = (entry.booked_on, entry.serial)
        row = known.get(key)
        if row is not None:
            _compare(tx, row.id, store.entry_of(row), entry, taken)
        elif key in fresh:
            taken.outcome.duplicates += 1
        else:
            fresh[key] = entry
    _add(tx, statement, statement_id, list(fresh.values()))
    taken.outcome.new += len(fresh)
    taken.outcome.records += len(read.entries) + len(read.rejections)
    taken.outcome.rejections += read.rejections
    taken.outcome.accepted += read.keys
    if statement.sequence <= account.proved_sequence:
        store.keep_account(tx, statement.account, proved_sequence=statement.sequence - 1)


def _compare(tx: Transaction, entry_id: str, before: Entry, after: Entry, taken: Taken) -> None:
    found = corrections(before, after)
    if not found:
        taken.outcome.duplicates += 1
        return
    taken.outcome.corrected += 1
    values = asdict(after) | {"content_hash": content_hash(after)}
    money = {each.field for each in found} & {"amount_fen", "credit", "currency", "reversal"}
    if "credit" in money:
        values["state"] = _state(after)
    store.change_entry(tx, entry_id, values)
    for each in found:
        tx.record(ReceiptCorrected(entry_id, each.field, each.before, each.after))
    if money:
        taken.recounted.append(entry_id)


def _add(tx: Transaction, statement: Statement, statement_id: str, entries: list[Entry]) -> None:
    rows = [
        asdict(each)
        | {
            "id": new_id(),
            "statement_id": statement_id,
            "bank": statement.bank,
            "account": statement.account,
            "content_hash": content_hash(each),
            "state": _state(each),
        }
        for each in entries
    ]
    store.add_entries(tx, rows)
    for row, entry in zip(rows, entries, strict=True):
        if entry.credit:
            amount = Money(entry.amount_fen, entry.currency)
            tx.record(ReceiptArrived(row["id"], statement.account, entry.booked_on, amount, entry.payer_name))


def _state(entry: Entry) -> str:
    """Money out waits for nobody."""
    return "waiting" if entry.credit else "none"
