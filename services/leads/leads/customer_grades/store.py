"""SQL of customers' grades: where each stands, what changed, and who is to be graded anew."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ARRAY, Row, Text, Uuid, any_, bindparam, func, select, text

from chassis import rows
from chassis.rpc.paging import Page
from chassis.unit_of_work import Transaction
from leads.customer_grades.rules import Kind, Part, Verdict
from leads.customer_grades.standing_rules import Override, Standing
from leads.customers.rules import Customer
from leads.customers.store import GOES_ON
from leads.customers.store import from_row as customer_of
from leads.lead.rules import Grade
from leads.tables import customer, customer_grade, customer_grade_change, customer_grade_due

t, c, h = customer_grade.c, customer.c, customer_grade_change.c
_IDS = bindparam("ids", type_=ARRAY(Uuid(as_uuid=False)))
_LOCK = select(customer).where(c.customer_id == any_(_IDS)).order_by(c.customer_id).with_for_update()
_STANDING = select(customer_grade).where(t.customer_id == any_(_IDS))
_COLUMNS = [each.name for each in customer_grade.c]
_SAVE = text(
    rows.insertion(customer_grade, _COLUMNS)
    + f" ON CONFLICT (customer_id) DO UPDATE SET {rows.replacement(_COLUMNS, 'customer_id')}"
)
_CHANGE = [each.name for each in customer_grade_change.c if each.name != "id"]
_NOTE = text(rows.insertion(customer_grade_change, _CHANGE))
_MARK = text("INSERT INTO customer_grade_due (customer_id) SELECT unnest(:ids)").bindparams(_IDS)
_MARK_OF_LEADS = text("""
    INSERT INTO customer_grade_due (customer_id)
    SELECT DISTINCT customer_id FROM lead WHERE lead_id = ANY (:ids) AND customer_id IS NOT NULL
""").bindparams(_IDS)
_MARK_OF_CONTRACTS = text("""
    INSERT INTO customer_grade_due (customer_id)
    SELECT DISTINCT customer_id FROM purchase
    WHERE contract_number <> '' AND contract_number = ANY (:contracts) AND customer_id IS NOT NULL
""").bindparams(bindparam("contracts", type_=ARRAY(Text)))
_MARK_ALL = text(f"INSERT INTO customer_grade_due (customer_id) SELECT customer_id FROM customer AS c WHERE {GOES_ON}")  # noqa: S608
_OLDEST = text("""
    SELECT DISTINCT customer_id, coalesce(c.merged_into, customer_id) AS whole_id
    FROM (SELECT customer_id FROM customer_grade_due ORDER BY id LIMIT :most) AS oldest
    LEFT JOIN customer AS c USING (customer_id)
""").columns(customer_id=Uuid(as_uuid=False), whole_id=Uuid(as_uuid=False))
_QUEUE = text("""
    SELECT (SELECT count(*) FROM customer_grade_due) AS marks,
        coalesce(extract(epoch FROM clock_timestamp() - (
            SELECT marked_at FROM customer_grade_due ORDER BY id LIMIT 1)), 0) AS seconds
""")
_LOCK_FREE = select(customer).where(c.customer_id == any_(_IDS)).with_for_update(skip_locked=True)
_UNMARK = text("""
    DELETE FROM customer_grade_due AS due
    WHERE due.customer_id = ANY (:locked)
        OR due.customer_id = ANY (:ids) AND NOT EXISTS (SELECT FROM customer AS c WHERE c.customer_id = due.customer_id)
""").bindparams(_IDS, bindparam("locked", type_=ARRAY(Uuid(as_uuid=False))))


@dataclass(frozen=True)
class Change:
    """A line of the history."""

    before: Standing
    after: Standing
    kind: Kind
    words: tuple[str, str]


def lock_customers(tx: Transaction, customer_ids: Collection[str]) -> list[Customer]:
    """In one order of locks for all who change customers."""
    return [customer_of(row) for row in tx.execute(_LOCK, {"ids": sorted(set(customer_ids))})]


def standings(tx: Transaction, customer_ids: Collection[str]) -> dict[str, Standing]:
    """Of locked customers; none for one that was never graded."""
    return {row.customer_id: _standing(row) for row in tx.execute(_STANDING, {"ids": sorted(set(customer_ids))})}


def save(tx: Transaction, kept: Sequence[Standing]) -> None:
    if kept:
        tx.execute(_SAVE, {"rows": rows.document(map(_to_row, kept))})


def note(tx: Transaction, changes: Sequence[Change]) -> None:
    if changes:
        tx.execute(_NOTE, {"rows": rows.document(_change_row(tx, each) for each in changes)})


def history(tx: Transaction, customer_id: str, page: Page) -> Sequence[Row[Any]]:
    """The latest first."""
    query = select(customer_grade_change).where(h.customer_id == customer_id)
    if page.after:
        query = query.where(h.id < page.after["id"])
    return tx.execute(query.order_by(h.id.desc()).limit(page.limit)).all()


def mark(tx: Transaction, customer_ids: Iterable[str]) -> None:
    """To be graded anew."""
    tx.execute(_MARK, {"ids": sorted(set(customer_ids))})


def mark_of_leads(tx: Transaction, lead_ids: Iterable[str]) -> None:
    tx.execute(_MARK_OF_LEADS, {"ids": sorted(set(lead_ids))})


def mark_of_contracts(tx: Transaction, contracts: Iterable[str]) -> None:
    tx.execute(_MARK_OF_CONTRACTS, {"contracts": sorted(set(contracts))})


def mark_all(tx: Transaction) -> None:
    tx.execute(_MARK_ALL)


def waiting(tx: Transaction) -> int:
    """How many customers are marked."""
    return int(tx.execute(select(func.count(customer_grade_due.c.customer_id.distinct()))).scalar_one())


def queue(tx: Transaction) -> tuple[int, float]:
    """How many marks wait, and for how many seconds the oldest has."""
    row = tx.execute(_QUEUE).one()
    return row.marks, float(row.seconds)


def take_due(tx: Transaction, most: int) -> list[Customer]:
    """Marked customers that nobody holds, locked, and marked no more: what is marked from here on stays. For one that
    was merged it is the customer that goes on.

    What the marks tell of is there to be read: they came with it. Customers that somebody holds keep their marks, and
    nobody is waited for: whoever marks a customer may hold it.
    """
    wholes = {row.customer_id: row.whole_id for row in tx.execute(_OLDEST, {"most": most})}
    asked = sorted(set(wholes.values()))
    taken = {row.customer_id: customer_of(row) for row in tx.execute(_LOCK_FREE, {"ids": asked})}
    locked = {each for each, whole in wholes.items() if whole in taken} | taken.keys()
    tx.execute(_UNMARK, {"ids": sorted(wholes), "locked": sorted(locked)})
    return list(taken.values())


def _standing(row: Row[Any]) -> Standing:
    verdict = override = None
    if row.parts is not None:
        parts = tuple(Part(**each) for each in row.parts)
        verdict = Verdict(_grade(row.computed), row.score, row.known, parts)
    if row.override:
        override = Override(
            Grade(row.override), row.override_reason, row.override_by, row.override_at, row.override_until
        )
    return Standing(row.customer_id, _grade(row.declared), verdict, override, row.policy_version, row.computed_at)


def _to_row(each: Standing) -> dict[str, Any]:
    said, verdict = each.override, each.verdict
    return {
        "customer_id": each.customer_id,
        "grade": _letter(each.grade),
        "declared": _letter(each.declared),
        "computed": _letter(each.computed),
        "score": verdict.score if verdict else None,
        "known": verdict.known if verdict else None,
        "parts": parts_of(each),
        "policy_version": each.policy_version,
        "computed_at": each.computed_at,
        "override": _letter(said.grade) if said else "",
        "override_reason": said.reason if said else "",
        "override_by": said.by if said else "",
        "override_at": said.at if said else None,
        "override_until": said.until if said else None,
    }


def _change_row(tx: Transaction, each: Change) -> Mapping[str, Any]:
    return {
        "customer_id": each.after.customer_id,
        "at": tx.now,
        "kind": each.kind.value,
        "before": _letter(each.before.grade),
        "after": _letter(each.after.grade),
        "computed_before": _letter(each.before.computed),
        "computed_after": _letter(each.after.computed),
        "parts_before": parts_of(each.before),
        "parts_after": parts_of(each.after),
        "text": each.words[0],
        "text_zh": each.words[1],
        "actor": tx.identity.subject,
        "policy_version": each.after.policy_version,
    }


def parts_of(each: Standing) -> list[dict[str, Any]] | None:
    return [asdict(part) for part in each.verdict.parts] if each.verdict else None


def _grade(letter: str) -> Grade | None:
    return Grade(letter) if letter else None


def _letter(grade: Grade | None) -> str:
    return grade.value if grade else ""
