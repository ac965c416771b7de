"""Put notices into inboxes, on the live stream, and in the queue of e-mails: each person once (N9.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from chassis.consumer import on_behalf_of
from chassis.events import Incoming
from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from integration.duties.policy import DutiesPolicy
from integration.notifications import store
from integration.notifications.notices import NOTICES
from integration.notifications.policy import NotificationsPolicy
from integration.notifications.rules import Notice, NotificationCreated, Words, email_of, send_from, words_of

EMAIL = "email"
# Channel and name of each robot.
Groups = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class _Letter:
    """A notice in its words, and those who are to have it."""

    notice: Notice
    words: Words
    recipients: Sequence[str]

    @property
    def once(self) -> str:
        return f"{self.notice.kind}:{self.notice.dedupe}"


def notifier(
    duties: Callable[[], DutiesPolicy], policy: Callable[[], NotificationsPolicy], robots: Groups = ()
) -> Callable[[Transaction, Sequence[Incoming]], None]:
    """A consumer that tells people about events, as many at once as came, and the groups that want to know."""

    def tell(tx: Transaction, events: Sequence[Incoming]) -> None:
        said = [(event, notice) for event in events for notice in NOTICES[event.type](event.message)]
        told = _put(tx, [notice for _, notice in said], duties(), policy(), robots)
        for (event, _), news in zip(said, told, strict=True):
            if news:
                with on_behalf_of(tx, event):
                    _record(tx, news)

    return tell


def notify(
    tx: Transaction, notice: Notice, duties: DutiesPolicy, policy: NotificationsPolicy, robots: Groups = ()
) -> None:
    [news] = _put(tx, [notice], duties, policy, robots)
    _record(tx, news)


def _record(tx: Transaction, news: Sequence[NotificationCreated]) -> None:
    for each in news:
        tx.record(each)


def _put(
    tx: Transaction, notices: Sequence[Notice], duties: DutiesPolicy, policy: NotificationsPolicy, robots: Groups
) -> list[list[NotificationCreated]]:
    """For each notice what is new to whom. Of notices that tell the same, the first one tells it."""
    holders = cache(lambda wanted: _holders(tx, wanted, duties))
    letters = [
        _Letter(each, words_of(each), sorted({*filter(None, each.people), *holders(each.duties)})) for each in notices
    ]
    numbers = store.add(tx, [row for letter in letters for row in _rows(letter)])
    told = [_news(tx, letter, numbers) for letter in letters]
    outside = [mail for letter, news in zip(letters, told, strict=True) for mail in _mails(letter, news, policy)]
    store.queue(tx, outside + [each for letter in letters for each in _for_groups(letter, policy, robots, tx.now)])
    return told


def _holders(tx: Transaction, wanted: Sequence[str], policy: DutiesPolicy) -> Sequence[str]:
    if not wanted:
        return ()
    positions = [name for name, duties in policy.positions.items() if set(wanted) & set(duties)]
    return store.holders(tx, wanted, positions)


def _rows(letter: _Letter) -> list[dict[str, object]]:
    shared = {
        **vars(letter.words),
        "kind": letter.notice.kind,
        "popup": letter.notice.popup,
        "dedupe_key": letter.once,
    }
    return [shared | {"recipient_id": each} for each in letter.recipients]


def _news(tx: Transaction, letter: _Letter, numbers: dict[tuple[str, str], int]) -> list[NotificationCreated]:
    """Takes its numbers away, so that a second notice of the same finds none."""
    notice, words = letter.notice, vars(letter.words)
    found = [(each, numbers.pop((each, letter.once), None)) for each in letter.recipients]
    return [
        NotificationCreated(number, each, notice.kind, created_at=tx.now, popup=notice.popup, **words)
        for each, number in found
        if number is not None
    ]


def _mails(
    letter: _Letter, news: Sequence[NotificationCreated], policy: NotificationsPolicy
) -> list[dict[str, object]]:
    """To those who are told of it now, and by mail too."""
    notice = letter.notice
    told = [each for each in news if notice.email_all or each.recipient_id in notice.email_to]
    if not told:
        return []
    shared = _shared(letter, policy, told[0].created_at)
    return [shared | {"id": new_id(), "channel": EMAIL, "recipient_id": each.recipient_id} for each in told]


def _for_groups(letter: _Letter, policy: NotificationsPolicy, robots: Groups, now: datetime) -> list[dict[str, object]]:
    """One message a group, whoever is told of it in person; the queue holds it once."""
    wanted = [(channel, name) for channel, name in robots if policy.says(name, letter.notice.kind)]
    shared = _shared(letter, policy, now) if wanted else {}
    return [shared | {"id": new_id(), "channel": channel, "recipient_id": name} for channel, name in wanted]


def _shared(letter: _Letter, policy: NotificationsPolicy, at: datetime) -> dict[str, object]:
    text = email_of(letter.words, at)
    return {
        "subject": text.subject,
        "body": text.body,
        "dedupe_key": letter.once,
        "created_at": at,
        "not_before": at if letter.notice.urgent else send_from(at, policy.quiet_from, policy.quiet_until),
    }
