"""A notice as a site's list has it, in texts → a Notice, or why it can't be one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chassis.errors import Violation
from integration.feeds.rules import ShortText
from integration.tenders.rules import Kind, Notice, kind_of
from integration.tenders.text_rules import LABELS, amount_of, instant_of, labelled

# A site's clock may run ahead of ours, by not more than this.
AHEAD = timedelta(days=1)
LongText = Annotated[str, StringConstraints(max_length=20_000)]


class NoticeRecord(BaseModel):
    """Texts as found. `labels`: the site's own, put before the usual ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    title: Annotated[ShortText, Field(min_length=1)]
    url: Annotated[str, StringConstraints(max_length=2000, pattern=r"^https?://[^\s\x00]+$")]
    published: ShortText
    kind: ShortText = ""
    project_number: ShortText = ""
    buyer: ShortText = ""
    region: ShortText = ""
    budget: ShortText = ""
    deadline: ShortText = ""
    text: LongText = ""
    labels: dict[str, Sequence[str]] = Field(default_factory=dict)
    default_region: ShortText = ""


def notice_of(record: NoticeRecord, site: str, now: datetime) -> Notice | Violation:
    """What a field of its own says counts before what stands in the text."""
    published = instant_of(record.published)
    if published is None:
        return Violation("published", "is no instant", "不是有效的发布时间")
    if published > now + AHEAD:
        return Violation("published", "lies in the future", "发布时间晚于当前时间")
    if record.kind and record.kind not in list(Kind):
        return Violation("kind", "is no known kind of notice", "公告类型未知")
    return Notice(
        site=site,
        number=record.number,
        kind=Kind(record.kind) if record.kind else kind_of(record.title),
        project_number=_said(record, "project_number", record.project_number),
        title=record.title,
        buyer=_said(record, "buyer", record.buyer),
        region=_said(record, "region", record.region) or record.default_region,
        budget=amount_of(_said(record, "budget", record.budget)),
        published_at=published,
        deadline_at=instant_of(_said(record, "deadline", record.deadline)),
        url=record.url,
    )


def _said(record: NoticeRecord, field: str, told: str) -> str:
    return told or labelled(record.text, [*record.labels.get(field, ()), *LABELS[field]])
