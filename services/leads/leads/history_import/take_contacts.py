"""Contacts of the system before, into the decision chains of known customers (LD1.6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from chassis.errors import CloseloopError, Violation
from chassis.unit_of_work import Transaction
from leads.customer_file import completeness_store, contact_store
from leads.customer_file.contact_rules import Contact, ContactEntry
from leads.customer_file.keep_contacts import TooManyContacts, keep_new, new_contact, retire_contacts
from leads.customers.store import groups_of, lock_all
from leads.history_import import store
from leads.history_import.find_customers import Customers
from leads.history_import.form_rules import CONTACTS
from leads.history_import.line_rules import ContactLine
from leads.history_import.read_rules import read_contact
from leads.imports.history import Taken, TakenBack
from leads.imports.try_rows import Judged

_NO_BOSS = Violation(
    "reports_to", "is no contact of the customer; a row above has to name it.", "不是该客户已有联系人，请写在前面的行。"
)
_CHANGED = ("Somebody has changed it.", "已有人修改。")


class ContactsKind:
    form = CONTACTS

    def read(self, cells: Sequence[str], columns: Any, width: int, now: datetime) -> ContactLine:
        return read_contact(cells, columns, width, now)

    def key(self, line: ContactLine) -> str:
        whose = line.whose
        return f"{whose.code or whose.uscc or whose.name_key}/{line.name}/{line.phone}"

    def take(self, tx: Transaction, lines: Sequence[tuple[int, ContactLine]], row: Row[Any]) -> Taken:
        customers = Customers.locked(tx, [line.whose for _, line in lines])
        found = [(number, line, customers.meant(line.whose)) for number, line in lines]
        known = {each.customer_id for _, _, each in found if not isinstance(each, Violation)}
        chains = contact_store.there_all(tx, known)
        new: list[Contact] = []
        judged: list[Judged] = []
        refused: list[tuple[int, Violation]] = []
        for number, line, customer in found:
            if isinstance(customer, Violation):
                refused.append((number, customer))
                continue
            customer_id = customer.customer_id
            taken = _take(tx, customer_id, line, chains[customer_id], row.import_id)
            if isinstance(taken, Violation):
                refused.append((number, taken))
                continue
            if taken is not None:
                chains[customer_id].append(taken)
                new.append(taken)
            judged.append(Judged(number, "created" if taken else "appended", line.name, customer_id))
        keep_new(tx, new)
        completeness_store.mark(tx, chains.keys())
        return Taken(judged, refused)

    def take_back(self, tx: Transaction, row: Row[Any], most: int) -> TakenBack:
        """Retired, since a contact is never deleted."""
        met = store.next_contacts(tx, row.import_id, most)
        whose = groups_of(tx, {each.customer_id for each in met})
        lock_all(tx, whose)
        # What somebody has done with them while the locks were waited for is read anew.
        now = {each.contact_id: each for each in store.next_contacts(tx, row.import_id, most)}
        found = [now[each.contact_id] for each in met if each.contact_id in now]
        untouched = [each for each in found if each.version == 1]
        retire_contacts(tx, [(each.contact_id, each.name, each.customer_id) for each in untouched], row.revert_reason)
        completeness_store.mark(tx, whose)
        kept = {each.contact_id: (each.name, *_CHANGED) for each in found if each.version > 1}
        return TakenBack(withdrawn=len(untouched), kept=kept, more=bool(met))


def _take(
    tx: Transaction, customer_id: str, line: ContactLine, chain: Sequence[Contact], import_id: str
) -> Contact | Violation | None:
    """The new contact, none for one that is known, or why it can't be taken in."""
    if any(_same(line, each) for each in chain):
        return None
    boss = next((each for each in chain if each.name == line.reports_to), None)
    if line.reports_to and boss is None:
        return _NO_BOSS
    entry = ContactEntry(
        line.name,
        line.title,
        line.role,
        boss.contact_id if boss else None,
        line.phone,
        line.wecom_id,
        line.email,
        # One alone is the primary one: who is it already stays it.
        line.primary and not any(each.is_primary for each in chain),
    )
    try:
        return new_contact(tx, customer_id, entry, chain, import_id)
    except TooManyContacts as problem:
        return _violation("name", problem)


def _same(line: ContactLine, known: Contact) -> bool:
    if line.name != known.name:
        return False
    return not line.phone or not known.phone or line.phone == known.phone


def _violation(field: str, problem: CloseloopError) -> Violation:
    return Violation(field, problem.text_en, problem.text_zh)
