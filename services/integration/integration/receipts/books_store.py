"""The one order of locks around receipts and receivables: the books, then entries of banks, then receivables.

Who may lock many of either, in turns that nobody foresees, has the books alone: a page of a bank, a page of
receivables, matching, the posting of a back-entry. A person who claims, undoes or refunds shares the books with other
people, locks entries, the credit before the debit, and then receivables in the order of their ids. So no two of them
can wait for each other, whatever they lock: a circle would need one of them before the books and one in them. Nobody
who shares the books may ask to have them alone. A feed's row is locked before the books, always. Who locks one entry
and nothing behind it but its own claims, as a draft that matures, needs no books.

The price: a person waits for a page or a matching under way, and is told to try again after the lock time-out.
"""

from __future__ import annotations

from sqlalchemy import func, select

from chassis.unit_of_work import Transaction

# First number of the two-number advisory lock.
_BOOKS = 7_203


def have_books_alone(tx: Transaction) -> None:
    """Until the transaction ends, before its first entry or receivable. Again changes nothing."""
    tx.execute(select(func.pg_advisory_xact_lock(_BOOKS, 0)))


def share_books(tx: Transaction) -> None:
    """Until the transaction ends, before its first entry or receivable: for one receipt and what it is claimed for."""
    tx.execute(select(func.pg_advisory_xact_lock_shared(_BOOKS, 0)))
