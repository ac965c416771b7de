"""The base layer of the customer file (LD9.1): contacts, papers, and which field was changed when."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Index, Integer, Table, Text, text

from leads.tables.metadata import identifier, instant, metadata, words

# The version of the customer with which a field was changed last, and by whom; absent: as it came in.
customer_field = Table(
    "customer_field",
    metadata,
    identifier("customer_id", primary_key=True),
    Column("field", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("changed_by", Text, nullable=False),
    instant("changed_at", nullable=False),
)

# Who decides at the customer's, and how they are reached. Retired, never deleted.
customer_contact = Table(
    "customer_contact",
    metadata,
    identifier("contact_id", primary_key=True),
    identifier("customer_id", nullable=False),
    Column("name", Text, nullable=False),
    words("title"),
    # decision_maker, influencer, user, gatekeeper; empty while not known.
    words("role"),
    identifier("reports_to"),
    words("phone"),
    words("wecom_id"),
    words("email"),
    Column("is_primary", Boolean, nullable=False, server_default=text("false")),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("added_by", Text, nullable=False),
    instant("added_at", nullable=False),
    instant("retired_at"),
    words("retired_why"),
    identifier("import_id"),
    Index("customer_contact_shown", "customer_id", "contact_id"),
    Index(
        "customer_contact_primary",
        "customer_id",
        unique=True,
        postgresql_where=text("is_primary AND retired_at IS NULL"),
    ),
    Index("customer_contact_import", "import_id", postgresql_where=text("import_id IS NOT NULL")),
)

# Qualifications of the customer, and certificates of products it holds. Retired, never deleted.
customer_credential = Table(
    "customer_credential",
    metadata,
    identifier("credential_id", primary_key=True),
    identifier("customer_id", nullable=False),
    # qualification, product_certificate.
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("number", Text, nullable=False),
    words("issuer"),
    # Of a product certificate.
    words("product"),
    # The last day on which it is valid; absent: it does not end.
    Column("valid_until", Date),
    words("file_id"),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("added_by", Text, nullable=False),
    instant("added_at", nullable=False),
    instant("retired_at"),
    words("retired_why"),
    Index("customer_credential_shown", "customer_id", "kind", "credential_id"),
    Index("customer_credential_ends", "valid_until", postgresql_where=text("retired_at IS NULL")),
)
