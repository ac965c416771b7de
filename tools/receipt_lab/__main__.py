"""`python -m tools.receipt_lab SEED [RECEIPTS]`: how many of each kind, how many hard, how many claimable."""

from __future__ import annotations

import sys
from collections import Counter
from random import Random

from tools.receipt_lab.books import books
from tools.receipt_lab.payments import payments


def main(seed: int, count: int = 5_000) -> None:
    random = Random(seed)  # noqa: S311
    made = list(payments(books(2 * count, random), count, random))
    for kind, number in Counter(each.kind for each in made).most_common():
        claimable = sum(each.claimable for each in made if each.kind == kind)
        print(f"{kind:18} {number:6} of them claimable {claimable}")
    print(f"hard {sum(each.hard for each in made) / len(made):.1%}, claimable {sum(each.claimable for each in made)}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
