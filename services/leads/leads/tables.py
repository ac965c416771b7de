"""The schema of leads on one page. The tables of the chassis (outbox, deadline, …) come from chassis.schema."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.types import UserDefinedType

metadata = MetaData()

# States in which a lead waits for an owner, and in which an owner works on it.
WAITING = "('new', 'held', 'queued')"
OPEN = "('new', 'held', 'queued', 'assigned', 'accepted', 'contacted', 'recycled')"


class Xid8(UserDefinedType[str]):
    """The 64-bit number of the writing transaction; says which readers could see the row."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


# Alembic compares this schema with the database's: there the type has to be known by name.
PGDialect.ischema_names["xid8"] = Xid8


def _id(name: str, **more: Any) -> Column[str]:
    return Column(name, Uuid(as_uuid=False), **more)


def _instant(name: str, *, nullable: bool = True) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _words(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default=text("''"))


def _count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default=text("0"))


def _written_by() -> Column[str]:
    return Column("xid", Xid8, nullable=False, server_default=text("pg_current_xact_id()"))


def _list(name: str) -> Column[list[str]]:
    return Column(name, ARRAY(Text), nullable=False, server_default=text("'{}'"))


# -- roster --------------------------------------------------------------------------------------------------------

# One row per employee: projection of integration.employee_changed, profile, and what the rep carries now.
# A trigger raises `revision`, sets `xid` and keeps every revision in rep_revision, so no writer can forget it.
rep = Table(
    "rep",
    metadata,
    Column("employee_id", Text, primary_key=True),
    # Small and dense: the rep's bit in a decision's band.
    Column("number", Integer, Identity(start=0, minvalue=0), nullable=False, unique=True),
    # Of the employee in integration; 0 while only the profile is known.
    _count("version"),
    _words("name"),
    _words("status"),
    _words("unit"),
    _words("unit_name"),
    _words("manager_id"),
    # The unit of the rep's manager (LD3.3).
    _words("team"),
    _words("position"),
    _list("duties"),
    Column("hired_on", Date),
    _instant("as_of"),
    # Profile.
    Column("latitude", Double),
    Column("longitude", Double),
    Column("radius_km", Double, nullable=False, server_default=text("0")),
    _words("province"),
    _words("city"),
    _list("grades"),
    _list("industries"),
    # 0: the policy's.
    Column("baseline", Double, nullable=False, server_default=text("0")),
    # Load, as counts: what they weigh is the policy's business.
    _count("open_a"),
    _count("open_b"),
    _count("open_c"),
    # A leads taken on the day `a_day` (Shanghai).
    Column("a_day", Date),
    _count("a_taken"),
    _instant("last_assigned_at"),
    # Set while the concentration guard keeps new leads off (LD4.5); its counting starts anew at `counted_from`.
    _instant("paused_at"),
    _instant("counted_from"),
    _count("revision"),
    _written_by(),
    Index("rep_xid", "xid"),
    Index("rep_unit", "unit", postgresql_ops={"unit": "text_pattern_ops"}),
    Index("rep_manager", "manager_id"),
)

rep_revision = Table(
    "rep_revision",
    metadata,
    Column("employee_id", Text, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("row", JSONB, nullable=False),
    _written_by(),
)

# -- history -------------------------------------------------------------------------------------------------------

closed_lead = Table(
    "closed_lead",
    metadata,
    # The lead's id, or the key in the system it was imported from.
    Column("external_id", Text, primary_key=True),
    Column("owner_id", Text, nullable=False),
    Column("grade", Text, nullable=False),
    Column("won", Boolean, nullable=False),
    _instant("closed_at", nullable=False),
    _written_by(),
    Index("closed_lead_grade", "grade", "closed_at"),
    Index("closed_lead_xid", "xid"),
)

# -- customers -----------------------------------------------------------------------------------------------------

customer = Table(
    "customer",
    metadata,
    _id("customer_id", primary_key=True),
    Column("customer_code", Text, unique=True),
    Column("name", Text, nullable=False),
    # Normalised name (LD1.2): compared, never shown.
    Column("name_key", Text, nullable=False),
    _words("uscc"),
    _words("phone"),
    _words("customer_class"),
    _words("grade"),
    _words("industry"),
    _words("province"),
    _words("city"),
    _words("owner_id"),
    _words("unit"),
    _id("parent_customer_id"),
    _instant("since"),
    Column("version", Integer, nullable=False, server_default=text("1")),
    _instant("created_at", nullable=False),
    Index("customer_uscc", "uscc", unique=True, postgresql_where=text("uscc <> ''")),
    Index("customer_phone", "phone", postgresql_where=text("phone <> ''")),
    Index("customer_name", "name_key"),
    Index("customer_listed", "name", "customer_id"),
    Index("customer_owner", "owner_id", "customer_id"),
    Index("customer_unit", "unit", "customer_id", postgresql_ops={"unit": "text_pattern_ops"}),
)

# -- leads ---------------------------------------------------------------------------------------------------------

lead = Table(
    "lead",
    metadata,
    _id("lead_id", primary_key=True),
    Column("state", Text, nullable=False),
    # Empty: ungraded, which counts as C.
    _words("grade"),
    Column("company_name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    _words("contact_name"),
    _words("phone"),
    _words("uscc"),
    _words("wecom_external_id"),
    Column("channel", Text, nullable=False),
    _words("industry"),
    _words("province"),
    _words("city"),
    Column("latitude", Double),
    Column("longitude", Double),
    Column("original_latitude", Double),
    Column("original_longitude", Double),
    _words("original_datum"),
    Column("first_touch_due_hours", Integer),
    Column("budget_fen", BigInteger),
    _words("budget_currency"),
    Column("budget_confirmed", Boolean),
    _list("decision_chain"),
    _words("need"),
    _words("owner_id"),
    _words("unit"),
    _id("customer_id"),
    _id("opportunity_id"),
    Column("yellow", Boolean, nullable=False, server_default=text("false")),
    _words("reason"),
    _words("reason_zh"),
    Column("touches", Integer, nullable=False, server_default=text("1")),
    _count("bounces"),
    _count("recalls"),
    _instant("captured_at", nullable=False),
    _instant("last_touch_at", nullable=False),
    _instant("waiting_since"),
    _instant("assigned_at"),
    _instant("accepted_at"),
    _instant("first_contact_at"),
    _instant("last_effective_action_at"),
    _instant("recycle_due_at"),
    _id("hint_lead_id"),
    _id("import_id"),
    Column("version", Integer, nullable=False, server_default=text("1")),
    # A, B, C in the order in which waiting leads are served.
    Column("rank", Integer, Computed("CASE grade WHEN 'A' THEN 1 WHEN 'B' THEN 2 ELSE 3 END", persisted=True)),
    Index("lead_phone", "phone", postgresql_where=text(f"phone <> '' AND state IN {OPEN}")),
    Index("lead_uscc", "uscc", postgresql_where=text(f"uscc <> '' AND state IN {OPEN}")),
    Index("lead_wecom", "wecom_external_id", postgresql_where=text(f"wecom_external_id <> '' AND state IN {OPEN}")),
    Index("lead_waiting", "rank", "captured_at", "lead_id", postgresql_where=text(f"state IN {WAITING}")),
    Index("lead_newest", "captured_at", "lead_id"),
    Index("lead_owner", "owner_id", "captured_at", "lead_id"),
    Index("lead_unit", "unit", "captured_at", postgresql_ops={"unit": "text_pattern_ops"}),
    Index("lead_due", "recycle_due_at", "lead_id", postgresql_where=text("recycle_due_at IS NOT NULL")),
    Index("lead_import_rows", "import_id", postgresql_where=text("import_id IS NOT NULL")),
    Index("lead_customer", "customer_id", postgresql_where=text("customer_id IS NOT NULL")),
    Index("lead_bounced", "lead_id", postgresql_where=text("state = 'recycled' AND bounces >= 3")),
)

touch = Table(
    "touch",
    metadata,
    _id("touch_id", primary_key=True),
    _id("lead_id", nullable=False),
    _instant("at", nullable=False),
    Column("channel", Text, nullable=False),
    _words("contact_name"),
    _words("need"),
    # What came in, as it came in.
    Column("raw", JSONB, nullable=False),
    _words("actor"),
    Index("touch_lead", "lead_id", "at"),
)

timeline = Table(
    "timeline",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    _id("lead_id", nullable=False),
    _instant("at", nullable=False),
    Column("kind", Text, nullable=False),
    _words("actor"),
    _words("text"),
    _words("text_zh"),
    _words("reference"),
    Index("timeline_lead", "lead_id", "at", "id"),
)

# -- assignment ----------------------------------------------------------------------------------------------------

assignment = Table(
    "assignment",
    metadata,
    _id("assignment_id", primary_key=True),
    Column("lead_id", Uuid(as_uuid=False), ForeignKey("lead.lead_id"), nullable=False),
    Column("employee_id", Text, nullable=False),
    Column("unit", Text, nullable=False),
    # Of the employee then; shares are counted within it (LD4.5).
    _words("team"),
    Column("grade", Text, nullable=False),
    Column("how", Text, nullable=False),
    _id("decision_id"),
    _instant("assigned_at", nullable=False),
    _instant("ended_at"),
    # recycled, converted, disqualified, reassigned, recalled.
    _words("end_kind"),
    _id("recall_id"),
    # One lead never has two owners, whatever the code does.
    Index("assignment_current", "lead_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index("assignment_lead", "lead_id", "assigned_at"),
    Index("assignment_grade", "grade", "assigned_at"),
    Index("assignment_employee", "employee_id", "assigned_at"),
    Index("assignment_unit", "unit", "assigned_at"),
    Index("assignment_team", "team", "assigned_at"),
    Index("assignment_recall", "recall_id", "lead_id", postgresql_where=text("recall_id IS NOT NULL")),
)

# Leads taken back from one employee since one instant: asked for twice, it is the same recall (LD4.6).
recall = Table(
    "recall",
    metadata,
    _id("recall_id", primary_key=True),
    Column("employee_id", Text, nullable=False),
    _instant("since", nullable=False),
    Column("automatic", Boolean, nullable=False),
    _words("reason"),
    _words("reason_zh"),
    _words("started_by"),
    _instant("started_at", nullable=False),
    UniqueConstraint("employee_id", "since", name="recall_once"),
)

# Who was kept from leads by the concentration guard, from which figures, and who ended it (LD4.5).
rep_pause = Table(
    "rep_pause",
    metadata,
    _id("pause_id", primary_key=True),
    Column("employee_id", Text, nullable=False),
    _words("unit"),
    _words("team"),
    _instant("paused_at", nullable=False),
    Column("to_rep", Integer, nullable=False),
    Column("to_team", Integer, nullable=False),
    Column("share", Double, nullable=False),
    Column("most", Double, nullable=False),
    Column("window_minutes", Integer, nullable=False),
    _instant("cleared_at"),
    _words("cleared_by"),
    _words("clear_reason"),
    Index("rep_pause_open", "employee_id", unique=True, postgresql_where=text("cleared_at IS NULL")),
    Index("rep_pause_listed", "paused_at", "pause_id"),
)

# A leads of which the managers were told that they wait too long; once for each time that a lead waits.
wait_told = Table(
    "wait_told",
    metadata,
    _id("lead_id", primary_key=True),
    Column("since", DateTime(timezone=True), primary_key=True),
)

decision = Table(
    "decision",
    metadata,
    _id("decision_id", primary_key=True),
    _id("lead_id", nullable=False),
    _instant("at", nullable=False),
    Column("grade", Text, nullable=False),
    Column("policy_version", Integer, nullable=False),
    # assigned, held, queued, manual, customer_owner.
    Column("outcome", Text, nullable=False),
    _words("winner_id"),
    # Weights, inputs, top 20, counts per filter, refusals of the probe; see assignment/record.py.
    Column("body", JSONB, nullable=False),
    # What the decision could see: pg_snapshot. Every versioned row is read back through it.
    _words("snapshot"),
    # Whose claim to the next lead grew by 1/n: one bit per rep number.
    Column("band", LargeBinary),
    _count("band_size"),
    _written_by(),
    Index("decision_lead", "lead_id", "at"),
    Index("decision_at", "grade", "at", postgresql_where=text("outcome = 'assigned'")),
    Index("decision_xid", "xid"),
)

# Whether the high-load weights are in force for a grade: they go on above one mark and off below another (LD3.5).
load_mode = Table(
    "load_mode",
    metadata,
    Column("grade", Text, primary_key=True),
    Column("high", Boolean, nullable=False),
    _instant("since", nullable=False),
)

# Who was told of the own load on which day (Shanghai).
load_told = Table(
    "load_told",
    metadata,
    Column("employee_id", Text, primary_key=True),
    Column("day", Date, primary_key=True),
)

# -- imports -------------------------------------------------------------------------------------------------------

lead_import = Table(
    "lead_import",
    metadata,
    _id("import_id", primary_key=True),
    Column("state", Text, nullable=False),
    Column("file_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("mapping", JSONB, nullable=False),
    _words("encoding"),
    # The checkpoint: rows dealt with, committed with what they made.
    _count("rows_read"),
    _count("created"),
    _count("appended"),
    _count("failed"),
    Column("started_by", Text, nullable=False),
    _words("unit"),
    _instant("started_at", nullable=False),
    _instant("finished_at"),
    _words("error"),
    Column("cancel", Boolean, nullable=False, server_default=text("false")),
    Index("lead_import_running", "started_at", postgresql_where=text("state = 'running'")),
)

lead_import_error = Table(
    "lead_import_error",
    metadata,
    _id("import_id", primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("field", Text, primary_key=True),
    _words("value"),
    Column("message", Text, nullable=False),
    Column("message_zh", Text, nullable=False),
)
