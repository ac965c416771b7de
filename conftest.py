"""Settings of hypothesis for every test of the repository."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Two shared cores: how long an example takes says nothing about the code. In CI the examples are the same every time,
# so that red means a change; elsewhere they are new every time, so that they find something.
settings.register_profile(
    "closeloop", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=os.environ.get("CI") == "true"
)
settings.load_profile("closeloop")
