"""Real rows of one owner in each service's tables, and what requests say about them.

`RECORDS[context](rows, owner)` puts one record of every kind there and returns its ids by the names that requests use.
`REQUESTS["LeadService/AcceptLead"]` is what a request needs beside those ids. An RPC that asks for an id nobody makes,
or for more than its ids, fails the matrix until it stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import rows_activity, rows_forecast, rows_incentives, rows_integration, rows_leads, rows_targets
from .roles import Owner
from .rows_table import Rows

Ids = Mapping[str, str]
RECORDS: Mapping[str, Callable[[Rows, Owner], Ids]] = {
    "activity": rows_activity.record,
    "forecast": rows_forecast.record,
    "incentives": rows_incentives.record,
    "integration": rows_integration.record,
    "leads": rows_leads.record,
    "targets": rows_targets.record,
}
REQUESTS: dict[str, dict[str, Any]] = {
    **rows_activity.REQUESTS,
    **rows_forecast.REQUESTS,
    **rows_incentives.REQUESTS,
    **rows_integration.REQUESTS,
    **rows_leads.REQUESTS,
    **rows_targets.REQUESTS,
}
