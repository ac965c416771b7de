"""Contract messages from and to what the features speak."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import Row

from activity.calls.record_call import CallReport
from activity.calls.rules import Utterance
from activity.conversations.rules import Attachment, Message
from activity.follow_ups.policy import Template
from activity.follow_ups.rules import Channel, Direction, FollowUp, Outcome, RoleAttitude, Source
from chassis.kernel.ids import new_id
from closeloop.activity.v1 import call_service_pb2 as call_pb
from closeloop.activity.v1 import conversation_service_pb2 as conversation_pb
from closeloop.activity.v1 import follow_up_service_pb2 as follow_up_pb
from closeloop.integration.v1.events_pb2 import CallTranscribed, ConversationMessage
from closeloop.leads.v1.events_pb2 import CustomerMerged, CustomerUnmerged

# -- in ------------------------------------------------------------------------------------------------------------


def instant_in(message: Timestamp) -> datetime:
    return message.ToDatetime(tzinfo=UTC)


def merged_customer(event: CustomerMerged | CustomerUnmerged) -> dict[str, Any]:
    kept_id = event.kept_id if isinstance(event, CustomerMerged) else None
    return {"customer_id": event.merged_id, "merged_into": kept_id, "merge_version": event.version}


def _word(enum: Any, number: int, prefix: str) -> str:
    """CHANNEL_WECHAT → wechat"""
    return str(enum.Name(number)).removeprefix(prefix).lower()


def _number(enum: Any, word: str, prefix: str) -> Any:
    return enum.Value(prefix + word.upper())


def follow_up_in(request: follow_up_pb.RecordFollowUpRequest, now: datetime) -> FollowUp:
    return FollowUp(
        follow_up_id=new_id(),
        template=request.template,
        lead_id=request.lead_id,
        customer_id=request.customer_id,
        author_id="",
        unit="",
        channel=Channel(_word(follow_up_pb.Channel, request.channel, "CHANNEL_")),
        direction=Direction(_word(follow_up_pb.Direction, request.direction, "DIRECTION_")),
        outcome=Outcome(_word(follow_up_pb.Outcome, request.outcome, "OUTCOME_")),
        occurred_at=instant_in(request.occurred_at) if request.HasField("occurred_at") else now,
        recorded_at=now,
        source=Source.MANUAL,
        fields=dict(request.fields),
        input=request.input,
        action=request.action,
        output=request.output,
        blocker=request.blocker,
        need=request.need,
        attitudes=tuple(
            RoleAttitude(each.title, _word(follow_up_pb.Attitude, each.attitude, "ATTITUDE_"))
            for each in request.attitudes
        ),
        recording_seconds=request.recording_seconds,
        next_step=request.next_step,
        next_step_due_at=instant_in(request.next_step_due_at) if request.HasField("next_step_due_at") else None,
    )


def call_in(request: call_pb.RecordCallRequest) -> CallReport:
    return CallReport(
        external_id=request.external_id,
        lead_id=request.lead_id,
        customer_id=request.customer_id,
        rep_id=request.rep_id,
        direction=_word(call_pb.CallDirection, request.direction, "CALL_DIRECTION_"),
        phone=request.phone,
        started_at=instant_in(request.started_at),
        duration_seconds=request.duration_seconds,
        connected=request.connected,
        transcript=[Utterance(each.speaker, each.offset_seconds, each.text) for each in request.transcript],
    )


def message_in(event: ConversationMessage) -> Message:
    return Message(
        event.message_id,
        event.chat_id,
        event.sender,
        event.employee_id,
        event.from_customer,
        event.customer_external_id,
        event.text,
        instant_in(event.sent_at),
        event.source,
        event.kind or "text",
        event.recalls,
        event.customer_id,
        tuple(Attachment(each.kind, each.name, each.size, each.file_id) for each in event.attachments),
    )


def transcribed_in(event: CallTranscribed) -> CallReport:
    return CallReport(
        external_id=event.external_id,
        lead_id="",
        customer_id="",
        rep_id=event.rep_id,
        direction=event.direction,
        phone=event.phone,
        started_at=instant_in(event.started_at),
        duration_seconds=event.duration_seconds,
        connected=event.connected,
        transcript=[Utterance(each.speaker, each.offset_seconds, each.text) for each in event.transcript],
    )


# -- out -----------------------------------------------------------------------------------------------------------


def follow_up(row: Row[Any] | FollowUp) -> follow_up_pb.FollowUp:
    message = follow_up_pb.FollowUp(
        follow_up_id=row.follow_up_id,
        template=row.template,
        lead_id=row.lead_id,
        customer_id=row.customer_id,
        author_id=row.author_id,
        unit=row.unit,
        channel=_number(follow_up_pb.Channel, row.channel, "CHANNEL_"),
        direction=_number(follow_up_pb.Direction, row.direction, "DIRECTION_"),
        outcome=_number(follow_up_pb.Outcome, row.outcome, "OUTCOME_"),
        fields=row.fields,
        input=row.input,
        action=row.action,
        output=row.output,
        blocker=row.blocker,
        need=row.need,
        attitudes=[_attitude(each) for each in row.attitudes],
        source=row.source,
        reference=row.reference,
        summary=row.summary,
        tags=row.tags,
        recording_seconds=row.recording_seconds,
        version=1,
        next_step=row.next_step,
    )
    if row.next_step_due_at is not None:
        message.next_step_due_at.FromDatetime(row.next_step_due_at)
    message.occurred_at.FromDatetime(row.occurred_at)
    message.recorded_at.FromDatetime(row.recorded_at)
    return message


def _attitude(each: RoleAttitude | dict[str, str]) -> follow_up_pb.RoleAttitude:
    title, attitude = (each["title"], each["attitude"]) if isinstance(each, dict) else (each.title, each.attitude)
    return follow_up_pb.RoleAttitude(title=title, attitude=_number(follow_up_pb.Attitude, attitude, "ATTITUDE_"))


def template(each: Template) -> follow_up_pb.Template:
    fields = [
        follow_up_pb.TemplateField(name=field.name, label=field.label, label_zh=field.label_zh, required=field.required)
        for field in each.fields
    ]
    return follow_up_pb.Template(name=each.name, label=each.label, label_zh=each.label_zh, fields=fields)


def call(row: Row[Any]) -> call_pb.Call:
    message = call_pb.Call(
        call_id=row.call_id,
        external_id=row.external_id,
        lead_id=row.lead_id,
        customer_id=row.customer_id,
        rep_id=row.rep_id,
        unit=row.unit,
        direction=_number(call_pb.CallDirection, row.direction, "CALL_DIRECTION_"),
        phone=row.phone,
        duration_seconds=row.duration_seconds,
        connected=row.connected,
        transcript=[call_pb.Utterance(**each) for each in row.transcript],
        keywords=[call_pb.Keyword(**each) for each in row.analysis["keywords"]],
        talk_ratio=row.analysis["talk_ratio"],
        rep_questions=row.analysis["rep_questions"],
        customer_questions=row.analysis["customer_questions"],
        digest=row.analysis["digest"],
    )
    message.started_at.FromDatetime(row.started_at)
    return message


def archive(row: Row[Any]) -> conversation_pb.Archive:
    message = conversation_pb.Archive(
        archive_id=row.archive_id,
        chat_id=row.chat_id,
        lead_id=row.lead_id,
        customer_id=row.customer_id,
        rep_id=row.rep_id,
        unit=row.unit,
        summary=row.summary,
        tags=row.tags,
        unknown_tags=row.unknown_tags,
        follow_up_id=row.follow_up_id,
        message_count=len(row.message_ids),
    )
    message.archived_at.FromDatetime(row.archived_at)
    return message


def chat_message(each: Message) -> conversation_pb.Message:
    message = conversation_pb.Message(
        message_id=each.message_id,
        sender=each.sender,
        from_customer=each.from_customer,
        text=each.text,
        kind=each.kind,
        attachments=[
            conversation_pb.Attachment(kind=one.kind, name=one.name, size=one.size, file_id=one.file_id)
            for one in each.attachments
        ],
    )
    message.sent_at.FromDatetime(each.sent_at)
    return message
