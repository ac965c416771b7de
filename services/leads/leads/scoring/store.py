"""SQL of lead scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis import rows
from chassis.unit_of_work import Transaction
from leads import tables
from leads.lead.rules import OPEN
from leads.scoring.field_rules import Facts, fields_of
from leads.scoring.model_rules import Model
from leads.scoring.quality_rules import Past, Trained

f, m, s, lead = tables.lead_fields.c, tables.score_model.c, tables.lead_score.c, tables.lead.c
_SEEN = ("lead_key", "at", "fields", "need", "roles")
_KEEP_FACTS = text(rows.insertion(tables.lead_fields, _SEEN) + " ON CONFLICT DO NOTHING")
_SCORE = ("lead_id", "model_id", "probability", "parts", "scored_at", "told")
# A consumer that still held the model before never writes over the newer one's word.
_KEEP_SCORES = text(
    rows.insertion(tables.lead_score, _SCORE)
    + " ON CONFLICT (lead_id) DO UPDATE SET model_id = excluded.model_id, probability = excluded.probability,"
    + " parts = excluded.parts, scored_at = excluded.scored_at,"
    + " told = coalesce(excluded.told, lead_score.told)"
    + " WHERE coalesce(lead_score.model_id, 0) <= excluded.model_id"
)
# Learned from at most so many, the latest: more change the parts by less than a person can see.
MOST = 50_000
_PAST = text(
    f"""
    SELECT DISTINCT ON (closed.external_id) closed.closed_at, closed.won, seen.fields
    FROM (SELECT * FROM closed_lead WHERE closed_at >= :since ORDER BY closed_at DESC LIMIT {MOST}) AS closed
    JOIN (
        SELECT lead_key, at, fields, min(at) OVER (PARTITION BY lead_key) AS first FROM lead_fields
    ) AS seen ON seen.lead_key = closed.external_id
    WHERE seen.at <= seen.first + CAST(:early AS interval)
    ORDER BY closed.external_id, seen.at DESC
    """  # noqa: S608
)


def keep_facts(tx: Transaction, known: Mapping[str, tuple[datetime, Facts]]) -> None:
    """Lead's key → since when it is known so."""
    lines = [
        {
            "lead_key": key,
            "at": at,
            "fields": fields_of(facts),
            "need": facts.need,
            "roles": facts.decision_chain,
        }
        for key, (at, facts) in known.items()
    ]
    if lines:
        tx.execute(_KEEP_FACTS, {"rows": rows.document(lines)})


def past(tx: Transaction, since: datetime, early: timedelta) -> list[Past]:
    found = tx.execute(_PAST, {"since": since, "early": early})
    return [Past(row.closed_at, row.won, row.fields) for row in found]


def add_model(tx: Transaction, made: Trained) -> int:
    """Its number."""
    values = {
        "trained_at": tx.now,
        "trained_by": tx.identity.subject,
        "fitted_on": made.fitted_on,
        "won": made.won,
        "lost": made.lost,
        "body": asdict(made.model) if made.model else None,
        "quality": made.quality.document() if made.quality else None,
        "why": made.why,
        "why_zh": made.why_zh,
    }
    return int(tx.execute(insert(tables.score_model).values(values).returning(m.model_id)).scalar_one())


def newest(tx: Transaction) -> Row[Any] | None:
    """The last training, refused or not."""
    return tx.execute(select(tables.score_model).order_by(m.model_id.desc()).limit(1)).one_or_none()


def in_force(tx: Transaction) -> tuple[int, Model] | None:
    query = select(m.model_id, m.body).where(m.body.is_not(None)).order_by(m.model_id.desc()).limit(1)
    row = tx.execute(query).one_or_none()
    return (row.model_id, Model(**row.body)) if row else None


def base_of(tx: Transaction, model_id: int) -> float:
    """Log-odds of the average lead."""
    return float(tx.execute(select(m.body["base"].as_float()).where(m.model_id == model_id)).scalar_one())


def trainings(tx: Transaction) -> tuple[Row[Any] | None, Row[Any] | None]:
    """The one in force and the last one, which may have been refused."""
    query = select(tables.score_model).where(m.body.is_not(None)).order_by(m.model_id.desc()).limit(1)
    return tx.execute(query).one_or_none(), newest(tx)


def untold(tx: Transaction) -> int | None:
    """The model in force, when open leads still wait for its word."""
    query = select(m.model_id, m.told_at).where(m.body.is_not(None)).order_by(m.model_id.desc()).limit(1)
    row = tx.execute(query).one_or_none()
    return row.model_id if row and row.told_at is None else None


def mark_told(tx: Transaction, model_id: int) -> None:
    tx.execute(update(tables.score_model).where(m.model_id == model_id).values(told_at=tx.now))


def next_open(tx: Transaction, after: str, model_id: int, limit: int) -> list[str]:
    """Open leads behind `after` by id that have no word of this model yet."""
    query = (
        select(lead.lead_id)
        .outerjoin(tables.lead_score, s.lead_id == lead.lead_id)
        .where(lead.lead_id > after, lead.state.in_(sorted(OPEN)))
        .where(or_(s.model_id.is_(None), s.model_id < model_id))
        .order_by(lead.lead_id)
        .limit(limit)
    )
    return list(tx.execute(query).scalars())


def scores(tx: Transaction, lead_ids: Sequence[str]) -> dict[str, Row[Any]]:
    query = select(tables.lead_score).where(s.lead_id.in_(lead_ids))
    return {row.lead_id: row for row in tx.execute(query)}


def keep_scores(tx: Transaction, scored: Sequence[Mapping[str, object]]) -> None:
    """Without `told`, what was told before still stands."""
    if scored:
        tx.execute(_KEEP_SCORES, {"rows": rows.document(scored)})


def keep_own(tx: Transaction, lead_id: str, probability: float | None, reason: str, told: float | None) -> None:
    """`probability` None: taken back; `told` None: then there was nothing to tell instead."""
    values = {
        "own_probability": probability,
        "own_reason": reason,
        "own_by": tx.identity.subject,
        "own_at": tx.now,
        "told": told,
    }
    statement = upsert(tables.lead_score).values(lead_id=lead_id, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=[s.lead_id], set_=values))
