"""Customers. What is known of them beside the row itself stands in customer_file."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, SmallInteger, Table, Text, text

from leads.tables.metadata import identifier, instant, metadata, words, words_list

customer = Table(
    "customer",
    metadata,
    identifier("customer_id", primary_key=True),
    Column("customer_code", Text),
    Column("name", Text, nullable=False),
    # Normalised name (LD1.2): compared, never shown.
    Column("name_key", Text, nullable=False),
    words("uscc"),
    words("phone"),
    words("customer_class"),
    words("grade"),
    words("industry"),
    words("province"),
    words("city"),
    # micro, small, medium, large.
    words("size"),
    words("address"),
    words("needs"),
    words("owner_id"),
    words("unit"),
    identifier("parent_customer_id"),
    instant("since"),
    Column("version", Integer, nullable=False, server_default=text("1")),
    # Of the versions, those that nobody made: computed grades, its owner's new unit, rows of the import it came with.
    Column("by_itself", Integer, nullable=False, server_default=text("0")),
    instant("created_at", nullable=False),
    # How complete the file is, in percent, and what it lacks (LD9.1). The policy's version that counted it last;
    # -1: to be counted again.
    Column("completeness", SmallInteger, nullable=False, server_default=text("0")),
    words_list("missing"),
    Column("counted_by", Integer, nullable=False, server_default=text("-1")),
    # Its import was taken back before anybody had touched it: kept, shown nowhere.
    instant("withdrawn_at"),
    identifier("import_id"),
    # The customer that goes on, whatever the steps to it: what is hung on this one is read with that one's (LD1.4).
    # It keeps its number and codes beneath, where nobody else can take them.
    identifier("merged_into"),
    Index("customer_code_once", "customer_code", unique=True, postgresql_where=text("merged_into IS NULL")),
    Index("customer_codes", "customer_code"),
    Index("customer_uscc", "uscc", unique=True, postgresql_where=text("uscc <> '' AND merged_into IS NULL")),
    Index("customer_usccs", "uscc", postgresql_where=text("uscc <> ''")),
    Index("customer_merged", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
    Index("customer_phone", "phone", postgresql_where=text("phone <> ''")),
    Index("customer_name", "name_key"),
    Index("customer_listed", "name", "customer_id"),
    # Keys of branches (分公司) end so, and begin with their parent's.
    Index(
        "customer_unlinked_branch",
        "name_key",
        postgresql_ops={"name_key": "text_pattern_ops"},
        postgresql_where=text("parent_customer_id IS NULL AND name_key LIKE '%分'"),
    ),
    Index("customer_parent", "parent_customer_id", postgresql_where=text("parent_customer_id IS NOT NULL")),
    Index("customer_completeness", "completeness", "customer_id"),
    Index("customer_counted", "counted_by"),
    Index("customer_import", "import_id", postgresql_where=text("import_id IS NOT NULL")),
    Index("customer_owner", "owner_id", "customer_id"),
    Index("customer_unit", "unit", "customer_id", postgresql_ops={"unit": "text_pattern_ops"}),
)
