"""The schema of forecast on one page. Money is whole fen; probabilities are exact decimals between 0 and 1."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.feed_states import feed_state_table

metadata = MetaData()


def _instant(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _share(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, Numeric(7, 6), nullable=nullable)


employee = Table(
    "employee",
    metadata,
    Column("employee_id", Text, primary_key=True),
    # Of the event that wrote the row; an older one is ignored.
    Column("version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Index("employee_unit", "unit"),
)

unit = Table(
    "unit",
    metadata,
    Column("path", Text, primary_key=True),
    Column("name", Text, nullable=False),
)

customer = Table(
    "customer",
    metadata,
    Column("customer_id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("customer_code", Text, nullable=False),
    Column("name", Text, nullable=False),
    # The customer that goes on, where the record was found to be the same one; the version that says so.
    Column("merged_into", Text, nullable=True),
    Column("merge_version", Integer, nullable=False, server_default=text("0")),
    _instant("merged_at", nullable=True),
    Index("customer_merged", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
)

# What leads told of a customer's owners, each word once.
customer_owner_change = Table(
    "customer_owner_change",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("unit", Text, nullable=False),
    # Empty: not by a handover.
    Column("handover_id", Text, nullable=False),
    _instant("at"),
    Index("customer_owner_change_customer", "customer_id", "version", "at"),
)

opportunity = Table(
    "opportunity",
    metadata,
    Column("opportunity_id", Uuid(as_uuid=False), primary_key=True),
    Column("name", Text, nullable=False),
    Column("stage", Text, nullable=False),
    # One opportunity per lead, however often the lead's conversion is told.
    Column("lead_id", Text, nullable=False, unique=True),
    Column("customer_id", Text, nullable=False),
    Column("customer_code", Text, nullable=False),
    Column("customer_name", Text, nullable=False),
    Column("owner_id", Text, nullable=False),
    Column("unit", Text, nullable=False),
    # Whom it came from together with its customer, and when; absent: it is its first owner's.
    Column("came_from", Text, nullable=False, server_default=text("''")),
    _instant("came_at", nullable=True),
    Column("amount_fen", BigInteger, nullable=False),
    Column("expected_close", Date, nullable=False),
    Column("contract_number", Text, nullable=False),
    Column("signed_at", DateTime(timezone=True), nullable=True),
    Column("evidence_level", Integer, nullable=False, server_default=text("0")),
    # The last claim, the accuracy it met, and what it counts as with today's evidence.
    _share("submitted", nullable=True),
    _share("accuracy", nullable=True),
    _share("adjusted", nullable=True),
    # Whose the last claim is, where the deal came to somebody else since; else empty.
    Column("claimed_by", Text, nullable=False, server_default=text("''")),
    Column("lost_reason", Text, nullable=False, server_default=text("''")),
    _instant("created_at"),
    _instant("stage_since"),
    _instant("closed_at", nullable=True),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Index("opportunity_owner", "owner_id", "opportunity_id"),
    Index("opportunity_unit", "unit", "opportunity_id", postgresql_ops={"unit": "text_pattern_ops"}),
    Index("opportunity_contract", "contract_number", postgresql_where=text("contract_number <> ''")),
    Index("opportunity_close", "expected_close"),
    Index("opportunity_customer", "customer_id", "opportunity_id"),
    Index("opportunity_claimed", "claimed_by", postgresql_where=text("claimed_by <> ''")),
)

owner_step = Table(
    "owner_step",
    metadata,
    Column("step_id", Uuid(as_uuid=False), primary_key=True),
    Column("opportunity_id", Uuid(as_uuid=False), nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("before_unit", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("after_unit", Text, nullable=False),
    Column("handover_id", Text, nullable=False),
    _instant("at"),
    Index("owner_step_opportunity", "opportunity_id", "step_id"),
)

stage_step = Table(
    "stage_step",
    metadata,
    Column("step_id", Uuid(as_uuid=False), primary_key=True),
    Column("opportunity_id", Uuid(as_uuid=False), nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("actor", Text, nullable=False),
    _instant("at"),
    # False for a refusal, with what was missing.
    Column("passed", Boolean, nullable=False),
    Column("missing", ARRAY(Text), nullable=False),
    Index("stage_step_opportunity", "opportunity_id", "step_id"),
)

need_survey = Table(
    "need_survey",
    metadata,
    Column("survey_id", Uuid(as_uuid=False), primary_key=True),
    Column("opportunity_id", Uuid(as_uuid=False), nullable=False),
    Column("budget_low_fen", BigInteger, nullable=True),
    Column("budget_high_fen", BigInteger, nullable=True),
    Column("decision_roles", ARRAY(Text), nullable=False),
    Column("needs", Text, nullable=False),
    Column("author_id", Text, nullable=False),
    _instant("at"),
    Index("need_survey_opportunity", "opportunity_id", "survey_id"),
)

demo = Table(
    "demo",
    metadata,
    Column("demo_id", Uuid(as_uuid=False), primary_key=True),
    Column("opportunity_id", Uuid(as_uuid=False), nullable=False),
    _instant("held_at"),
    Column("minutes", Integer, nullable=False),
    Column("feedback", Text, nullable=False),
    Column("author_id", Text, nullable=False),
    Index("demo_opportunity", "opportunity_id", "demo_id"),
)

quote = Table(
    "quote",
    metadata,
    Column("quote_id", Uuid(as_uuid=False), primary_key=True),
    Column("opportunity_id", Uuid(as_uuid=False), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("author_id", Text, nullable=False),
    Column("approval_needed", Boolean, nullable=False),
    Column("approved_by", Text, nullable=False, server_default=text("''")),
    _instant("created_at"),
    _instant("approved_at", nullable=True),
    Index("quote_opportunity", "opportunity_id", "quote_id"),
)

acceptance = Table(
    "acceptance",
    metadata,
    Column("acceptance_id", Uuid(as_uuid=False), primary_key=True),
    Column("opportunity_id", Uuid(as_uuid=False), nullable=False),
    Column("file_id", Text, nullable=False),
    Column("accepted_on", Date, nullable=False),
    Column("author_id", Text, nullable=False),
    _instant("at"),
    Index("acceptance_opportunity", "opportunity_id", "acceptance_id"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("evidence_id", Uuid(as_uuid=False), primary_key=True),
    Column("opportunity_id", Uuid(as_uuid=False), nullable=False),
    Column("level", Integer, nullable=False),
    Column("file_id", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("added_by", Text, nullable=False),
    _instant("added_at"),
    # standing, challenged, withdrawn
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=text("''")),
    Column("contract_number", Text, nullable=False),
    _instant("signed_at", nullable=True),
    Index("evidence_opportunity", "opportunity_id", "evidence_id"),
)

submission = Table(
    "submission",
    metadata,
    Column("submission_id", Uuid(as_uuid=False), primary_key=True),
    Column("opportunity_id", Uuid(as_uuid=False), nullable=False),
    Column("rep_id", Text, nullable=False),
    _share("submitted"),
    _share("accuracy"),
    Column("accuracy_n", Integer, nullable=False),
    Column("accuracy_won", Integer, nullable=False),
    _share("cap"),
    Column("evidence_level", Integer, nullable=False),
    _share("adjusted"),
    _share("calibrated"),
    Column("amount_fen", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
    Column("policy_version", Integer, nullable=False),
    _instant("at"),
    Index("submission_opportunity", "opportunity_id", "submission_id"),
)

past_deal = Table(
    "past_deal",
    metadata,
    # The key in the system it comes from.
    Column("external_id", Text, primary_key=True),
    Column("owner_id", Text, nullable=False),
    Column("customer_code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("won", Boolean, nullable=False),
    _instant("closed_at"),
    _share("last_claim", nullable=True),
    Column("expected_close", Date, nullable=True),
    Column("contract_number", Text, nullable=False),
    Index("past_deal_owner", "owner_id", "closed_at"),
)

erp_order = Table(
    "erp_order",
    metadata,
    Column("order_id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("contract_number", Text, nullable=False),
    Column("state", Text, nullable=False),
    Index("erp_order_contract", "contract_number", postgresql_where=text("contract_number <> ''")),
)

collected_claim = Table(
    "collected_claim",
    metadata,
    Column("claim_id", Text, primary_key=True),
    Column("receipt_id", Text, nullable=False),
    Column("contract_number", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Index("collected_claim_contract", "contract_number"),
)

# Claims taken back. Kept apart, so that an undo that overtakes its claim still wins.
undone_claim = Table("undone_claim", metadata, Column("claim_id", Text, primary_key=True))

feed_state = feed_state_table(metadata)
