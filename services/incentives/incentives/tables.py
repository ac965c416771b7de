"""The schema of incentives on one page. Money is whole fen."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Index, Integer, MetaData, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()
# Ordered like the rules order it, whatever the database's language.
CANONICAL = Text(collation="C")

# Each version is kept: an order is judged by the one that held when it was signed.
employee_version = Table(
    "employee_version",
    metadata,
    Column("employee_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("name", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("manager_id", Text, nullable=False),
    Column("position", Text, nullable=False),
    Column("hired_on", Date, nullable=True),
)

customer_version = Table(
    "customer_version",
    metadata,
    Column("customer_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("customer_code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("customer_class", Text, nullable=False),
    Column("grade", Text, nullable=False),
    Column("industry", Text, nullable=False),
    Index("customer_version_code", "customer_code"),
)

customer_merge = Table(
    "customer_merge",
    metadata,
    Column("merged_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    # Absent: it was parted again.
    Column("kept_id", Text, nullable=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Index("customer_merge_kept", "kept_id"),
)

rule_version = Table(
    "rule_version",
    metadata,
    Column("rule_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    # draft or published; nothing else of a version ever changes.
    Column("state", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_zh", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("words_zh", Text, nullable=False),
    Column("model", JSONB, nullable=False),
    Column("digest", Text, nullable=False),
    Column("examples", JSONB, nullable=False),
    Column("findings", JSONB, nullable=False),
    Column("author", Text, nullable=False),
    Column("drafted_at", DateTime(timezone=True), nullable=False),
    Column("publisher", Text, nullable=True),
    Column("published_at", DateTime(timezone=True), nullable=True),
    Column("effective_from", DateTime(timezone=True), nullable=True),
    Column("effective_to", DateTime(timezone=True), nullable=True),
    # Split, caps, group; empty for a rule without.
    Column("terms", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Index("rule_version_published", "rule_id", "effective_from", postgresql_where=text("state = 'published'")),
)

# What each source says about an order, as last told: source "erp" (id = order) or "opportunity" (its signed evidence).
order_source = Table(
    "order_source",
    metadata,
    Column("source", Text, primary_key=True),
    Column("source_id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("deal_key", Text, nullable=False),
    Column("contract_number", Text, nullable=False),
    Column("customer_code", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("customer_name", Text, nullable=False),
    Column("salesperson_id", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("signed_at", DateTime(timezone=True), nullable=True),
    Column("cancelled_at", DateTime(timezone=True), nullable=True),
    Column("technical_service", Boolean, nullable=False),
    Column("lines", JSONB, nullable=False),
    # Ids of the records and events it rests on.
    Column("evidence", JSONB, nullable=False),
    Index("order_source_deal", "deal_key"),
)

# One per contract number, else per ERP order: what its sources come to.
deal = Table(
    "deal",
    metadata,
    Column("deal_key", Text, primary_key=True),
    # counted, waiting, or empty (no source names this key any more).
    Column("state", Text, nullable=False),
    Column("contract_number", Text, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("customer_code", Text, nullable=False),
    Column("customer_name", Text, nullable=False),
    Column("salesperson_id", Text, nullable=False),
    # As it was at signing; empty when nobody is known. `unknown_people` are named but not known yet.
    Column("manager_id", Text, nullable=False, server_default=""),
    Column("director_id", Text, nullable=False, server_default=""),
    Column("unknown_people", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Column("amount_fen", BigInteger, nullable=False),
    Column("signed_at", DateTime(timezone=True), nullable=True),
    Column("cancelled_at", DateTime(timezone=True), nullable=True),
    # deal, customer and rep of the order context; history is counted anew each time.
    Column("context", JSONB, nullable=False),
    Column("evidence", JSONB, nullable=False),
    # Why it waits, or which rule could not be run on it: [{code, en, zh}].
    Column("reasons", JSONB, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Index("deal_customer", "customer_id", "signed_at", postgresql_where=text("state = 'counted'")),
    Index("deal_salesperson", "salesperson_id", "signed_at"),
    Index("deal_customer_code", "customer_code"),
    Index("deal_signed", "signed_at"),
    Index("deal_manager", "manager_id", "signed_at"),
    Index("deal_director", "director_id", "signed_at"),
    Index("deal_unknown_people", "deal_key", postgresql_where=text("unknown_people <> '[]'::jsonb")),
    Index("deal_open", "deal_key", postgresql_where=text("reasons <> '[]'::jsonb")),
)

# How a deal is shared, as somebody recorded it; the last one holds.
deal_split = Table(
    "deal_split",
    metadata,
    Column("deal_key", Text, primary_key=True),
    # Basis points by employee.
    Column("shares", JSONB, nullable=False),
    Column("reason", Text, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
)

# What one rule comes to on one deal, also when that is nothing: how it came about.
award = Table(
    "award",
    metadata,
    Column("deal_key", CANONICAL, primary_key=True),
    Column("rule_id", CANONICAL, primary_key=True),
    Column("rule_version", Integer, nullable=False),
    Column("group_name", Text, nullable=False),
    # What the rule's model gives.
    Column("result_fen", BigInteger, nullable=False),
    Column("formula", Text, nullable=False),
    Column("formula_zh", Text, nullable=False),
    # Lines of the whole, of each person's part, of each person's cut, and of the budget: [{code, text, text_zh}].
    Column("lines", JSONB, nullable=False),
    Column("split_lines", JSONB, nullable=False),
    Column("cap_lines", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column("budget_lines", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
)

# Its amounts by person, as changes by the time they take effect: the part, what the caps of the month leave of it, and
# what of that a budget holds. A month or a budget is read from here without its deals.
award_step = Table(
    "award_step",
    metadata,
    Column("deal_key", CANONICAL, primary_key=True),
    Column("rule_id", CANONICAL, primary_key=True),
    Column("beneficiary_id", Text, primary_key=True),
    Column("effective_at", DateTime(timezone=True), primary_key=True),
    Column("signed_at", DateTime(timezone=True), nullable=False),
    Column("group_name", Text, nullable=False),
    Column("share_fen", BigInteger, nullable=False),
    Column("granted_fen", BigInteger, nullable=False),
    Column("held_fen", BigInteger, nullable=False),
    Index("award_step_rule", "rule_id", "signed_at", "deal_key"),
    Index("award_step_group", "group_name", "signed_at", "deal_key", postgresql_where=text("group_name <> ''")),
)

# Every budget that was proposed; approved ones hold for the period that begins on `starts_on`, `onward` for all later.
budget_change = Table(
    "budget_change",
    metadata,
    Column("change_id", Uuid(as_uuid=False), primary_key=True),
    # rule:… or group:…
    Column("budget_id", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("onward", Boolean, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("proposed_at", DateTime(timezone=True), nullable=False),
    Column("decided_by", Text, nullable=False, server_default=""),
    Column("decided_at", DateTime(timezone=True), nullable=True),
    Index("budget_change_budget", "budget_id", "change_id"),
)

# Periods in which a budget was exhausted at some time.
budget_exhaustion = Table(
    "budget_exhaustion",
    metadata,
    Column("budget_id", Text, primary_key=True),
    Column("starts_on", Date, primary_key=True),
    # None while slips go through again.
    Column("exhausted_at", DateTime(timezone=True), nullable=True),
    Column("number", Integer, nullable=False),
)

slip = Table(
    "slip",
    metadata,
    Column("slip_id", Uuid(as_uuid=False), primary_key=True),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("deal_key", Text, nullable=False),
    Column("contract_number", Text, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("rule_id", Text, nullable=False),
    Column("rule_version", Integer, nullable=False),
    Column("words", Text, nullable=False),
    Column("words_zh", Text, nullable=False),
    Column("beneficiary_id", Text, nullable=False),
    Column("beneficiary_name", Text, nullable=False),
    Column("manager_id", Text, nullable=False),
    Column("unit", Text, nullable=False),
    # Negative on a claw-back.
    Column("amount_fen", BigInteger, nullable=False),
    Column("formula", Text, nullable=False),
    Column("formula_zh", Text, nullable=False),
    Column("customer_name", Text, nullable=False),
    Column("order_fen", BigInteger, nullable=False),
    Column("signed_at", DateTime(timezone=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("confirmed_at", DateTime(timezone=True), nullable=True),
    Column("evidence", JSONB, nullable=False),
    # Split, caps, group and budget: [{code, text, text_zh}].
    Column("lines", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    # Part of the amount that an appeal brought, beside what the rule gives.
    Column("adjusted_fen", BigInteger, nullable=False, server_default=text("0")),
    # Set on a claw-back: the slip it takes back.
    Column("original_slip_id", Uuid(as_uuid=False), nullable=True),
    Column("taken_back_at", DateTime(timezone=True), nullable=True),
    # I2.1: exactly one that stands per deal, rule and beneficiary.
    Index(
        "slip_once", "deal_key", "rule_id", "beneficiary_id", unique=True,
        postgresql_where=text("original_slip_id IS NULL AND taken_back_at IS NULL"),
    ),
    Index("slip_taken_back_once", "original_slip_id", unique=True),
    Index("slip_beneficiary", "beneficiary_id", "slip_id"),
    Index("slip_contract", "contract_number", "slip_id"),
    Index("slip_unit", "unit", postgresql_ops={"unit": "text_pattern_ops"}),
    Index("slip_state", "state", "slip_id"),
    Index("slip_rule", "rule_id", "slip_id"),
)  # fmt: skip

appeal = Table(
    "appeal",
    metadata,
    Column("appeal_id", Uuid(as_uuid=False), primary_key=True),
    Column("slip_id", Uuid(as_uuid=False), nullable=False),
    Column("beneficiary_id", Text, nullable=False),
    Column("unit", Text, nullable=False),
    # With whom it lies; nobody by name at headquarters.
    Column("level", Text, nullable=False),
    Column("decider_id", Text, nullable=False),
    Column("claimed_fen", BigInteger, nullable=True),
    Column("awarded_fen", BigInteger, nullable=True),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=True),
    # What the level had left when its clock was stopped.
    Column("left_seconds", Integer, nullable=True),
    Column("reopened", Boolean, nullable=False, server_default=text("false")),
    Column("moves", Integer, nullable=False, server_default=text("0")),
    Column("decided_by", Text, nullable=False, server_default=""),
    Column("closed_at", DateTime(timezone=True), nullable=True),
    Index("appeal_open_once", "slip_id", unique=True, postgresql_where=text("closed_at IS NULL")),
    Index("appeal_slip", "slip_id", "appeal_id"),
    Index("appeal_beneficiary", "beneficiary_id", "appeal_id"),
    Index("appeal_unit", "unit", postgresql_ops={"unit": "text_pattern_ops"}),
)

# Every step of an appeal, as its parties see it.
appeal_step = Table(
    "appeal_step",
    metadata,
    Column("step_id", Uuid(as_uuid=False), primary_key=True),
    Column("appeal_id", Uuid(as_uuid=False), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("command", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("decider_id", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("file_id", Text, nullable=False),
    Index("appeal_step_appeal", "appeal_id", "step_id"),
)

ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("entry_id", Uuid(as_uuid=False), primary_key=True),
    Column("employee_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("slip_id", Uuid(as_uuid=False), nullable=True),
    Column("deal_key", Text, nullable=False),
    Column("rule_id", Text, nullable=False),
    Column("effective_at", DateTime(timezone=True), nullable=False),
    Column("booked_at", DateTime(timezone=True), nullable=False),
    Column("text", Text, nullable=False),
    Column("text_zh", Text, nullable=False),
    # What an appeal brought beside what the rule gives: the recalculation leaves it.
    Column("of_appeal", Boolean, nullable=False, server_default=text("false")),
    Index("ledger_employee", "employee_id", "effective_at", "entry_id"),
    Index("ledger_deal", "deal_key"),
    Index("ledger_slip_of_appeal", "slip_id", postgresql_where=text("of_appeal")),
)
