"""Who gets a lead, on the real database and through the real door."""

from __future__ import annotations

import pytest

from closeloop.leads.v1 import lead_pb2
from .company import Company


def test_smoke(company: Company) -> None:
    company.hire("E1", "E2")
    lead = company.capture_a()
    assert lead.owner_id == "E1"
    assert lead.grade == lead_pb2.GRADE_A
    print(company.explain(lead.lead_id, "E2"))
