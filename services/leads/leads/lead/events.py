"""What happened to a lead; named and shaped like the messages of events.proto."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from chassis.kernel.money import Money


@dataclass(frozen=True)
class LeadCaptured:
    lead_id: str
    company_name: str
    channel: str
    grade: str
    city: str
    customer_id: str
    outcome: str
    captured_at: datetime


@dataclass(frozen=True)
class LeadGraded:
    lead_id: str
    before: str
    after: str
    reason: str
    actor: str


@dataclass(frozen=True)
class LeadAssigned:
    lead_id: str
    owner_id: str
    owner_name: str
    unit: str
    manager_id: str
    company_name: str
    grade: str
    decision_id: str
    how: str
    phone: str
    wecom_external_id: str
    assigned_at: datetime


@dataclass(frozen=True)
class LeadAssignmentHeld:
    lead_id: str
    company_name: str
    grade: str
    reason: str
    unit: str
    since: datetime


@dataclass(frozen=True)
class LeadAccepted:
    lead_id: str
    owner_id: str
    accepted_at: datetime


@dataclass(frozen=True)
class LeadResponseOverdue:
    lead_id: str
    company_name: str
    owner_id: str
    owner_name: str
    manager_id: str
    unit: str
    grade: str
    step: str
    due_at: datetime
    assigned_at: datetime


@dataclass(frozen=True)
class LeadRecycled:
    lead_id: str
    company_name: str
    previous_owner_id: str
    manager_id: str
    unit: str
    reason: str
    bounces: int
    recycled_at: datetime
    reason_zh: str


@dataclass(frozen=True)
class LeadRecalled:
    lead_id: str
    company_name: str
    previous_owner_id: str
    unit: str
    grade: str
    recall_id: str
    recalled_at: datetime


@dataclass(frozen=True)
class LeadWaitsTooLong:
    lead_id: str
    company_name: str
    grade: str
    city: str
    state: str
    reason: str
    reason_zh: str
    since: datetime
    minutes: int
    manager_ids: tuple[str, ...]


@dataclass(frozen=True)
class LeadConverted:
    lead_id: str
    opportunity_id: str
    opportunity_name: str
    customer_id: str
    customer_code: str
    customer_name: str
    owner_id: str
    unit: str
    channel: str
    expected_amount: Money
    expected_close: str
    contract_number: str
    converted_at: datetime


@dataclass(frozen=True)
class LeadDisqualified:
    lead_id: str
    owner_id: str
    grade: str
    reason: str


@dataclass(frozen=True)
class LeadReopened:
    lead_id: str
    reason: str


@dataclass(frozen=True)
class ImportProgressed:
    import_id: str
    started_by: str
    state: str
    rows_read: int
    created: int
    appended: int
    failed: int
    dry_run: bool = False
    withdrawn: int = 0
    kept: int = 0


@dataclass(frozen=True)
class LeadMerged:
    lead_id: str
    into_lead_id: str
    merge_id: str
    previous_owner_id: str
    owner_id: str
    unit: str
    merged_at: datetime


@dataclass(frozen=True)
class LeadUnmerged:
    lead_id: str
    from_lead_id: str
    merge_id: str
    owner_id: str
    unit: str
    unmerged_at: datetime


@dataclass(frozen=True)
class LeadClaimed:
    lead_id: str
    owner_id: str
    owner_name: str
    unit: str
    company_name: str
    grade: str
    claimed_at: datetime
    protected_until: datetime


@dataclass(frozen=True)
class LeadWithdrawn:
    lead_id: str
    import_id: str
    previous_owner_id: str
    unit: str
    withdrawn_at: datetime


@dataclass(frozen=True)
class FairnessDrifted:
    employee_id: str
    name: str
    unit: str
    manager_id: str
    grade: str
    owed: float
    received: float
    drift: float


@dataclass(frozen=True)
class RepPassedOver:
    employee_id: str
    name: str
    unit: str
    load: float
    weighted: float
    baseline: float
    day: date


@dataclass(frozen=True)
class RepPaused:
    employee_id: str
    pause_id: str
    name: str
    unit: str
    team: str
    manager_id: str
    to_rep: int
    to_team: int
    share: float
    limit: float
    window_minutes: int
    paused_at: datetime


@dataclass(frozen=True)
class RepPauseCleared:
    employee_id: str
    pause_id: str
    actor: str
    reason: str
    cleared_at: datetime


@dataclass(frozen=True)
class LeadsRecalled:
    employee_id: str
    recall_id: str
    name: str
    unit: str
    manager_id: str
    released: int
    since: datetime
    automatic: bool
    reason: str
    reason_zh: str
    recalled_at: datetime
