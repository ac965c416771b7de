from __future__ import annotations

import sys

from tools.pages import PAGES


def main() -> int:
    for path, render in PAGES.items():
        path.write_text(render(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
