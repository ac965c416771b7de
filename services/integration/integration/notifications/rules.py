"""Who hears of what, and in which words (N9.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from chassis.kernel.calendar import SHANGHAI, instant
from chassis.kernel.money import Money
from integration.notifications.template_rules import TEMPLATES


@dataclass(frozen=True)
class Notice:
    """One thing to tell. `people` by employee id, and everybody who holds one of `duties`.

    `dedupe`: what is told, once per person. `email_to`: those of `people` who get it by e-mail too. `urgent`: outside
    channels don't wait for the morning (A leads, feeds that are down).
    """

    kind: str
    dedupe: str
    values: Mapping[str, object]
    people: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()
    popup: bool = False
    email_to: tuple[str, ...] = ()
    urgent: bool = False
    # Everybody who is told gets it by e-mail too.
    email_all: bool = False


@dataclass(frozen=True)
class Words:
    severity: str
    title: str
    title_zh: str
    body: str
    body_zh: str
    link: str


@dataclass(frozen=True)
class NotificationCreated:
    notification_id: int
    recipient_id: str
    kind: str
    severity: str
    title: str
    title_zh: str
    body: str
    body_zh: str
    link: str
    created_at: datetime
    popup: bool


@dataclass(frozen=True)
class NotificationFailed:
    delivery_id: str
    recipient_id: str
    channel: str
    error: str


@dataclass(frozen=True)
class Email:
    """Chinese first: it is what most recipients read; English below."""

    subject: str
    body: str


def words_of(notice: Notice) -> Words:
    """Raises KeyError for a kind without a template or a value it needs."""
    template = TEMPLATES[notice.kind]
    said = {name: _said(value) for name, value in notice.values.items()}
    return Words(
        template.severity.value,
        template.title.format_map(said),
        template.title_zh.format_map(said),
        template.body.format_map(said),
        template.body_zh.format_map(said),
        template.link.format_map(said),
    )


def email_of(words: Words, at: datetime) -> Email:
    """With the time it happened: a mail may be held for the morning."""
    subject = f"{words.title_zh} | {words.title}"
    return Email(" ".join(subject.split()), f"{words.body_zh}\n\n{words.body}\n\n{_said(at)}\n{words.link}\n")


def send_from(at: datetime, quiet_from: time, quiet_until: time) -> datetime:
    """The first instant from `at` on that lies outside the quiet hours."""
    local = at.astimezone(SHANGHAI)
    now, over_midnight = local.time(), quiet_from > quiet_until
    if over_midnight and now >= quiet_from:
        return instant(local.date() + timedelta(days=1), quiet_until)
    if now < quiet_until and (over_midnight or now >= quiet_from):
        return instant(local.date(), quiet_until)
    return at


def pause_before(attempt: int, first: float, longest: float) -> float:
    """Seconds before the next attempt, doubled after each; `attempt` counts the ones that failed, from 1."""
    return min(first * 2.0 ** min(attempt - 1, 30), longest)


def _said(value: object) -> str:
    match value:
        case None:
            return "–"
        case datetime():
            return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
        case Money():
            return f"{'-' if value.fen < 0 else ''}¥{abs(value).yuan:,.2f}" if value.currency == "CNY" else str(value)
        case float():
            return f"{value:.2f}".rstrip("0").rstrip(".")
        case list() | tuple():
            return "、".join(str(each) for each in value)
        case _:
            return str(value)
