"""The schema of activity on one page. Records are never edited in place: nothing here is updated but links that were
open when the record came, and the transcript of a call that had none yet."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()


def _instant(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


employee = Table(
    "employee",
    metadata,
    Column("employee_id", Text, primary_key=True),
    # Of the event that wrote the row; an older one is ignored.
    Column("version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("unit", Text, nullable=False),
)

lead = Table(
    "lead",
    metadata,
    Column("lead_id", Text, primary_key=True),
    Column("owner_id", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("company_name", Text, nullable=False),
    # E.164, empty when unknown.
    Column("phone", Text, nullable=False),
    Column("wecom_external_id", Text, nullable=False),
    Column("customer_id", Text, nullable=False, server_default=text("''")),
    _instant("assigned_at"),
    Index("lead_phone", "phone", postgresql_where=text("phone <> ''")),
    Index("lead_customer", "customer_id", postgresql_where=text("customer_id <> ''")),
    Index("lead_wecom", "wecom_external_id", postgresql_where=text("wecom_external_id <> ''")),
)

customer = Table(
    "customer",
    metadata,
    Column("customer_id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("owner_id", Text, nullable=False),
    Column("unit", Text, nullable=False),
    # The customer that goes on, where the record was found to be the same one; the version that says so.
    Column("merged_into", Text, nullable=True),
    Column("merge_version", Integer, nullable=False, server_default=text("0")),
    Index("customer_merged", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
)

follow_up = Table(
    "follow_up",
    metadata,
    Column("follow_up_id", Uuid(as_uuid=False), primary_key=True),
    Column("template", Text, nullable=False),
    Column("lead_id", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("author_id", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("fields", JSONB, nullable=False),
    Column("input", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("output", Text, nullable=False),
    Column("blocker", Text, nullable=False),
    Column("need", Text, nullable=False),
    # [{"title": …, "attitude": …}]
    Column("attitudes", JSONB, nullable=False),
    _instant("occurred_at"),
    _instant("recorded_at"),
    # manual, conversation
    Column("source", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("tags", ARRAY(Text), nullable=False),
    Column("recording_seconds", Integer, nullable=False),
    Column("policy_version", Integer, nullable=False),
    Column("next_step", Text, nullable=False, server_default=text("''")),
    _instant("next_step_due_at", nullable=True),
    Index("follow_up_lead", "lead_id", "follow_up_id"),
    Index("follow_up_customer", "customer_id", "follow_up_id"),
    Index("follow_up_author", "author_id", "follow_up_id"),
    Index("follow_up_unit", "unit", "follow_up_id", postgresql_ops={"unit": "text_pattern_ops"}),
)

call = Table(
    "call",
    metadata,
    Column("call_id", Uuid(as_uuid=False), primary_key=True),
    # The telephone system's own id.
    Column("external_id", Text, nullable=False, unique=True),
    # Empty until the number is known to belong to a lead.
    Column("lead_id", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("rep_id", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("phone", Text, nullable=False),
    _instant("started_at"),
    Column("duration_seconds", Integer, nullable=False),
    Column("connected", Boolean, nullable=False),
    # [{"speaker": …, "offset_seconds": …, "text": …}]
    Column("transcript", JSONB, nullable=False),
    # {"keywords": […], "talk_ratio": …, "rep_questions": …, "customer_questions": …, "digest": …}
    Column("analysis", JSONB, nullable=False),
    # Of the words that the analysis looked for.
    Column("policy_version", Integer, nullable=False),
    Index("call_lead", "lead_id", "call_id"),
    Index("call_customer", "customer_id", "call_id"),
    Index("call_rep", "rep_id", "call_id"),
    Index("call_unit", "unit", "call_id", postgresql_ops={"unit": "text_pattern_ops"}),
    Index("call_unplaced", "phone", postgresql_where=text("lead_id = '' AND customer_id = ''")),
)

message = Table(
    "message",
    metadata,
    # The chat system's own id: a message told twice is one.
    Column("message_id", Text, primary_key=True),
    Column("position", BigInteger, Identity(), nullable=False),
    # wecom, dingtalk …
    Column("source", Text, nullable=False),
    Column("chat_id", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("employee_id", Text, nullable=False),
    Column("from_customer", Boolean, nullable=False),
    Column("customer_external_id", Text, nullable=False),
    Column("text", Text, nullable=False),
    _instant("sent_at"),
    # text, image, file, mixed, recall …
    Column("kind", Text, nullable=False, server_default=text("'text'")),
    # The message that this one takes back.
    Column("recalls", Text, nullable=False, server_default=text("''")),
    # Of a customer known by the address; chats leave it empty.
    Column("customer_id", Text, nullable=False, server_default=text("''")),
    # [{"kind": …, "name": …, "size": …, "file_id": …}]
    Column("attachments", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    Index("message_recalls", "recalls", postgresql_where=text("recalls <> ''")),
    Index("message_chat", "chat_id", "sent_at", "position"),
)

archive = Table(
    "archive",
    metadata,
    Column("archive_id", Uuid(as_uuid=False), primary_key=True),
    Column("chat_id", Text, nullable=False),
    # The message that asked for it: one archive per command.
    Column("command_id", Text, nullable=False, unique=True),
    # Empty until the chat's customer is known to belong to a lead.
    Column("lead_id", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("customer_external_id", Text, nullable=False),
    Column("rep_id", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("tags", ARRAY(Text), nullable=False),
    Column("unknown_tags", ARRAY(Text), nullable=False),
    Column("message_ids", ARRAY(Text), nullable=False),
    Column("customer_replied", Boolean, nullable=False),
    Column("rep_wrote", Boolean, nullable=False),
    _instant("last_message_at"),
    _instant("last_customer_message_at", nullable=True),
    Column("follow_up_id", Text, nullable=False),
    _instant("archived_at"),
    Column("policy_version", Integer, nullable=False),
    Index("archive_chat", "chat_id", "archived_at"),
    Index("archive_lead", "lead_id", "archive_id"),
    Index("archive_customer", "customer_id", "archive_id"),
    Index("archive_rep", "rep_id", "archive_id"),
    Index("archive_unit", "unit", "archive_id", postgresql_ops={"unit": "text_pattern_ops"}),
    Index("archive_unplaced", "customer_external_id", postgresql_where=text("lead_id = '' AND customer_id = ''")),
)
