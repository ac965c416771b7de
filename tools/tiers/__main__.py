from __future__ import annotations

import os
import sys

from tools.tiers import apache_kafka, asyncapi_document, deployment, prometheus, typescript_client
from tools.tiers.tier import run_all

TIERS = [
    typescript_client.TIER,
    asyncapi_document.TIER,
    deployment.CHART,
    deployment.IMAGE,
    prometheus.TIER,
    apache_kafka.TIER,
]


def main() -> int:
    """Arguments choose tiers by how their names begin; without one all run."""
    wanted = tuple(sys.argv[1:]) or ("",)
    chosen = [tier for tier in TIERS if tier.name.startswith(wanted)]
    if not chosen:
        print(f"no tier begins with {' or '.join(wanted)}; there are: {', '.join(tier.name for tier in TIERS)}")
        return 1
    green = run_all(chosen, ci=os.environ.get("CI") == "true", say=print)
    return 0 if green else 1


if __name__ == "__main__":
    sys.exit(main())
