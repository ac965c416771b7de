"""Which two records are one customer, what the one takes over from the other, and what it gives back (LD1.3, LD1.4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from chassis.errors import FailedPrecondition, InvalidInput, Violation
from leads.customers.rules import BASE_FIELDS, Customer
from leads.duplicates.policy import DuplicatePolicy
from leads.normalise.name_rules import parent_key

# What is taken over where the record that goes on does not have it; a place is taken over whole.
_TAKEN = tuple(each for each in BASE_FIELDS if each not in ("name", "province", "city"))
_OWNER = ("owner_id", "unit")


class TwoCreditCodes(FailedPrecondition):
    en = "The customers have different credit codes: they are two firms."
    zh = "两个客户的统一社会信用代码不同，属于两家企业，不能合并。"


class BranchOfTheOther(FailedPrecondition):
    en = "One customer is a branch of the other: it is linked to it, not merged."
    zh = "其中一个客户是另一个的分公司，只能关联，不能合并。"


class CustomerIsMerged(FailedPrecondition):
    en = "The customer was merged into {customer_id} already."
    zh = "该客户已合并至 {customer_id}。"


class CustomerMergeUndone(FailedPrecondition):
    en = "The merge of the customers was undone already."
    zh = "该客户合并已撤销。"


class TooLateToPart(FailedPrecondition):
    en = "A merge of customers can be undone for {days} days."
    zh = "客户合并只能在 {days} 天内撤销。"


class CustomerMergedOn(FailedPrecondition):
    en = "The customer that went on was merged itself since: undo that merge first."
    zh = "保留的客户之后又被合并，请先撤销后一次合并。"


def check_merge(kept: Customer, merged: Customer) -> None:
    """Raises InvalidInput, CustomerIsMerged, TwoCreditCodes or BranchOfTheOther."""
    if kept.customer_id == merged.customer_id:
        raise InvalidInput.of(Violation("merged_customer_id", "is the same customer.", "是同一个客户。"))
    for each in (kept, merged):
        if each.merged_into is not None:
            raise CustomerIsMerged(customer_id=each.merged_into)
    if kept.uscc and merged.uscc and kept.uscc != merged.uscc:
        raise TwoCreditCodes
    if parent_key(kept.name) != parent_key(merged.name):
        raise BranchOfTheOther


def taken_over(kept: Customer, merged: Customer) -> dict[str, Any]:
    """Field → what only the other had; a customer since the earlier of both days."""
    missing = {name: getattr(merged, name) for name in _TAKEN if not getattr(kept, name) and getattr(merged, name)}
    if merged.city and not kept.city and kept.province in ("", merged.province):
        missing |= {"province": merged.province, "city": merged.city}
    days = [each.since for each in (kept, merged) if each.since]
    if days and min(days) != kept.since:
        missing["since"] = min(days)
    return {name: value for name, value in missing.items() if value != getattr(kept, name)}


def differences(kept: Customer, merged: Customer) -> dict[str, list[str]]:
    """Field → the value that stays and the other's, where both have one and they are not the same."""
    found = {name: [getattr(kept, name), getattr(merged, name)] for name in (*BASE_FIELDS, *_OWNER)}
    return {name: pair for name, pair in found.items() if all(pair) and pair[0] != pair[1]}


def owner_taken(kept: Customer, merged: Customer, verified: Collection[str]) -> dict[str, Any]:
    """The other's owner, where the one that goes on has none, or one who can't be verified (LD4.1); else nothing."""
    stays = kept.owner_id and (kept.owner_id in verified or merged.owner_id not in verified)
    if stays or merged.owner_id not in verified:
        return {}
    return {name: getattr(merged, name) for name in _OWNER if getattr(merged, name) != getattr(kept, name)}


def asks_for_owners(kept: Customer, merged: Customer) -> bool:
    """Whether it is open who owns both."""
    return kept.owner_id != merged.owner_id


def kept_values(before: Customer, taken: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Field → before and after, as JSON holds them."""
    return {name: [_plain(getattr(before, name)), _plain(value)] for name, value in taken.items()}


def given_back(now: Customer, taken: Mapping[str, list[Any]], verified: Collection[str]) -> dict[str, Any]:
    """Field → as it was before the merge, where nobody has changed it since. An owner comes back only if verified."""
    back = {name: _typed(name, was) for name, (was, after) in taken.items() if _plain(getattr(now, name)) == after}
    moved = [name for name in _OWNER if name in taken]
    owner = back.get("owner_id", "")
    if any(name not in back for name in moved) or (owner and owner not in verified):
        return {name: value for name, value in back.items() if name not in _OWNER}
    return back


def check_unmerge(
    merged_at: datetime, unmerged_at: datetime | None, kept: Customer, now: datetime, policy: DuplicatePolicy
) -> None:
    """Raises CustomerMergeUndone, TooLateToPart or CustomerMergedOn."""
    if unmerged_at is not None:
        raise CustomerMergeUndone
    if now > merged_at + policy.unmerge:
        raise TooLateToPart(days=policy.unmerge_days)
    if kept.merged_into is not None:
        raise CustomerMergedOn


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _typed(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if name == "since" and value else value
