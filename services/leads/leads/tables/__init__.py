"""The schema of leads, a page per group of features; that of the chassis (outbox, deadline) is chassis.schema."""

from leads.tables.assignment import assignment, decision, load_mode, load_told, recall, rep_pause, wait_told
from leads.tables.customer_file import customer_contact, customer_credential, customer_field
from leads.tables.customer_grades import customer_grade, customer_grade_change, customer_grade_due, receipt_claim
from leads.tables.customer_merges import customer_known_as, customer_merge, customer_suggestion
from leads.tables.customers import customer
from leads.tables.duplicates import lead_form, lead_merge, lead_name, lead_suggestion
from leads.tables.dynamics import customer_dynamic, sign_up_lead, tender_lead
from leads.tables.handover import handover, handover_item
from leads.tables.history import closed_lead, lead_step
from leads.tables.imports import (
    customer_filled,
    import_mapping,
    lead_import,
    lead_import_error,
    lead_import_kept,
    lead_import_refused,
    lead_import_row,
    lead_import_seen,
)
from leads.tables.interactions import interaction
from leads.tables.leads import lead, timeline, touch
from leads.tables.metadata import metadata
from leads.tables.pool import bulk_assigned, bulk_assignment, lead_words, pool_claim, pool_filter, pool_words
from leads.tables.purchases import purchase
from leads.tables.replay import policy_replay
from leads.tables.roster import rep, rep_revision
from leads.tables.scoring import lead_fields, lead_score, score_model
from leads.tables.service_track import service_record

__all__ = [
    "assignment",
    "bulk_assigned",
    "bulk_assignment",
    "closed_lead",
    "customer",
    "customer_contact",
    "customer_credential",
    "customer_dynamic",
    "customer_field",
    "customer_filled",
    "customer_grade",
    "customer_grade_change",
    "customer_grade_due",
    "customer_known_as",
    "customer_merge",
    "customer_suggestion",
    "decision",
    "handover",
    "handover_item",
    "import_mapping",
    "interaction",
    "lead",
    "lead_fields",
    "lead_form",
    "lead_import",
    "lead_import_error",
    "lead_import_kept",
    "lead_import_refused",
    "lead_import_row",
    "lead_import_seen",
    "lead_merge",
    "lead_name",
    "lead_score",
    "lead_step",
    "lead_suggestion",
    "lead_words",
    "load_mode",
    "load_told",
    "metadata",
    "policy_replay",
    "pool_claim",
    "pool_filter",
    "pool_words",
    "purchase",
    "recall",
    "receipt_claim",
    "rep",
    "rep_pause",
    "rep_revision",
    "score_model",
    "service_record",
    "sign_up_lead",
    "tender_lead",
    "timeline",
    "touch",
    "wait_told",
]
