"""What a recorded split must be (I2.2, I8.1)."""

from __future__ import annotations

from collections.abc import Mapping

from chassis.errors import FailedPrecondition, NotFound, Violation
from incentives.rule_library.terms_rules import WHOLE, percent


class DealNotFound(NotFound):
    en = "There is no such order."
    zh = "没有找到该订单。"


class OwnShare(FailedPrecondition):
    en = "Nobody records a share of what they are paid by."
    zh = "不得登记与本人收益相关的分成。"


def check_shares(shares: Mapping[str, int], listed: int) -> list[Violation]:
    found = []
    if listed != len(shares):
        found.append(Violation("shares", "names somebody twice", "存在重复人员"))
    if any(not 0 < each <= WHOLE for each in shares.values()):
        found.append(Violation("shares", "each is above 0 and at most 100 %", "每项比例须大于 0 且不超过 100%"))
    whole = sum(shares.values())
    if whole != WHOLE:
        said = f"{percent(whole)} %"
        found.append(Violation("shares", f"come to {said}, not 100 %", f"比例合计 {said}，应为 100%"))
    return found
