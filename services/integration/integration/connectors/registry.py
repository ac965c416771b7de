"""The company register (天眼查-like): asked about each customer by code or name, some at a time, each once a day."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from pydantic import SecretStr

from chassis.config import Settings, load
from chassis.unit_of_work import Transaction
from integration.feeds.connector import Page, PolicyOf
from integration.feeds.errors import SourceFailed
from integration.feeds.policy import FeedRule
from integration.feeds.rules import Outcome, Proof, Raw, decoded, shape_of
from integration.feeds.source import Access, Source
from integration.registry import store
from integration.registry.policy import RegistryPolicy
from integration.registry.take_companies import take_companies

# The register's own codes beside HTTP's: nothing found, no longer a customer of theirs, asked too fast.
UNKNOWN = 300000
AUTH = frozenset({300002, 300003, 300005, 300006})
TOO_FAST = 300004
RULE = FeedRule(cadence_seconds=600, max_lag_seconds=3 * 86400, requests_per_minute=60)


class RegistrySettings(Settings):
    registry_url: str = ""
    registry_key: SecretStr = SecretStr("")
    registry_key_ends: date | None = None


@dataclass
class Registry:
    """`subjects`: id, name and code of those whom this run asks about."""

    access: Access
    policy: PolicyOf
    rule: FeedRule = RULE
    subjects: Sequence[Any] = ()
    feed: str = "registry"

    def about(self, tx: Transaction) -> Registry:
        policy: RegistryPolicy = self.policy("registry")
        return replace(self, subjects=store.turn(tx, tx.now - policy.ask_again, policy.companies_per_run))

    def pages(self, source: Source, checkpoint: str, now: datetime) -> Iterator[Page]:
        for each in self.subjects:
            answer = _result(source.look_up("company", keyword=each.uscc or each.name))
            body = json.dumps({"customer_id": each.customer_id, "answer": answer}, ensure_ascii=False)
            yield Page([Raw(f"company {each.uscc or each.name}", body)], "")

    def take(self, tx: Transaction, page: Page, run_id: str) -> Outcome:
        return take_companies(tx, page.records)

    def finish(self, tx: Transaction, facts: Mapping[str, Any]) -> Proof | None:
        """Complete as of when the company asked about longest ago was asked about."""
        return Proof(store.asked_since(tx) or facts["read_at"]) if "read_at" in facts else None

    def shape(self, page: Page) -> set[str]:
        return shape_of((decoded(each) or {}).get("answer") for each in page.records)


def connector(policy: PolicyOf) -> Registry:
    settings = load(RegistrySettings)
    access = Access("registry", settings.registry_url, settings.registry_key, settings.registry_key_ends)
    return Registry(access, policy)


def _result(body: Any) -> Any | None:
    """None when the register doesn't know the company. Raises SourceFailed."""
    if body is None:
        return None
    code = body.get("error_code") if isinstance(body, dict) else None
    if code == 0 and isinstance(body.get("result"), dict):
        return body["result"]
    if code == UNKNOWN:
        return None
    if code in AUTH:
        raise SourceFailed("auth", f"error {code}")
    if code == TOO_FAST:
        raise SourceFailed("http_5xx", f"error {code}")
    raise SourceFailed("schema", f"neither “result” nor a known “error_code” in the answer: {code!r}"[:200])
