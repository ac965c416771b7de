"""SQL that drafts a package: what the giver has, and what somebody who takes over needs to know of it (LD10.1)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import TextClause, select, text

from chassis.unit_of_work import Transaction
from leads import tables
from leads.customers import store as customers

i = tables.handover_item.c
# The last contact with a party, and what was promised to it: next steps with a due day, until a contact is recorded at
# or after that day.
_HEAR = """
    LEFT JOIN LATERAL (
        SELECT f.at, jsonb_build_object('at', f.at, 'by', f.by, 'channel', f.channel, 'need', f.need,
            'next_step', f.next_step, 'due_at', f.next_step_due_at) AS told
        FROM interaction AS f WHERE f.{party} {of} ORDER BY f.at DESC, f.reference DESC LIMIT 1
    ) AS last ON true
    LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_object('what', f.next_step, 'due_at', f.next_step_due_at, 'by', f.by,
            'reference', f.reference) ORDER BY f.next_step_due_at) AS told
        FROM interaction AS f WHERE f.{party} {of} AND f.next_step_due_at > last.at
    ) AS promised ON true"""
_PARTS = f"= {customers.parts_of('c.customer_id')}"
_COLUMNS = "item_id, handover_id, position, kind, subject_id, name, grade, industry, province, city, body"
_CUSTOMERS = text(f"""
    INSERT INTO handover_item ({_COLUMNS})
    SELECT gen_random_uuid(), :handover_id,
        :first + row_number() OVER (ORDER BY NULLIF(c.grade, '') NULLS LAST, c.name, c.customer_id),
        'customer', c.customer_id, c.name, c.grade, c.industry, c.province, c.city,
        jsonb_build_object('last', last.told, 'promises', coalesce(promised.told, '[]'))
    FROM customer AS c {_HEAR.format(party="customer_id", of=_PARTS)}
    WHERE c.owner_id = :employee_id AND {customers.GOES_ON}
        AND (CAST(:only_until AS timestamptz) IS NULL OR c.created_at <= :only_until)
    ON CONFLICT ON CONSTRAINT handover_item_once DO NOTHING
""")  # noqa: S608
_LEADS = text(f"""
    INSERT INTO handover_item ({_COLUMNS}, goes_with, latitude, longitude)
    SELECT gen_random_uuid(), :handover_id,
        :first + row_number() OVER (ORDER BY l.rank, l.captured_at, l.lead_id),
        'lead', l.lead_id, l.company_name, l.grade, l.industry, l.province, l.city,
        jsonb_build_object('state', l.state, 'need', l.need, 'last', last.told,
            'promises', coalesce(promised.told, '[]'), 'clocks', coalesce(clocks.told, '[]')),
        its.item_id, l.latitude, l.longitude
    FROM lead AS l
    LEFT JOIN handover_item AS its
        ON its.handover_id = :handover_id AND its.kind = 'customer'
        AND its.subject_id = (SELECT coalesce(merged_into, customer_id) FROM customer WHERE customer_id = l.customer_id)
        AND its.state IN ('waiting', 'held') {_HEAR.format(party="lead_id", of="= l.lead_id")}
    LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_object('kind', d.kind, 'due_at', d.due_at) ORDER BY d.due_at) AS told
        FROM deadline AS d WHERE d.subject_id = CAST(l.lead_id AS text) AND d.state = 'pending'
    ) AS clocks ON true
    WHERE l.owner_id = :employee_id AND l.state IN ('assigned', 'accepted', 'contacted')
        AND (CAST(:only_until AS timestamptz) IS NULL OR l.assigned_at <= :only_until OR its.item_id IS NOT NULL)
    ON CONFLICT ON CONSTRAINT handover_item_once DO NOTHING
""")  # noqa: S608
_NEXT = text("SELECT coalesce(max(position), 0) FROM handover_item WHERE handover_id = :handover_id")


def draft(tx: Transaction, handover_id: str, employee_id: str, only_until: object = None) -> None:
    """Customers and open leads that are not in the package yet. `only_until`: those there were by then, and leads of
    customers in the package; None: all. The handover is locked.
    """
    _add(tx, (_CUSTOMERS, _LEADS), handover_id, employee_id, only_until)


def draft_leads(tx: Transaction, handover_id: str, employee_id: str, only_until: object) -> None:
    """Leads alone: nothing tells since when a customer is the giver's."""
    _add(tx, (_LEADS,), handover_id, employee_id, only_until)


def _add(
    tx: Transaction, statements: Sequence[TextClause], handover_id: str, employee_id: str, only_until: object
) -> None:
    for statement in statements:
        first = tx.execute(_NEXT, {"handover_id": handover_id}).scalar_one()
        asked = {"handover_id": handover_id, "employee_id": employee_id, "first": first, "only_until": only_until}
        tx.execute(statement, asked)


def sizes(tx: Transaction, handover_id: str) -> tuple[int, int, int]:
    """Customers, open leads and outstanding promises."""
    query = select(i.kind, i.body["promises"].label("promises")).where(i.handover_id == handover_id)
    found = tx.execute(query).all()
    customers = sum(row.kind == "customer" for row in found)
    promises = {each["reference"] for row in found for each in row.promises}
    return customers, len(found) - customers, len(promises)
