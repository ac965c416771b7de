"""Tenders as contract messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from closeloop.common.v1.money_pb2 import Money
from closeloop.integration.v1 import tender_service_pb2 as pb
from integration.mapping.common import instant, money


def tender(row: Row[Any], notices: Sequence[Row[Any]] = ()) -> pb.Tender:
    return pb.Tender(
        tender_id=row.tender_id,
        version=row.version,
        state=row.state,
        project_number=row.project_number,
        title=row.title,
        buyer=row.buyer,
        region=row.region,
        budget=_budget(row),
        published_at=instant(row.published_at),
        deadline_at=instant(row.deadline_at),
        url=row.url,
        notices=map(_notice, notices),
    )


def _notice(row: Row[Any]) -> pb.TenderNotice:
    return pb.TenderNotice(
        site=row.site,
        number=row.number,
        kind=row.kind,
        title=row.title,
        published_at=instant(row.published_at),
        url=row.url,
    )


def _budget(row: Row[Any]) -> Money | None:
    return None if row.budget_fen is None else money(row.budget_fen, row.currency)
