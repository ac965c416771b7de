"""A file by hand, through the feed's own path: kept whole, or quarantined with its reason (N1.1)."""

from __future__ import annotations

from collections.abc import Iterable

from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from integration.feeds import store
from integration.feeds.assess import assess
from integration.feeds.connector import Connector, Page, RuleOf
from integration.feeds.rules import Outcome, Tally


def import_file(tx: Transaction, connector: Connector, rule_of: RuleOf, pages: Iterable[Page], place: str) -> str:
    """The run's id. All in the caller's transaction: for files that are small enough."""
    name = connector.feed
    store.announce(tx, [name])
    row = store.locked(tx, name)
    run_id, tally = new_id(), Tally()
    store.start_run(tx, run_id, name, row.checkpoint, None)
    for page in pages:
        tally.add(keep_page(tx, connector, page, run_id))
    end_import(tx, connector, rule_of, run_id, tally, place)
    return run_id


def keep_page(tx: Transaction, connector: Connector, page: Page, run_id: str) -> Outcome:
    outcome = connector.take(tx, page, run_id)
    store.supersede(tx, connector.feed, outcome.accepted)
    store.put_aside(tx, connector.feed, run_id, outcome.rejections, origin="file")
    return outcome


def end_import(tx: Transaction, connector: Connector, rule_of: RuleOf, run_id: str, tally: Tally, place: str) -> None:
    name = connector.feed
    if tally.accepted:
        store.note_a_run_by_hand(tx, name)
        store.keep_proof(tx, name, connector.finish(tx, {}))
    after = store.load(tx, name).checkpoint
    store.end_run(tx, run_id, tally, checkpoint_after=after, **_result(tally))
    assess(tx, connector, rule_of(connector))
    tx.audit(action="feed.import", entity="feed", entity_id=name, after={"file": place, "new": tally.new})


def _result(tally: Tally) -> dict[str, str]:
    """A file of which nothing could be read has failed."""
    if tally.rejected and not tally.accepted:
        return {"outcome": "failed", "error_class": "parse", "error": tally.refused}
    return {"outcome": "ok"}
