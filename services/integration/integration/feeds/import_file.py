"""A file by hand, through the feed's own path: kept whole, or quarantined with its reason (N1.1)."""

from __future__ import annotations

from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from integration.feeds import store
from integration.feeds.assess import assess
from integration.feeds.connector import Connector, Page, RuleOf
from integration.feeds.rules import Outcome, Raw


def import_file(tx: Transaction, connector: Connector, rule_of: RuleOf, file: Raw) -> str:
    """The run's id."""
    name = connector.feed
    store.announce(tx, [name])
    row = store.locked(tx, name)
    run_id = new_id()
    store.start_run(tx, run_id, name, row.checkpoint, None)
    outcome = connector.take(tx, Page([file], row.checkpoint), run_id)
    store.supersede(tx, name, outcome.accepted)
    store.put_aside(tx, name, run_id, outcome.rejections, origin="file")
    if outcome.accepted:
        store.note_a_run_by_hand(tx, name)
        store.keep_proof(tx, name, connector.finish(tx, {}))
    after = store.load(tx, name).checkpoint
    store.end_run(tx, run_id, outcome, checkpoint_after=after, **_result(outcome))
    assess(tx, name, rule_of(connector))
    tx.audit(action="feed.import", entity="feed", entity_id=name, after={"file": file.place, "new": outcome.new})
    return run_id


def _result(outcome: Outcome) -> dict[str, str]:
    """A file of which nothing could be read has failed."""
    if outcome.rejections and not outcome.accepted:
        return {"outcome": "failed", "error_class": "parse", "error": outcome.rejections[0].en}
    return {"outcome": "ok"}
