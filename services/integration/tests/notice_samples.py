"""Events that people are told of."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp

from closeloop.leads.v1 import events_pb2 as leads

TEN = Timestamp(seconds=1_773_108_000)  # 2026-03-10 10:00 in Shanghai
WHO = {"owner_id": "E00001", "owner_name": "李娜", "manager_id": "E00100", "unit": "/HQ/EAST/HZ1/"}


def overdue(step: str, lead_id: str = "L1", company_name: str = "杭州云图") -> leads.LeadResponseOverdue:
    return leads.LeadResponseOverdue(
        lead_id=lead_id, company_name=company_name, grade="A", step=step, due_at=TEN, assigned_at=TEN, **WHO
    )
