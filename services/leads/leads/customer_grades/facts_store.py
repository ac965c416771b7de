"""SQL of what customers are graded by: orders, receipts, what is open, contacts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ARRAY, Row, Text, bindparam, text
from sqlalchemy.dialects.postgresql import UUID

from chassis.kernel.calendar import instant
from chassis.unit_of_work import Transaction
from leads.customer_grades.policy import CustomerGradePolicy
from leads.customer_grades.rules import Facts
from leads.lead.rules import OPEN

_OPEN = sorted(each.value for each in OPEN)
_IDS = bindparam("ids", type_=ARRAY(UUID(as_uuid=False)))
# Each customer with the records merged into it (LD1.4); a purchase is linked to the customer that goes on.
_PARTS = """
    parts AS (
        SELECT id AS whole, id AS part FROM unnest(:ids) AS id
        UNION ALL SELECT merged_into, customer_id FROM customer WHERE merged_into = ANY (:ids)
    )"""
# Known to the ERP by its number, once orders are told at all; or by any order of it.
_REVENUE = text("""
    SELECT asked.customer_id, coalesce(sum(p.amount_fen) FILTER (WHERE p.currency = 'CNY'), 0) AS fen,
        coalesce(array_agg(DISTINCT p.currency) FILTER (WHERE p.currency <> 'CNY'), '{}') AS elsewhere,
        bool_or(c.customer_code IS NOT NULL) AND EXISTS (SELECT FROM purchase)
            OR EXISTS (SELECT FROM purchase AS o WHERE o.customer_id = asked.customer_id) AS known
    FROM unnest(:ids) AS asked (customer_id) JOIN customer AS c USING (customer_id)
    LEFT JOIN purchase AS p ON p.customer_id = asked.customer_id AND p.state = 'active'
        AND p.signed_on > :since AND p.signed_on <= :today
    GROUP BY asked.customer_id
""").bindparams(_IDS)
# Receipts name contracts: what is due of one is paid first by what came for it.
_PAYMENT = text("""
    SELECT customer_id, sum(due) AS due, sum(least(due, paid)) AS paid FROM (
        SELECT p.customer_id, p.contract_number, sum(p.amount_fen) AS due, (
            SELECT coalesce(sum(r.amount_fen), 0) FROM receipt_claim AS r
            WHERE NOT r.undone AND r.contract_number = p.contract_number AND r.currency = 'CNY'
        ) AS paid
        FROM purchase AS p
        WHERE p.customer_id = ANY (:ids) AND p.state = 'active' AND p.currency = 'CNY' AND p.contract_number <> ''
            AND p.signed_on <= :due AND p.signed_on > :since
        GROUP BY p.customer_id, p.contract_number
    ) AS contracts
    WHERE EXISTS (SELECT FROM receipt_claim WHERE NOT undone)
    GROUP BY customer_id
""").bindparams(_IDS)
_OPENED = text(f"""
    WITH {_PARTS}
    SELECT customer_id, count(*) AS open, count(*) FILTER (WHERE fen IS NULL) AS unpriced, coalesce(sum(fen), 0) AS fen
    FROM (
        SELECT whole AS customer_id, CASE WHEN budget_currency IN ('', 'CNY') THEN budget_fen END AS fen
        FROM parts JOIN lead ON lead.customer_id = part WHERE state = ANY (:open)
        UNION ALL
        SELECT whole, CASE WHEN currency IN ('', 'CNY') THEN nullif(amount_fen, 0) END
        FROM parts JOIN service_record AS s ON s.customer_id = part
        WHERE kind = 'opportunity' AND state NOT IN ('won', 'lost')
    ) AS something
    GROUP BY customer_id
""").bindparams(_IDS, bindparam("open", type_=ARRAY(Text)))  # noqa: S608 - fixed pieces
# Days of the Shanghai calendar: a day with many calls is one. Nobody answering is no contact. A customer's leads are
# those linked to it and those merged into them.
_CONTACTS = text(f"""
    WITH RECURSIVE {_PARTS}, theirs AS (
        SELECT lead_id, whole AS customer_id FROM parts JOIN lead ON lead.customer_id = part
        UNION SELECT merged.lead_id, theirs.customer_id
        FROM lead AS merged JOIN theirs ON merged.merged_into = theirs.lead_id
    ), contacts AS (
        SELECT whole AS customer_id, at FROM parts JOIN interaction AS i ON i.customer_id = part
        WHERE outcome <> 'no_answer'
        UNION ALL
        SELECT theirs.customer_id, i.at FROM theirs JOIN interaction AS i USING (lead_id) WHERE i.outcome <> 'no_answer'
        UNION ALL
        SELECT theirs.customer_id, s.at FROM theirs JOIN lead_step AS s ON s.lead_key = CAST(theirs.lead_id AS text)
    ), days AS (
        SELECT customer_id, CAST(at AT TIME ZONE 'Asia/Shanghai' AS date) AS day FROM contacts WHERE at < :until
    )
    SELECT customer_id, max(day) AS last, count(DISTINCT day) FILTER (WHERE day > :since) AS days
    FROM days GROUP BY customer_id
""").bindparams(_IDS)  # noqa: S608 - fixed pieces
# People of the file; else the roles that a lead's qualification names.
_DECIDERS = text(f"""
    WITH {_PARTS}
    SELECT customer_id, max(found) AS found FROM (
        SELECT whole AS customer_id, count(*) AS found FROM parts JOIN customer_contact AS k ON k.customer_id = part
        WHERE role <> '' AND retired_at IS NULL GROUP BY whole
        UNION ALL
        SELECT whole, cardinality(decision_chain) FROM parts JOIN lead ON lead.customer_id = part
    ) AS deciders
    GROUP BY customer_id
""").bindparams(_IDS)  # noqa: S608 - fixed pieces


def facts(tx: Transaction, customer_ids: Collection[str], today: date, policy: CustomerGradePolicy) -> dict[str, Facts]:
    """`today` in Shanghai. A fixed number of statements for however many."""
    ids = sorted(customer_ids)
    year, due = today - timedelta(days=policy.revenue_days), today - timedelta(days=policy.payment_days)
    looked_at = today - timedelta(days=policy.payment_looked_at_days)
    late = today - timedelta(days=policy.contact_days)
    until = instant(today + timedelta(days=1))
    bought = _by(tx.execute(_REVENUE, {"ids": ids, "since": year, "today": today}).all())
    paid = _by(tx.execute(_PAYMENT, {"ids": ids, "due": due, "since": looked_at}).all())
    opened = _by(tx.execute(_OPENED, {"ids": ids, "open": _OPEN}).all())
    contacts = _by(tx.execute(_CONTACTS, {"ids": ids, "since": late, "until": until}).all())
    deciders = _by(tx.execute(_DECIDERS, {"ids": ids}).all())
    return {each: _facts(*(found.get(each) for found in (bought, paid, opened, contacts, deciders))) for each in ids}


def _by(found: Sequence[Row[Any]]) -> Mapping[str, Row[Any]]:
    return {str(row.customer_id): row for row in found}


def _facts(
    bought: Row[Any] | None,
    paid: Row[Any] | None,
    opened: Row[Any] | None,
    contacts: Row[Any] | None,
    deciders: Row[Any] | None,
) -> Facts:
    return Facts(
        revenue_fen=int(bought.fen) if bought is not None and bought.known else None,
        foreign=tuple(bought.elsewhere) if bought is not None else (),
        open_fen=int(opened.fen) if opened is not None else 0,
        open_count=opened.open if opened is not None else 0,
        unpriced=opened.unpriced if opened is not None else 0,
        due_fen=int(paid.due) if paid is not None else None,
        paid_fen=int(paid.paid) if paid is not None else 0,
        last_contact=contacts.last if contacts is not None else None,
        contacts=contacts.days if contacts is not None else 0,
        deciders=deciders.found if deciders is not None else 0,
    )
