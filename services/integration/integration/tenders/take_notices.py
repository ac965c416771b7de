"""Keep notices of a site, and tell of each tender that they change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from pydantic import ValidationError

from chassis.errors import Violation
from chassis.kernel.ids import new_id
from chassis.unit_of_work import Transaction
from integration.feeds.rules import Outcome, Raw, Rejection, content_hash, decoded, refusal
from integration.feeds.version_rules import Arrival
from integration.tenders import store
from integration.tenders.record_rules import NoticeRecord, notice_of
from integration.tenders.rules import Notice, TenderPublished, arrival, tender_key, tender_of


def take_notices(tx: Transaction, site: str, records: Sequence[Raw]) -> Outcome:
    """A notice known with an earlier or the same word is a repetition; the same page twice changes nothing."""
    outcome = Outcome(records=len(records))
    told = _read(tx, site, records, outcome)
    known = store.held(tx, site, told)
    changed: dict[str, list[tuple[Notice, bytes]]] = {}
    for number, notice in told.items():
        row, content = known.get(number), content_hash(notice)
        what = arrival((row.published_at, bytes(row.content_hash)) if row else None, notice.published_at, content)
        outcome.new += what is Arrival.NEW
        outcome.corrected += what is Arrival.CORRECTED
        if what is not Arrival.DUPLICATE:
            # Once a notice is known, it stays with its tender whatever number a correction gives it.
            key = row.tender_key if row else tender_key(site, number, notice.project_number)
            changed.setdefault(key, []).append((notice, content))
    outcome.duplicates = outcome.records - outcome.new - outcome.corrected - len(outcome.rejections)
    outcome.accepted = list(told)
    _keep(tx, changed)
    return outcome


def _read(tx: Transaction, site: str, records: Iterable[Raw], outcome: Outcome) -> dict[str, Notice]:
    """The last word on each number; what can't be read is rejected in `outcome`."""
    told: dict[str, Notice] = {}
    for raw in records:
        body = decoded(raw)
        if body is None:
            outcome.rejections.append(Rejection(raw, "not a JSON object", "不是 JSON 对象"))
            continue
        key = str(body.get("number") or "")[:500]
        try:
            found = notice_of(NoticeRecord.model_validate(body), site, tx.now)
        except ValidationError as failure:
            outcome.rejections.append(refusal(raw, failure, key))
            continue
        if isinstance(found, Violation):
            en, zh = f"{found.field} {found.en}", found.zh
            outcome.rejections.append(Rejection(raw, en, zh, found.field, key))
        elif found.number not in told or told[found.number].published_at <= found.published_at:
            told[found.number] = found
    return told


def _keep(tx: Transaction, changed: dict[str, list[tuple[Notice, bytes]]]) -> None:
    """Tenders are locked by their keys, which are there before they are."""
    if not changed:
        return
    store.lock_keys(tx, changed)
    tenders = store.by_key(tx, changed)
    ids = {key: tenders[key].tender_id if key in tenders else new_id() for key in changed}
    notices = store.notices_of(tx, [row.tender_id for row in tenders.values()])
    for key, fresh in changed.items():
        by_name = {(each.site, each.number): each for each in notices.get(ids[key], ())}
        whole = by_name | {(each.site, each.number): each for each, _ in fresh}
        told, row = tender_of(whole.values()), tenders.get(key)
        if row is None or told != store.tender_of_row(row):
            version = row.version + 1 if row else 1
            store.save_tender(tx, ids[key], key, version, told)
            sites = tuple(sorted({site for site, _ in whole}))
            tx.record(TenderPublished(ids[key], version, **asdict(told) | {"budget": told.budget, "sites": sites}))
    store.save_notices(tx, ((each, ids[key], content) for key, fresh in changed.items() for each, content in fresh))
