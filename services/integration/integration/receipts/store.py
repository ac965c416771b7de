"""SQL of bank accounts, statements and entries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Row,
    Table,
    Text,
    Uuid,
    and_,
    cast,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.kernel.ids import new_id
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from integration.receipts.books_store import have_books_alone
from integration.receipts.chain_store import chains
from integration.receipts.rules import Balance, Entry, Statement
from integration.tables import bank_account, bank_entry, bank_line, bank_statement

Key = tuple[date, str]
# The state of a booking that its statement no longer tells, once corrected.
WITHDRAWN = "withdrawn"
IS_RECEIPT = and_(bank_entry.c.credit, bank_entry.c.state != WITHDRAWN)
# Formats differ in which day they call the booking date, and people copy wrong ones.
APART = timedelta(days=4)


# -- accounts and statements ---------------------------------------------------------------------------------------


def lock_account(tx: Transaction, account: str) -> Row[Any]:
    """One statement at a time."""
    have_books_alone(tx)
    tx.execute(upsert(bank_account).values(account=account).on_conflict_do_nothing())
    return tx.execute(select(bank_account).where(bank_account.c.account == account).with_for_update()).one()


def accounts(tx: Transaction) -> Sequence[Row[Any]]:
    return tx.execute(select(bank_account).order_by(bank_account.c.account).with_for_update()).all()


def keep_account(tx: Transaction, account: str, **values: Any) -> None:
    tx.execute(update(bank_account).where(bank_account.c.account == account).values(**values))


def keep_balance(tx: Transaction, account: str, balance: Balance) -> None:
    keep_account(tx, account, balance_fen=balance.fen, balance_at=balance.at)


@dataclass(frozen=True)
class Origin:
    """Where a statement came from. `number`: by which the source is asked what follows; None of a file by hand.

    `whole`: all of the statement comes, in one part or several; else something of it from the quarantine.
    `alone`: one entry of it, which says nothing of the statement itself.
    """

    place: str
    run_id: str
    sha256: str = ""
    number: int | None = None
    whole: bool = True
    alone: bool = False


def save_statement(tx: Transaction, statement: Statement, origin: Origin) -> str:
    """The statement's id. One that comes again replaces what it said of itself, not where it first came from."""
    fresh = upsert(bank_statement).values(
        id=new_id(),
        **asdict(statement),
        place=origin.place,
        sha256=origin.sha256,
        run_id=origin.run_id,
        source_number=origin.number,
    )
    again: dict[str, Any] = {name: fresh.excluded[name] for name in asdict(statement)}
    again["source_number"] = func.coalesce(fresh.excluded.source_number, bank_statement.c.source_number)
    unique = [bank_statement.c.account, bank_statement.c.format, bank_statement.c.sequence]
    saved = fresh.on_conflict_do_update(index_elements=unique, set_=again)
    return str(tx.execute(saved.returning(bank_statement.c.id)).scalar_one())


def held(tx: Transaction, statement: Statement) -> Row[Any] | None:
    """The statement of the same place as it was told before."""
    query = select(bank_statement).where(
        bank_statement.c.account == statement.account,
        bank_statement.c.format == statement.format,
        bank_statement.c.sequence == statement.sequence,
    )
    return tx.execute(query).one_or_none()


def adds_up(tx: Transaction, statement_id: str, statement: Statement) -> bool:
    """Opening + lines = closing."""
    told = select(func.coalesce(func.sum(bank_line.c.signed_fen), 0)).where(bank_line.c.statement_id == statement_id)
    return statement.opening_fen + int(tx.execute(told).scalar_one()) == statement.closing_fen


# -- entries -------------------------------------------------------------------------------------------------------


def _near(table: Table, keys: Collection[Key]) -> ColumnElement[bool]:
    """Any of the days with any of the serials, which may be a few more than `keys`: two lists that the index takes as
    they are. A thousand pairs of parameters cost more than what they ask for.
    """
    days, serials = {day for day, _ in keys}, {serial for _, serial in keys}
    on_days = table.c.booked_on == func.any(cast(sorted(days), ARRAY(Date)))
    return and_(on_days, table.c.serial == func.any(cast(sorted(serials), ARRAY(Text))))


def lines(tx: Transaction, statement: Statement, keys: Collection[Key]) -> dict[Key, Row[Any]]:
    """What any statement of this format told before under these keys; the entries are locked."""
    wanted = _near(bank_line, keys)
    query = (
        select(
            bank_line.c.booked_on.label("told_on"),
            bank_line.c.serial.label("told_as"),
            bank_line.c.content_hash.label("said"),
            bank_entry,
        )
        .join(bank_entry, bank_entry.c.id == bank_line.c.entry_id)
        .where(bank_line.c.account == statement.account, bank_line.c.format == statement.format, wanted)
    )
    # In the order in which waiting receipts are locked, so that the two never wait for each other.
    found = tx.execute(query.order_by(bank_entry.c.booked_on, bank_entry.c.id).with_for_update(of=bank_entry))
    told = {key: row for row in found if (key := (row.told_on, row.told_as)) in keys}
    return told | origins(tx, statement, set(keys) - told.keys(), withdrawn=False)


def origins(tx: Transaction, statement: Statement, keys: Collection[Key], *, withdrawn: bool) -> dict[Key, Row[Any]]:
    """Entries that this format told first under these keys, whatever became of its lines, locked."""
    if not keys:
        return {}
    query = select(
        bank_entry.c.booked_on.label("told_on"),
        bank_entry.c.serial.label("told_as"),
        bank_entry.c.content_hash.label("said"),
        bank_entry,
    ).where(
        bank_entry.c.account == statement.account,
        bank_entry.c.format == statement.format,
        _near(bank_entry, keys),
        (bank_entry.c.state == WITHDRAWN) == withdrawn,
    )
    found = tx.execute(query.order_by(bank_entry.c.booked_on, bank_entry.c.id).with_for_update())
    return {key: row for row in found if (key := (row.told_on, row.told_as)) in keys}


def said(tx: Transaction, statement: Statement, keys: Collection[Key]) -> Sequence[Row[Any]]:
    """What each statement of this format told under these keys."""
    query = select(bank_line).where(
        bank_line.c.account == statement.account, bank_line.c.format == statement.format, _near(bank_line, keys)
    )
    return [row for row in tx.execute(query) if (row.booked_on, row.serial) in keys]


def untold(tx: Transaction, statement: Statement, amounts: set[int], days: tuple[date, date]) -> Sequence[Row[Any]]:
    """Entries of other formats that this one has not told of yet, locked.

    The formats are named, so that a large statement is not looked through again for each of its own parts.
    """
    others = sorted(chains(tx, statement.account).keys() - {statement.format})
    if not others:
        return ()
    told = exists().where(bank_line.c.entry_id == bank_entry.c.id, bank_line.c.format == statement.format)
    query = select(bank_entry).where(
        bank_entry.c.account == statement.account,
        bank_entry.c.booked_on.between(*days),
        bank_entry.c.amount_fen.in_(sorted(amounts)),
        bank_entry.c.format == func.any(others),
        ~told,
    )
    return tx.execute(query.order_by(bank_entry.c.booked_on, bank_entry.c.id).with_for_update()).all()


def put_lines(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """What this statement says now replaces what it said before."""
    if rows:
        fresh = upsert(bank_line)
        said = {name: fresh.excluded[name] for name in ("signed_fen", "content_hash", "entry_id", "run_id")}
        unique = [bank_line.c.statement_id, bank_line.c.booked_on, bank_line.c.serial]
        tx.execute(fresh.on_conflict_do_update(index_elements=unique, set_=said), rows)


def drop_lines(tx: Transaction, statement_id: str, run_id: str) -> list[str]:
    """What the statement told once and does not tell in this run; ids of entries that nothing tells any more."""
    old = delete(bank_line).where(bank_line.c.statement_id == statement_id, bank_line.c.run_id != run_id)
    dropped = set(tx.execute(old.returning(bank_line.c.entry_id)).scalars())
    still = set(tx.execute(select(bank_line.c.entry_id).where(bank_line.c.entry_id.in_(dropped))).scalars())
    return sorted(dropped - still)


def entry_of(row: Row[Any]) -> Entry:
    return Entry(**{name: getattr(row, name) for name in Entry.__dataclass_fields__})


def add_entries(tx: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        tx.execute(insert(bank_entry), rows)


def change_entry(tx: Transaction, entry_id: str, values: dict[str, Any]) -> None:
    changed = update(bank_entry).where(bank_entry.c.id == entry_id)
    tx.execute(changed.values(**values, version=bank_entry.c.version + 1))


# -- receipts ------------------------------------------------------------------------------------------------------


_WAITING = (bank_entry.c.state.in_(("waiting", "partly_claimed")), ~bank_entry.c.left_to_people)


def locked_receipt(tx: Transaction, receipt_id: str) -> Row[Any] | None:
    query = select(bank_entry).where(bank_entry.c.id == receipt_id, IS_RECEIPT)
    return tx.execute(query.with_for_update()).one_or_none()


def locked_entry(tx: Transaction, entry_id: str) -> Row[Any]:
    """Money in or out."""
    return tx.execute(select(bank_entry).where(bank_entry.c.id == entry_id).with_for_update()).one()


def lock_entries(tx: Transaction, entry_ids: Iterable[str]) -> None:
    """In the order of their days."""
    wanted = cast(sorted(entry_ids), ARRAY(Uuid(as_uuid=False)))
    query = select(bank_entry.c.id).where(bank_entry.c.id == func.any(wanted))
    tx.execute(query.order_by(bank_entry.c.booked_on, bank_entry.c.id).with_for_update())


def lock_waiting(tx: Transaction) -> None:
    """All that rules may still claim."""
    every = select(bank_entry.c.id).where(*_WAITING).order_by(bank_entry.c.booked_on, bank_entry.c.id)
    # Counted by the database: the driver would hold all their ids.
    tx.execute(select(func.count()).select_from(every.with_for_update().subquery()))


def receipt(tx: Transaction, receipt_id: str) -> Row[Any] | None:
    return tx.execute(select(bank_entry).where(bank_entry.c.id == receipt_id, IS_RECEIPT)).one_or_none()


def waiting(tx: Transaction, limit: int, after: tuple[date, str] | None = None) -> Sequence[Row[Any]]:
    """Receipts that rules may still claim, oldest first, locked."""
    query = select(bank_entry).where(*_WAITING)
    if after is not None:
        query = query.where(tuple_(bank_entry.c.booked_on, bank_entry.c.id) > after)
    return tx.execute(query.order_by(bank_entry.c.booked_on, bank_entry.c.id).limit(limit).with_for_update()).all()


def leave_to_people(tx: Transaction, receipt_id: str) -> None:
    tx.execute(update(bank_entry).where(bank_entry.c.id == receipt_id).values(left_to_people=True))


def set_claimed(tx: Transaction, receipt_id: str, claimed_fen: int, state: str) -> None:
    changed = update(bank_entry).where(bank_entry.c.id == receipt_id)
    tx.execute(changed.values(claimed_fen=claimed_fen, state=state))


def receipts(
    tx: Transaction, page: Page, *, states: Sequence[str], days: tuple[date, date] | None, text: str
) -> Sequence[Row[Any]]:
    """Latest booked first. `days`: from the first up to but not including the second."""
    query = select(bank_entry).where(IS_RECEIPT)
    if states:
        query = query.where(bank_entry.c.state.in_(states))
    if days:
        query = query.where(bank_entry.c.booked_on >= days[0], bank_entry.c.booked_on < days[1])
    if text:
        fields = (bank_entry.c.payer_name, bank_entry.c.remark, bank_entry.c.serial, bank_entry.c.end_to_end_id)
        query = query.where(or_(*(each.contains(text, autoescape=True) for each in fields)))
    if page.after:
        last = (date.fromisoformat(page.after["on"]), page.after["id"])
        query = query.where(tuple_(bank_entry.c.booked_on, bank_entry.c.id) < last)
    ordered = query.order_by(bank_entry.c.booked_on.desc(), bank_entry.c.id.desc())
    return tx.execute(ordered.limit(page.limit)).all()
