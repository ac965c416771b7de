"""The versioned settings of forecast."""

from __future__ import annotations

from chassis.policy import PolicySpec
from forecast.policy import CredibilityPolicy, GatePolicy, check_credibility, check_gates

GATES = PolicySpec("gates", GatePolicy, check_gates)
CREDIBILITY = PolicySpec("credibility", CredibilityPolicy, check_credibility)
SPECS = (GATES, CREDIBILITY)
