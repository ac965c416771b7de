"""What the connectors of the ERP share: entity sets by OData delta, and the same records handed in as CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any, BinaryIO

from pydantic import SecretStr

from chassis.config import Settings
from chassis.unit_of_work import Transaction
from integration.erp.csv_file import REFUSALS, CsvFile, pages_of
from integration.erp.keep_records import Kind
from integration.feeds.connector import Page, PolicyOf
from integration.feeds.odata import changes
from integration.feeds.policy import FeedRule
from integration.feeds.rules import Outcome, Proof, Raw, decoded, shape_of
from integration.feeds.source import Access, Source


class ErpSettings(Settings):
    """A set that is named is read; what an ERP does not have stays empty. Orders and receivables are always read."""

    erp_url: str = ""
    erp_key: SecretStr = SecretStr("")
    erp_key_ends: date | None = None
    erp_products_set: str = ""
    erp_schedules_set: str = ""
    erp_deliveries_set: str = ""
    erp_invoices_set: str = ""
    erp_stock_set: str = ""
    erp_service_calls_set: str = ""


@dataclass(frozen=True)
class Documents:
    """What one feed of the ERP brings. `entity_set`: its name at the ERP; empty: only files are taken."""

    entity_set: str
    kind: Kind[Any]
    take: Callable[[Transaction, Sequence[Raw]], Outcome]


class ErpFeed:
    """`feed` and `rule` are the connector's own. It runs when its entity set is named."""

    feed = ""
    rule = FeedRule()

    def __init__(self, settings: ErpSettings, policy: PolicyOf, documents: Documents) -> None:
        url = settings.erp_url if documents.entity_set else ""
        self.access = Access("erp", url, settings.erp_key, settings.erp_key_ends)
        self._documents = documents
        self._policy = policy

    def pages(self, source: Source, checkpoint: str, now: datetime) -> Iterator[Page]:
        return changes(source, self._documents.entity_set, checkpoint)

    def pages_of(self, content: BinaryIO, place: str, sha256: str, now: datetime) -> Iterator[Page]:
        kind = self._documents.kind
        return pages_of(content, CsvFile(place, self.feed, kind.record, kind.key, self._policy("erp_files")))

    def take(self, tx: Transaction, page: Page, run_id: str) -> Outcome:
        """A whole file that waited in quarantine is read again, by today's columns; a record is JSON in one line."""
        outcome = Outcome()
        files = [raw for raw in page.records if "\n" in raw.body]
        records = [raw for raw in page.records if "\n" not in raw.body]
        for raw in files:
            for again in self.pages_of(BytesIO(raw.body.encode()), raw.place, "", tx.now):
                outcome.add(self.take(tx, again, run_id))
        if records:
            outcome.add(self._documents.take(tx, records))
        refusals = page.facts.get(REFUSALS, ())
        outcome.add(Outcome(records=len(refusals), rejections=list(refusals)))
        return outcome

    def finish(self, tx: Transaction, facts: Mapping[str, Any]) -> Proof | None:
        return Proof(facts["read_at"]) if "read_at" in facts else None

    def shape(self, page: Page) -> set[str]:
        return shape_of(decoded(each) for each in page.records)
