"""Who may act on a lead as its owner."""

from __future__ import annotations

from chassis.errors import PermissionDenied
from leads.lead.rules import Lead


class NotTheOwner(PermissionDenied):
    """The caller sees the lead, as a manager does, but somebody else works on it."""

    en = "Only the lead's owner can do this. A manager can assign it to somebody else."
    zh = "只有线索负责人可以执行此操作；经理可将其改派他人。"


def require_own(lead: Lead, subject: str) -> None:
    """Raises NotTheOwner. A lead without an owner may be closed by whoever sees it."""
    if lead.owner_id and lead.owner_id != subject:
        raise NotTheOwner
