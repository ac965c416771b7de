"""What feeds last said of themselves, in whatever order and however often it comes."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations

import pytest
from sqlalchemy import MetaData

from chassis.database import Database
from chassis.feed_states import bank_state, feed_state_table, note_feed
from chassis.kernel.provenance import FeedState
from chassis.unit_of_work import UnitOfWork
from libs.chassis.tests.data.workshop import ME


@pytest.mark.spec("N2.2")
def test_what_was_said_later_holds_in_whatever_order_it_is_heard(database: Database, uow: UnitOfWork) -> None:
    table = feed_state_table(MetaData())
    with database.begin() as connection:
        table.create(connection)
    said = [(FeedState("bank", complete, None), datetime(2026, 3, 10, hour, tzinfo=UTC))
            for hour, complete in ((1, False), (2, True), (3, False))]  # fmt: skip
    for order in permutations(said):
        with uow.begin(ME) as tx:
            for state, at in (*order, order[0]):
                note_feed(tx, state, at)
            assert bank_state(tx) == said[-1][0]


@pytest.mark.spec("N2.2")
def test_feeds_of_banks_are_as_complete_as_the_least_of_them_and_others_do_not_count(
    database: Database, uow: UnitOfWork
) -> None:
    table, at = feed_state_table(MetaData()), datetime(2026, 3, 10, tzinfo=UTC)
    with database.begin() as connection:
        table.create(connection)
    with uow.begin(ME) as tx:
        assert bank_state(tx) is None
        for name in ("hr", "bankers"):
            note_feed(tx, FeedState(name, False, None), at)
        assert bank_state(tx) is None
        note_feed(tx, FeedState("bank", True, at), at)
        note_feed(tx, FeedState("bank_direct", False, at), at)
        assert bank_state(tx) == FeedState("bank_direct", False, at)
