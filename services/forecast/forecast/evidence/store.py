"""SQL of evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, insert, select, update

from chassis.unit_of_work import Transaction
from forecast.evidence.rules import EvidenceState, Piece, level_of
from forecast.tables import evidence


def insert_evidence(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    return tx.execute(insert(evidence).values(**values).returning(evidence)).one()


def list_evidence(tx: Transaction, opportunity_id: str) -> Sequence[Row[Any]]:
    query = select(evidence).where(evidence.c.opportunity_id == opportunity_id)
    return tx.execute(query.order_by(evidence.c.evidence_id)).all()


def find_evidence(tx: Transaction, evidence_id: str) -> Row[Any] | None:
    return tx.execute(select(evidence).where(evidence.c.evidence_id == evidence_id)).first()


def set_state(tx: Transaction, evidence_id: str, state: EvidenceState, reason: str) -> Row[Any]:
    changed = update(evidence).where(evidence.c.evidence_id == evidence_id).values(state=state.value, reason=reason)
    return tx.execute(changed.returning(evidence)).one()


def standing_level(tx: Transaction, opportunity_id: str) -> int:
    rows = tx.execute(select(evidence.c.level, evidence.c.state).where(evidence.c.opportunity_id == opportunity_id))
    return level_of(Piece(row.level, EvidenceState(row.state)) for row in rows)
