"""What every mapping of leads needs: instants, money, states, grades, pages."""

from __future__ import annotations

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.kernel.money import Money
from closeloop.common.v1 import money_pb2, page_pb2
from closeloop.leads.v1 import (
    lead_pb2,
)
from leads.lead.rules import Grade, State

STATES = {state: lead_pb2.LeadState.Value(f"LEAD_STATE_{state.name}") for state in State}
_GRADES = {grade: lead_pb2.Grade.Value(f"GRADE_{grade.name}") for grade in Grade}
GRADE_OF = {number: grade for grade, number in _GRADES.items()}
DATUMS = {lead_pb2.DATUM_WGS84: "wgs84", lead_pb2.DATUM_GCJ02: "gcj02", lead_pb2.DATUM_BD09: "bd09"}


def grade(number: lead_pb2.Grade.ValueType) -> Grade:
    return GRADE_OF[number]


def money(message: money_pb2.Money) -> Money:
    return Money(message.fen, message.currency or "CNY")


def page(token: str) -> page_pb2.PageInfo:
    return page_pb2.PageInfo(next_token=token)


def state(value: str) -> lead_pb2.LeadState.ValueType:
    return STATES[State(value)]


def grade_shown(grade: Grade | None) -> lead_pb2.Grade.ValueType:
    return _GRADES[grade] if grade else lead_pb2.GRADE_UNSPECIFIED


def instant(at: datetime | None) -> Timestamp | None:
    if at is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp
