"""Which two leads may become one, and what the one takes over from the other (LD1.3, LD1.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from chassis.errors import FailedPrecondition, InvalidInput, Violation
from leads.duplicates.policy import DuplicatePolicy
from leads.lead import rules as lead_rules
from leads.lead.rules import OPEN, Command, Lead
from leads.normalise.name_rules import parent_key

# What is taken over where the lead that goes on does not have it.
_TEXTS = ("contact_name", "phone", "uscc", "wecom_external_id", "industry", "province", "city", "need")


class TwoFirms(FailedPrecondition):
    en = "The leads have different credit codes: they are two firms."
    zh = "两条线索的统一社会信用代码不同，属于两家企业，不能合并。"


class BranchAndParent(FailedPrecondition):
    en = "One is a branch of the other: it is linked to it, not merged."
    zh = "其中一家是另一家的分公司，只能关联，不能合并。"


class OwnedGoesOn(FailedPrecondition):
    en = "Only the other lead has an owner: let that one go on."
    zh = "只有另一条线索有负责人，请保留有负责人的线索。"


class LeadNotOpen(FailedPrecondition):
    en = "The lead that goes on is {state}; only an open one can."
    zh = "保留的线索状态为 {state}，只能保留未关闭的线索。"


class MergeUndone(FailedPrecondition):
    en = "The merge was undone already."
    zh = "该合并已撤销。"


class TooLateToUnmerge(FailedPrecondition):
    en = "A merge can be undone for {days} days."
    zh = "合并只能在 {days} 天内撤销。"


class MergedOn(FailedPrecondition):
    en = "The lead that went on was merged itself since: undo that merge first."
    zh = "保留的线索之后又被合并，请先撤销后一次合并。"


def check_merge(kept: Lead, merged: Lead) -> None:
    """Raises InvalidInput, TwoFirms, BranchAndParent, OwnedGoesOn, LeadNotOpen or IllegalCommand."""
    if kept.lead_id == merged.lead_id:
        raise InvalidInput.of(Violation("merged_lead_id", "is the same lead.", "是同一条线索。"))
    if kept.uscc and merged.uscc and kept.uscc != merged.uscc:
        raise TwoFirms
    if parent_key(kept.company_name) != parent_key(merged.company_name):
        raise BranchAndParent
    lead_rules.after(merged.state, Command.MERGE)
    if kept.state not in OPEN:
        raise LeadNotOpen(state=kept.state.value)
    if merged.owner_id and not kept.owner_id:
        raise OwnedGoesOn


def completed(kept: Lead, merged: Lead) -> Lead:
    """The lead that goes on, with what only the other knew, and the touches of both."""
    texts = {name: getattr(kept, name) or getattr(merged, name) for name in _TEXTS}
    place = {}
    if kept.position is None and merged.position is not None:
        place = {name: getattr(merged, name) for name in ("position", "original_position", "original_datum")}
    return replace(
        kept,
        **texts,
        **place,
        qualification=merged.qualification.completed_by(kept.qualification),
        customer_id=kept.customer_id or merged.customer_id,
        touches=kept.touches + merged.touches,
        last_touch_at=max(kept.last_touch_at, merged.last_touch_at),
    )


def taken_over(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Column → before, after; the touches are counted apart, since more may come."""
    return {name: [before[name], after[name]] for name in after if name != "touches" and before[name] != after[name]}


def given_back(now: Mapping[str, Any], taken: Mapping[str, list[Any]]) -> dict[str, Any]:
    """What is changed back: what nobody has changed since."""
    return {name: before for name, (before, after) in taken.items() if now[name] == after}


def check_unmerge(
    merged_at: datetime, unmerged_at: datetime | None, kept: Lead, now: datetime, policy: DuplicatePolicy
) -> None:
    """Raises MergeUndone, TooLateToUnmerge or MergedOn."""
    if unmerged_at is not None:
        raise MergeUndone
    if now > merged_at + policy.unmerge:
        raise TooLateToUnmerge(days=policy.unmerge_days)
    if kept.merged_into is not None:
        raise MergedOn
