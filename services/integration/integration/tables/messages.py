"""What reaches people, and what chat systems sent."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)

from integration.tables.metadata import instant, metadata, words

notification = Table(
    "notification",
    metadata,
    # Also the id on the live stream. Numbers of one recipient are committed in their order.
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("recipient_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("severity", Text, nullable=False),
    words("title"),
    words("title_zh"),
    words("body"),
    words("body_zh"),
    words("link"),
    Column("popup", Boolean, nullable=False, server_default=text("false")),
    # What it tells, once: the event's own identity for this kind.
    Column("dedupe_key", Text, nullable=False),
    instant("created_at"),
    instant("read_at", nullable=True),
    Index("notification_inbox", "recipient_id", "id"),
    Index("notification_unread", "recipient_id", "id", postgresql_where=text("read_at IS NULL")),
    Index("notification_once", "recipient_id", "dedupe_key", unique=True),
)

delivery = Table(
    "delivery",
    metadata,
    # Also the Message-ID, the same on every attempt, so that a mail server can drop a repeated one.
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("channel", Text, nullable=False),
    # The address is looked up when it is sent and never kept or logged.
    Column("recipient_id", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("dedupe_key", Text, nullable=False),
    # queued, sent, failed
    Column("state", Text, nullable=False, server_default=text("'queued'")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    words("error"),
    instant("created_at"),
    instant("sent_at", nullable=True),
    # Business time: held until quiet hours are over.
    instant("not_before"),
    # Real time: not before this instant; pushed ahead while somebody sends it.
    Column("next_try_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    Index("delivery_once", "channel", "recipient_id", "dedupe_key", unique=True),
    Index("delivery_queue", "next_try_at", postgresql_where=text("state = 'queued'")),
    Index("delivery_recipient", "recipient_id", "id"),
)

callback_nonce = Table(
    "callback_nonce",
    metadata,
    Column("source", Text, primary_key=True),
    Column("nonce", Text, primary_key=True),
    # Real time, as the sender's time stamp.
    Column("seen_at", DateTime(timezone=True), nullable=False),
    Index("callback_nonce_seen", "seen_at"),
)

conversation_message = Table(
    "conversation_message",
    metadata,
    Column("source", Text, primary_key=True),
    Column("message_id", Text, primary_key=True),
    Column("chat_id", Text, nullable=False),
    instant("received_at"),
)

phone_call = Table(
    "phone_call",
    metadata,
    # The telephone system's own id. Numbers and words are not kept here: activity has them.
    Column("external_id", Text, primary_key=True),
    # Of all but the words.
    Column("content_hash", LargeBinary, nullable=False),
    # Whether there is a hash of the words, for the release before: it knows that alone.
    Column("transcribed", Boolean, nullable=False),
    # Of the words, once there were any.
    Column("transcript_hash", LargeBinary, nullable=True),
    instant("received_at"),
)

approval = Table(
    "approval",
    metadata,
    Column("source", Text, primary_key=True),
    Column("approval_id", Text, primary_key=True),
    words("process_code"),
    words("title"),
    words("applicant_id"),
    # agreed, refused, withdrawn
    Column("result", Text, nullable=False),
    words("url"),
    instant("requested_at"),
    instant("completed_at"),
    instant("received_at"),
)
