"""Which leads of an import were touched since by somebody, so that they stay when it is taken back (LD1.6)."""

from __future__ import annotations

from collections.abc import Collection

# Lines of the timeline that nobody but the import, the queue and the clocks wrote.
BY_ITSELF = frozenset(
    {"captured", "touched", "assigned", "held", "queued", "reminded", "overdue", "yellow", "recycle_warning"}
    | {"recycled", "recalled"}
)
# Ways to an owner that no person chose.
AUTOMATIC = frozenset({"automatic", "customer_owner", "customer_taker", "bounced"})

_WHY = {
    "accepted": ("Its owner has accepted it.", "负责人已接收。"),
    "contacted": ("The customer was contacted.", "已联系客户。"),
    "activity": ("Somebody worked on it.", "已有跟进记录。"),
    "graded": ("Somebody has graded it.", "已人工定级。"),
    "estimated": ("Somebody has estimated it.", "已有人工赢率。"),
    "converted": ("It was converted.", "已转化为商机。"),
    "disqualified": ("It was disqualified.", "已判无效。"),
    "merged": ("It was merged with another lead.", "已与其他线索合并。"),
    "reopened": ("It was reopened.", "已重新打开。"),
}
_OTHERWISE = ("Somebody has worked on it since.", "导入后已有人处理。")
_OTHER_TOUCH = ("It came in again from elsewhere.", "已有其他来源的新触点。")
_BY_HAND = ("Somebody chose its owner.", "负责人由人工指定。")


def why_it_stays(kinds: Collection[str], hows: Collection[str], *, other_touches: bool) -> tuple[str, str] | None:
    """In English and Chinese; None when nobody has touched it. `kinds` in the order of the timeline."""
    foreign = [each for each in kinds if each not in BY_ITSELF]
    if foreign:
        return _WHY.get(foreign[0], _OTHERWISE)
    if not AUTOMATIC.issuperset(hows):
        return _BY_HAND
    return _OTHER_TOUCH if other_touches else None
