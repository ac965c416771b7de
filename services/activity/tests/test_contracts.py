from __future__ import annotations

from activity.bootstrap import CATALOG, MIGRATIONS
from activity.calls.rules import CallRecorded
from activity.conversations.rules import ConversationArchived
from activity.follow_ups.rules import FollowUpRecorded
from chassis import migrations


def test_events_fit_their_contracts() -> None:
    CATALOG.check([FollowUpRecorded, CallRecorded, ConversationArchived])


def test_the_migrations_make_the_tables_that_the_code_knows(world) -> None:
    migrations.check(world.service.uow.database.url, MIGRATIONS)
