from __future__ import annotations

import os
import sys

from tools.tiers import apache_kafka, asyncapi_document, deployment, prometheus, typescript_client
from tools.tiers.side_by_side import run_side_by_side
from tools.tiers.tier import run_all

# The longest first, so that none is left over at the end.
TIERS = [
    apache_kafka.TIER,
    deployment.IMAGE,
    prometheus.TIER,
    deployment.CHART,
    typescript_client.TIER,
    asyncapi_document.TIER,
]


def main() -> int:
    """Arguments choose tiers by how their names begin; without one all run. One alone speaks while it runs."""
    wanted = tuple(sys.argv[1:]) or ("",)
    chosen = [tier for tier in TIERS if tier.name.startswith(wanted)]
    if not chosen:
        print(f"no tier begins with {' or '.join(wanted)}; there are: {', '.join(tier.name for tier in TIERS)}")
        return 1
    if len(chosen) > 1:
        return 0 if run_side_by_side([tier.name for tier in chosen], say=print) else 1
    return 0 if run_all(chosen, ci=os.environ.get("CI") == "true", say=print) else 1


if __name__ == "__main__":
    sys.exit(main())
