from __future__ import annotations

import os
import sys

from tools.tiers import typescript_client
from tools.tiers.tier import run_all

TIERS = [typescript_client.TIER]


def main() -> int:
    green = run_all(TIERS, ci=os.environ.get("CI") == "true", say=print)
    return 0 if green else 1


if __name__ == "__main__":
    sys.exit(main())
