"""HR: the full list once, then what changed since the cursor, every five minutes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from pydantic import SecretStr

from chassis.config import Settings, load
from chassis.unit_of_work import Transaction
from integration.directory import store as directory
from integration.directory.refresh_duties import refresh_duties
from integration.directory.rules import honest_as_of
from integration.directory.take_employees import take_employees, take_units
from integration.feeds.connector import Page, PolicyOf
from integration.feeds.errors import SourceFailed
from integration.feeds.policy import FeedRule
from integration.feeds.rules import Outcome, Proof, Raw, decoded, shape_of
from integration.feeds.source import Access, Source

PAGE = 500


class HrSettings(Settings):
    hr_url: str = ""
    hr_key: SecretStr = SecretStr("")
    hr_key_ends: date | None = None


class HrConnector:
    feed = "hr"
    # Leads are held while nobody can be verified, so HR is asked again soon after it failed.
    rule = FeedRule(
        cadence_seconds=300, max_lag_seconds=900, retry_seconds=5, timeout_seconds=5, breaker_rest_seconds=5
    )

    def __init__(self, settings: HrSettings, policy: PolicyOf) -> None:
        self.access = Access("hr", settings.hr_url, settings.hr_key, settings.hr_key_ends)
        self._policy = policy

    def pages(self, source: Source, checkpoint: str, now: datetime) -> Iterator[Page]:
        """The cursor moves at the end only: a full list that broke off starts over."""
        units = _list(source.json("units"), "units")
        full, number = not checkpoint, 1
        named: list[str] = []
        while True:
            body = self._ask(source, checkpoint, number)
            people = _list(body, "employees")
            named += [str(each.get("employeeId")) for each in people if isinstance(each, dict)]
            following = body.get("nextPage")
            facts = {"as_of": _instant(body), "units": units} | ({"named": named} if full else {})
            raws = [
                Raw(f"page {number}, employee {row}", json.dumps(each, ensure_ascii=False))
                for row, each in enumerate(people, start=1)
            ]
            yield Page(raws, checkpoint if following else _cursor(body), facts)
            if not following:
                return
            number += 1

    def take(self, tx: Transaction, page: Page, run_id: str) -> Outcome:
        take_units(tx, page.facts.get("units", ()))
        return take_employees(tx, page.records, page.facts.get("as_of"), self._policy("duties"))

    def finish(self, tx: Transaction, facts: Mapping[str, Any]) -> Proof | None:
        """Renews the age of everybody the answer covers; after a full list, not of those it no longer names."""
        if "as_of" not in facts:
            return None
        if "named" in facts:
            directory.hold_as_of(tx, directory.not_named(tx, facts["named"]), directory.as_of(tx))
        refresh_duties(tx, self._policy("duties"))
        as_of = honest_as_of(facts["as_of"], tx.now)
        directory.renew_as_of(tx, as_of)
        return Proof(as_of)

    def shape(self, page: Page) -> set[str]:
        return shape_of(decoded(each) for each in page.records)

    def _ask(self, source: Source, checkpoint: str, number: int) -> dict[str, Any]:
        if checkpoint:
            body = source.json("employees/delta", since=checkpoint, page=number, size=PAGE)
        else:
            body = source.json("employees/full", page=number, size=PAGE)
        if not isinstance(body, dict):
            raise SourceFailed("schema", "the answer is no object")
        return body


def connector(policy: PolicyOf) -> HrConnector:
    return HrConnector(load(HrSettings), policy)


def _list(body: Any, name: str) -> list[Any]:
    found = body.get(name) if isinstance(body, dict) else None
    if not isinstance(found, list):
        raise SourceFailed("schema", f"no list “{name}” in the answer")
    return found


def _cursor(body: dict[str, Any]) -> str:
    cursor = body.get("cursor")
    if not isinstance(cursor, str | int) or not str(cursor):
        raise SourceFailed("schema", "no cursor in the answer")
    return str(cursor)


def _instant(body: dict[str, Any]) -> datetime:
    try:
        at = datetime.fromisoformat(str(body["asOf"]))
    except (KeyError, ValueError):
        raise SourceFailed("schema", "no instant “asOf” in the answer") from None
    if at.tzinfo is None:
        raise SourceFailed("schema", "“asOf” has no time zone")
    return at
