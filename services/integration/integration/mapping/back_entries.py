"""Back-entries as contract messages."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Row

from chassis.errors import InvalidInput, Violation
from closeloop.integration.v1 import back_entry_service_pb2 as pb
from integration.back_entries.draft_back_entry import Voucher
from integration.back_entries.rules import State, allowed
from integration.mapping.common import day, instant, money, money_in

STATES = {state: pb.BackEntryState.Value(f"BACK_ENTRY_STATE_{state.upper()}") for state in State}
STATES_IN = {number: state.value for state, number in STATES.items()}
_TEXTS = (
    "voucher_number", "scan_file_id", "account", "bank_serial", "payer_name", "payer_account", "remark", "reason",
)  # fmt: skip
_KEPT = (*_TEXTS, "author_id", "finance_approver_id", "sales_approver_id", "closed_by", "closing_reason")


def voucher_in(request: pb.DraftBackEntryRequest) -> Voucher:
    """Raises InvalidInput for a day that is none."""
    return Voucher(
        **{name: getattr(request, name).strip() for name in _TEXTS},
        booked_on=_day_in(request.booked_on),
        amount=money_in(request.amount),
        is_another_receipt=request.is_another_receipt,
    )


def back_entry(row: Row[Any]) -> pb.BackEntry:
    return pb.BackEntry(
        back_entry_id=row.id,
        state=STATES[State(row.state)],
        booked_on=day(row.booked_on),
        amount=money(row.amount_fen, row.currency),
        receipt_id=row.receipt_id or "",
        differences=[pb.BackEntryDifference(**each) for each in row.differences],
        allowed=allowed(State(row.state)),
        drafted_at=instant(row.drafted_at),
        submitted_at=instant(row.submitted_at),
        finance_approved_at=instant(row.finance_approved_at),
        sales_approved_at=instant(row.sales_approved_at),
        closed_at=instant(row.closed_at),
        confirmed_at=instant(row.confirmed_at),
        **{name: getattr(row, name) for name in _KEPT},
    )


def _day_in(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput.of(Violation("booked_on", "is no day of the calendar", "日期无效")) from None
