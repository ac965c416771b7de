"""Put a notice into inboxes, on the live stream, and in the queue of e-mails: each person once (N9.1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chassis.events import Incoming
from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from integration.duties.policy import DutiesPolicy
from integration.notifications import store
from integration.notifications.notices import NOTICES
from integration.notifications.policy import NotificationsPolicy
from integration.notifications.rules import Notice, NotificationCreated, Words, email_of, send_from, words_of

EMAIL = "email"


def notifier(
    duties: Callable[[], DutiesPolicy], policy: Callable[[], NotificationsPolicy]
) -> Callable[[Transaction, Incoming], None]:
    """A consumer that tells people about an event."""

    def tell(tx: Transaction, event: Incoming) -> None:
        for notice in NOTICES[event.type](event.message):
            notify(tx, notice, duties(), policy())

    return tell


def notify(tx: Transaction, notice: Notice, duties: DutiesPolicy, policy: NotificationsPolicy) -> None:
    words = words_of(notice)
    recipients = _recipients(tx, notice, duties)
    rows = store.add(tx, [_row(tx, notice, words, each) for each in recipients])
    for row in rows:
        facts = {
            name: getattr(row, name) for name in NotificationCreated.__dataclass_fields__ if name != "notification_id"
        }
        tx.record(NotificationCreated(notification_id=row.id, **facts))
    told = {row.recipient_id for row in rows}
    _queue_emails(tx, notice, words, sorted(told if notice.email_all else told & set(notice.email_to)), policy)


def _recipients(tx: Transaction, notice: Notice, policy: DutiesPolicy) -> list[str]:
    people = {each for each in notice.people if each}
    if notice.duties:
        wanted = set(notice.duties)
        positions = [name for name, duties in policy.positions.items() if wanted & set(duties)]
        people.update(store.holders(tx, notice.duties, positions))
    return sorted(people)


def _row(tx: Transaction, notice: Notice, words: Words, recipient_id: str) -> dict[str, object]:
    return {
        **vars(words),
        "recipient_id": recipient_id,
        "kind": notice.kind,
        "popup": notice.popup,
        "dedupe_key": f"{notice.kind}:{notice.dedupe}",
        "created_at": tx.now,
    }


def _queue_emails(
    tx: Transaction, notice: Notice, words: Words, recipients: Sequence[str], policy: NotificationsPolicy
) -> None:
    mail = email_of(words, tx.now)
    not_before = tx.now if notice.urgent else send_from(tx.now, policy.quiet_from, policy.quiet_until)
    store.queue(
        tx,
        [
            {
                "id": new_id(),
                "channel": EMAIL,
                "recipient_id": each,
                "subject": mail.subject,
                "body": mail.body,
                "dedupe_key": f"{notice.kind}:{notice.dedupe}",
                "created_at": tx.now,
                "not_before": not_before,
            }
            for each in recipients
        ],
    )
