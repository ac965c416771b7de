from __future__ import annotations

from sqlalchemy import text

from activity.bootstrap import CATALOG, MIGRATIONS
from activity.calls.rules import CallRecorded
from activity.conversations.rules import ConversationArchived
from activity.follow_ups.rules import FollowUpRecorded
from chassis import migrations


def test_events_fit_their_contracts() -> None:
    CATALOG.check([FollowUpRecorded, CallRecorded, ConversationArchived])


def test_the_migrations_make_the_tables_that_the_code_knows(world) -> None:
    migrations.check(world.service.uow.database.url, MIGRATIONS)


def test_a_database_of_the_release_before_keeps_its_messages(world) -> None:
    database = world.service.uow.database
    with database.engine.begin() as conn:
        conn.execute(text("ALTER TABLE message DROP kind, DROP recalls, DROP customer_id, DROP attachments"))
        conn.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        conn.execute(
            text(
                "INSERT INTO message (message_id, source, chat_id, sender, employee_id, from_customer,"
                " customer_external_id, text, sent_at) VALUES ('m', 'wecom', 'c', 'wm', '', true, 'wm', 'x', now())"
            )
        )
    migrations.migrate(database.url, MIGRATIONS)
    migrations.check(database.url, MIGRATIONS)
    with database.connect() as conn:
        assert conn.execute(text("SELECT kind, recalls, attachments FROM message")).one() == ("text", "", [])
