"""SQL of submissions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, insert, select

from chassis.unit_of_work import Transaction
from forecast.tables import submission


def insert_submission(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    return tx.execute(insert(submission).values(**values).returning(submission)).one()


def list_submissions(tx: Transaction, opportunity_id: str) -> Sequence[Row[Any]]:
    """Newest first."""
    query = select(submission).where(submission.c.opportunity_id == opportunity_id)
    return tx.execute(query.order_by(submission.c.submission_id.desc())).all()
