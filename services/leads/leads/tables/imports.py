"""Imports of leads and of history: their rows that say more than "created", and how columns were read before."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from leads.tables.metadata import count, identifier, instant, metadata, words

lead_import = Table(
    "lead_import",
    metadata,
    identifier("import_id", primary_key=True),
    Column("state", Text, nullable=False),
    Column("file_id", Text, nullable=False),
    # leads, customers, contacts, follow_ups, orders
    Column("kind", Text, nullable=False, server_default=text("'leads'")),
    Column("channel", Text, nullable=False),
    Column("mapping", JSONB, nullable=False),
    Column("dry_run", Boolean, nullable=False, server_default=text("false")),
    words("encoding"),
    # The checkpoint: rows dealt with, committed with what they made.
    count("rows_read"),
    # How often in a row the chunk behind it has failed in a way nobody expected.
    count("tries"),
    # How often in a row somebody began on it and was gone before a chunk was through.
    count("starts"),
    # Of the file, for the file of refused rows; none in imports of before they were kept.
    Column("headings", JSONB),
    count("created"),
    count("appended"),
    count("suggested"),
    count("failed"),
    # Of a revert, likewise.
    count("withdrawn"),
    count("touches_removed"),
    count("kept"),
    words("revert_reason"),
    # The last of its leads, and of the touches it appended elsewhere, that was dealt with.
    identifier("reverted_lead"),
    identifier("reverted_touch"),
    Column("started_by", Text, nullable=False),
    words("unit"),
    instant("started_at", nullable=False),
    instant("finished_at"),
    words("error"),
    Column("cancel", Boolean, nullable=False, server_default=text("false")),
    Index("lead_import_running", "started_at", postgresql_where=text("state = 'running'")),
    Index("lead_import_reverting", "started_at", postgresql_where=text("state = 'reverting'")),
)

lead_import_error = Table(
    "lead_import_error",
    metadata,
    identifier("import_id", primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("field", Text, primary_key=True),
    words("value"),
    Column("message", Text, nullable=False),
    Column("message_zh", Text, nullable=False),
)

# Refused rows as they came, cell by cell: a workbook of 100,000 rows takes longer to read again than a call may.
lead_import_refused = Table(
    "lead_import_refused",
    metadata,
    identifier("import_id", primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("cells", JSONB, nullable=False),
)

# Rows that met a known lead, or another row of the file.
lead_import_row = Table(
    "lead_import_row",
    metadata,
    identifier("import_id", primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    # appended or suggested.
    Column("outcome", Text, nullable=False),
    words("company_name"),
    identifier("lead_id"),
    Column("other_row", Integer),
)

# What a dry run has seen of its own file, so that a row finds the one before it; gone with its end.
lead_import_seen = Table(
    "lead_import_seen",
    metadata,
    identifier("import_id", primary_key=True),
    Column("key", Text, primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("known", JSONB, nullable=False),
)

# What stayed when their import was reverted, and why.
lead_import_kept = Table(
    "lead_import_kept",
    metadata,
    identifier("import_id", primary_key=True),
    identifier("lead_id", primary_key=True),
    words("why"),
    words("why_zh"),
    # Of what is no lead: the customer's or contact's.
    words("name"),
)

# Customers that an import of history has filled in: what it wrote, so that it can be taken back.
customer_filled = Table(
    "customer_filled",
    metadata,
    identifier("import_id", primary_key=True),
    identifier("customer_id", primary_key=True),
    # Field → value, as the customer had it from this version on.
    Column("fields", JSONB, nullable=False),
    Column("version", Integer, nullable=False),
    instant("undone_at"),
)

# How the columns of a source were read the last time: by a person, and (person empty) by anybody.
import_mapping = Table(
    "import_mapping",
    metadata,
    Column("person", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("mapping", JSONB, nullable=False),
    instant("used_at", nullable=False),
)
