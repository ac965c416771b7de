"""SQL of handovers: the head, and the items while they are worked on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select, text, update

from chassis import rows
from chassis.unit_of_work import Transaction
from leads import tables
from leads.customers import store as customers
from leads.customers.rules import Customer
from leads.handover.rules import PENDING, UNMOVED, Cause, HandoverNotFound, HandoverState, ItemState, Known

PAGE = 20
h, i, _rep = tables.handover.c, tables.handover_item.c, tables.rep.c


@dataclass(frozen=True)
class Counts:
    """Items by what became of them."""

    waiting: int
    held: int
    moved: int
    passed_on: int
    unsettled: int

    @property
    def has_moved(self) -> bool:
        """Whether anything has, be it that it has moved on since."""
        return bool(self.moved or self.passed_on)


def known(tx: Transaction, employee_ids: Collection[str]) -> dict[str, Known]:
    query = select(*(_rep[name] for name in Known.__dataclass_fields__)).where(_rep.employee_id.in_(set(employee_ids)))
    found = (dict(row._mapping) for row in tx.execute(query))
    return {row["employee_id"]: Known(**row | {"duties": frozenset(row["duties"])}) for row in found}


def owners_of_something(tx: Transaction, employee_ids: Collection[str]) -> set[str]:
    """Who of them has customers or open leads."""
    query = text(f"""
        SELECT asked.employee_id FROM unnest(CAST(:ids AS text[])) AS asked (employee_id)
        WHERE EXISTS (SELECT FROM customer AS c WHERE c.owner_id = asked.employee_id AND {customers.GOES_ON})
           OR EXISTS (SELECT FROM lead
               WHERE owner_id = asked.employee_id AND state IN ('assigned', 'accepted', 'contacted'))
    """)  # noqa: S608
    return set(tx.execute(query, {"ids": sorted(set(employee_ids))}).scalars())


def open(tx: Transaction, handover_id: str, giver: Known, cause: Cause, before: Known, policy_version: int) -> bool:
    """False when one is being prepared for the employee already. The unit is the one whose customers they are."""
    values = {
        "handover_id": handover_id,
        "employee_id": giver.employee_id,
        "name": giver.name,
        "unit": before.unit or giver.unit,
        "team": before.team or giver.team,
        "manager_id": before.manager_id or giver.manager_id,
        "cause": cause.value,
        "employee_version": giver.version,
        "state": HandoverState.OPENING.value,
        "policy_version": policy_version,
        "opened_at": tx.now,
    }
    new = text(rows.insertion(tables.handover, list(values)) + " ON CONFLICT DO NOTHING")
    return tx.execute(new, {"rows": rows.document([values])}).rowcount > 0


def unmoved_of(tx: Transaction, employee_ids: Collection[str]) -> Sequence[Row[Any]]:
    """Handovers of these givers that are not through, locked in one order."""
    states = [each.value for each in UNMOVED]
    query = select(tables.handover).where(h.employee_id.in_(set(employee_ids)), h.state.in_(states))
    return tx.execute(query.order_by(h.handover_id).with_for_update()).all()


def lock(tx: Transaction, handover_id: str) -> Row[Any]:
    """Everything that changes a handover or its items holds this. Raises HandoverNotFound."""
    return lock_all(tx, [handover_id])[handover_id]


def lock_all(tx: Transaction, handover_ids: Collection[str]) -> dict[str, Row[Any]]:
    """In one order. Raises HandoverNotFound."""
    query = select(tables.handover).where(h.handover_id.in_(set(handover_ids))).order_by(h.handover_id)
    found = {row.handover_id: row for row in tx.execute(query.with_for_update())}
    for each in handover_ids:
        if each not in found:
            raise HandoverNotFound(handover_id=each)
    return found


def at_work(tx: Transaction, state: HandoverState, after: str | None) -> Sequence[Row[Any]]:
    """A page of the drafted ones that have no plan yet, or of those that move; oldest first."""
    query = select(tables.handover).where(h.state == state.value).order_by(h.handover_id).limit(PAGE)
    if state is HandoverState.DRAFTED:
        query = query.where(h.planned_at.is_(None))
    return tx.execute(query.where(h.handover_id > after) if after else query).all()


def change(tx: Transaction, handover_id: str, **values: Any) -> None:
    tx.execute(update(tables.handover).where(h.handover_id == handover_id).values(values))


def heads(tx: Transaction, handover_id: str, limit: int | None = None, after: int = -1) -> Sequence[Row[Any]]:
    """Pending customers, and pending leads that go with none."""
    pending = i.state.in_([each.value for each in PENDING])
    query = select(tables.handover_item).where(i.handover_id == handover_id, i.goes_with.is_(None), pending)
    return tx.execute(query.where(i.position > after).order_by(i.position).limit(limit)).all()


def followers(tx: Transaction, item_ids: Collection[str]) -> Sequence[Row[Any]]:
    """Pending leads that go with these customers."""
    pending = i.state.in_([each.value for each in PENDING])
    query = select(tables.handover_item).where(i.goes_with.in_(list(item_ids)), pending).order_by(i.position)
    return tx.execute(query).all()


def lock_customers(tx: Transaction, customer_ids: Collection[str]) -> dict[str, Customer]:
    """In one order, after the leads and the reps."""
    t = tables.customer.c
    query = select(tables.customer).where(t.customer_id.in_(list(customer_ids))).order_by(t.customer_id)
    return {row.customer_id: customers.from_row(row) for row in tx.execute(query.with_for_update())}


def given_so_far(tx: Transaction, handover_id: str) -> list[tuple[str, str, int]]:
    """Taker, grade and number of the customers that have moved."""
    moved = (i.handover_id == handover_id, i.state == ItemState.MOVED.value, i.kind == "customer")
    query = select(i.taker_id, i.grade, func.count().label("number")).where(*moved).group_by(i.taker_id, i.grade)
    return [(row.taker_id, row.grade, row.number) for row in tx.execute(query)]


def save_items(tx: Transaction, changes: Iterable[Mapping[str, Any]]) -> None:
    """Rows of one shape with their item_id; the handover is locked."""
    lines = list(changes)
    if not lines:
        return
    columns = list(lines[0])
    values = ", ".join(f'"{each}" = fresh."{each}"' for each in columns if each != "item_id")
    fresh = rows.selection(tables.handover_item, columns)
    query = f"UPDATE handover_item SET {values} FROM ({fresh}) AS fresh WHERE handover_item.item_id = fresh.item_id"  # noqa: S608
    tx.execute(text(query), {"rows": rows.document(lines)})


def items(tx: Transaction, handover_id: str, item_ids: Collection[str] | None) -> Sequence[Row[Any]]:
    """Those named, or all."""
    query = select(tables.handover_item).where(i.handover_id == handover_id).order_by(i.position)
    return tx.execute(query if item_ids is None else query.where(i.item_id.in_(list(item_ids)))).all()


def counts(tx: Transaction, handover_id: str) -> Counts:
    settled = (i.state.in_(("dropped", "passed_on"))) | (
        (i.state == "moved") & i.giver_at.is_not(None) & i.taker_at.is_not(None)
    )
    query = select(
        func.count().filter(i.state == "waiting").label("waiting"),
        func.count().filter(i.state == "held").label("held"),
        func.count().filter(i.state == "moved").label("moved"),
        func.count().filter(i.state == "passed_on").label("passed_on"),
        func.count().filter(~settled).label("unsettled"),
    ).where(i.handover_id == handover_id)
    return Counts(**tx.execute(query).one()._mapping)


def takers(tx: Transaction, handover_id: str, *, unchecked: bool = False) -> tuple[str, ...]:
    """Who has items of it; or who has items that are not checked off."""
    query = select(i.taker_id).distinct().where(i.handover_id == handover_id, i.state == "moved", i.taker_id != "")
    found = tx.execute(query.where(i.taker_at.is_(None)) if unchecked else query).scalars()
    return tuple(sorted(found))


def unchecked_elsewhere(tx: Transaction, handover_id: str, taker_id: str, subjects: Collection[str]) -> list[Row[Any]]:
    """Items of other handovers that this giver took over and has not checked off: they move on with this one."""
    query = select(i.item_id, i.handover_id, i.kind, i.subject_id).where(
        i.subject_id.in_(list(subjects)),
        i.taker_id == taker_id,
        i.state == ItemState.MOVED.value,
        i.taker_at.is_(None),
        i.handover_id != handover_id,
    )
    return list(tx.execute(query).all())
