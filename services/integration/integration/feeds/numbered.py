"""Pages of a source that numbers its records: what was passed over first, then what is new."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from integration.feeds.errors import SourceFailed
from integration.feeds.sequence_rules import Progress, advance, completed

# Records after a number, each with its own under "seq", in whatever order.
Pull = Callable[[int], list[dict[str, Any]]]


def numbered_pages(
    pull: Pull, checkpoint: str, now: datetime, kept: timedelta
) -> Iterator[tuple[list[dict[str, Any]], Progress]]:
    """Each page with where it brings us, ended by an empty one. `kept`: how long the source can fill a gap.

    Raises SourceFailed when a source goes round in circles.
    """
    progress = Progress.of(checkpoint)
    for gap in progress.gaps:
        late = [each for each in pull(gap.first - 1) if gap.first <= each["seq"] <= gap.last]
        if late:
            progress = advance(progress, (each["seq"] for each in late), now)
            yield _ordered(late), progress
    while records := pull(progress.last):
        before, progress = progress.last, advance(progress, (each["seq"] for each in records), now)
        if progress.last <= before:
            raise SourceFailed("schema", "the numbers of records do not grow")
        yield _ordered(records), progress
    yield [], completed(progress, now, now - kept)


def _ordered(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(records, key=lambda each: int(each["seq"]))
