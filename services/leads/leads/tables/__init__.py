"""The schema of leads, a page per group of features; that of the chassis (outbox, deadline) is chassis.schema."""

from leads.tables.assignment import assignment, decision, load_mode, load_told, recall, rep_pause, wait_told
from leads.tables.customers import customer
from leads.tables.history import closed_lead
from leads.tables.imports import lead_import, lead_import_error
from leads.tables.leads import lead, timeline, touch
from leads.tables.metadata import metadata
from leads.tables.roster import rep, rep_revision

__all__ = [
    "assignment",
    "closed_lead",
    "customer",
    "decision",
    "lead",
    "lead_import",
    "lead_import_error",
    "load_mode",
    "load_told",
    "metadata",
    "recall",
    "rep",
    "rep_pause",
    "rep_revision",
    "timeline",
    "touch",
    "wait_told",
]
