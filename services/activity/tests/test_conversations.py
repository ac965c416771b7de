"""Chat messages come as events; `#归档` cuts an archive from them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from activity.text_rules import sentences
from chassis.errors import NotFound
from chassis.identity import Identity
from chassis.testing.events import deliver
from chassis.testing.identity import as_hq, as_manager, as_rep
from closeloop.activity.v1 import conversation_service_pb2 as pb
from closeloop.activity.v1.conversation_service_pb2_grpc import ConversationServiceStub
from closeloop.activity.v1.follow_up_service_pb2 import CHANNEL_EMAIL, GetFollowUpRequest
from closeloop.activity.v1.follow_up_service_pb2_grpc import FollowUpServiceStub
from closeloop.integration.v1.events_pb2 import MessageAttachment

HZ1, HZ2 = "/HQ/EAST/HZ1/", "/HQ/EAST/HZ2/"
OWNER = as_rep("E1", HZ1)


@pytest.fixture
def staffed(world):
    world.hire("E1")
    world.assign()
    return world


def door(world, identity: Identity = OWNER) -> ConversationServiceStub:
    return ConversationServiceStub(world.as_(identity))


def archives(world, identity: Identity = OWNER, **wanted: object) -> list[pb.Archive]:
    """Oldest first."""
    found = door(world, identity).ListArchives(pb.ListArchivesRequest(**wanted)).archives  # type: ignore[arg-type]
    return list(reversed(found))


def texts(world, archive: pb.Archive, identity: Identity = OWNER) -> list[str]:
    whole = door(world, identity).GetArchive(pb.GetArchiveRequest(archive_id=archive.archive_id))
    return [each.text for each in whole.messages]


def talk(chat) -> None:
    chat.customer("你好，请问移动超声能不能做床旁检查？")
    chat.rep("可以的，报价单已发给您。周四可以安排演示。")
    chat.customer("好的，预算六十万左右，月底前要定下来。")


@pytest.mark.spec("A3.1")
def test_a_command_archives_the_chat_as_a_follow_up(staffed, chat: Callable) -> None:
    talk(room := chat())
    room.rep("#归档 已报价 待演示 老客户", times=2)

    (archive,) = archives(staffed)
    assert (archive.lead_id, archive.rep_id, archive.unit, archive.message_count) == ("L1", "E1", HZ1, 3)
    assert (archive.tags, archive.unknown_tags) == (["已报价", "待演示"], ["老客户"])
    said = texts(staffed, archive)
    assert len(archive.summary) <= 200
    assert all(any(sentence in each for each in said) for sentence in sentences(archive.summary))
    assert "预算六十万左右" in archive.summary

    read = GetFollowUpRequest(follow_up_id=archive.follow_up_id)
    follow_up = FollowUpServiceStub(staffed.as_(OWNER)).GetFollowUp(read).follow_up
    assert (follow_up.source, follow_up.reference) == ("conversation", archive.archive_id)
    assert (follow_up.summary, follow_up.tags) == (archive.summary, archive.tags)
    assert (follow_up.lead_id, follow_up.author_id) == ("L1", "E1")


@pytest.mark.spec("A3.1")
def test_an_archive_is_told_with_who_wrote(staffed, chat: Callable) -> None:
    talk(room := chat())
    last = staffed.stamp()
    room.rep("#归档 已报价")

    (told,) = staffed.told("activity.conversation_archived")
    assert (told.lead_id, told.rep_id, told.unit, told.tags) == ("L1", "E1", HZ1, ["已报价"])
    assert (told.rep_wrote, told.customer_replied, told.last_customer_message_at) == (True, True, last)
    (follow_up,) = staffed.told("activity.follow_up_recorded")
    assert (follow_up.follow_up_id, follow_up.source) == (told.follow_up_id, "conversation")
    assert (follow_up.channel, follow_up.direction, follow_up.outcome) == ("wechat", "outbound", "connected")
    assert follow_up.occurred_at == last


@pytest.mark.spec("A3.1")
def test_a_chat_in_which_only_the_customer_wrote_is_no_action_of_the_rep(staffed, chat: Callable) -> None:
    (room := chat()).customer("在吗？")
    room.rep("#归档")
    (told,) = staffed.told("activity.conversation_archived")
    assert (told.rep_wrote, told.customer_replied) == (False, True)
    assert staffed.told("activity.follow_up_recorded")[0].direction == "inbound"


@pytest.mark.spec("A3.1")
def test_a_replayed_message_changes_nothing(staffed, chat: Callable) -> None:
    talk(room := chat())
    command = room.rep("#归档")
    deliver(staffed.service, command)
    assert (len(archives(staffed)), staffed.count("message")) == (1, 4)
    assert len(staffed.told("activity.conversation_archived")) == 1


@pytest.mark.spec("A3.1")
def test_the_next_archive_begins_where_the_last_one_ended(staffed, chat: Callable) -> None:
    talk(room := chat())
    room.rep("#归档 已报价")
    room.customer("演示定在周四。")
    room.rep("#归档 待演示")
    assert [texts(staffed, each) for each in archives(staffed)][1] == ["演示定在周四。"]


@pytest.mark.spec("A3.1")
def test_an_archive_reaches_back_thirty_minutes(staffed, chat: Callable) -> None:
    room = chat(minutes=10)
    for number in range(5):
        room.customer(f"第{number}条。")
    room.rep("#归档")
    (archive,) = archives(staffed)
    assert texts(staffed, archive) == ["第2条。", "第3条。", "第4条。"], "40 and 50 minutes ago is too long"
    assert staffed.count("message") == 6, "all are kept"


@pytest.mark.spec("A3.1")
def test_an_archive_reaches_back_twenty_messages(staffed, chat: Callable) -> None:
    room = chat(minutes=1)
    for number in range(23):
        room.customer(f"第{number}条。")
    room.rep("#归档")
    assert texts(staffed, archives(staffed)[0]) == [f"第{number}条。" for number in range(3, 23)]


@pytest.mark.spec("A3.1")
def test_a_customer_cannot_archive(staffed, chat: Callable) -> None:
    (room := chat()).customer("#归档 已报价")
    assert archives(staffed) == []
    room.rep("#归档")
    assert texts(staffed, archives(staffed)[0]) == ["#归档 已报价"], "it is what the customer said"


@pytest.mark.spec("A3.1")
def test_there_is_no_archive_without_a_word_or_without_a_customer(staffed, chat: Callable) -> None:
    chat().rep("#归档")
    inside = chat("inside")
    inside.rep("下班了吗？", customer_external_id="")
    inside.rep("#归档", customer_external_id="")
    assert (archives(staffed), staffed.count("message")) == ([], 3)
    assert staffed.told("activity.follow_up_recorded") == []


@pytest.mark.spec("A3.1")
def test_a_command_that_does_not_name_the_customer_means_the_one_of_the_chat(staffed, chat: Callable) -> None:
    (room := chat()).customer("预算30万。")
    room.rep("#归档", customer_external_id="")
    assert archives(staffed)[0].lead_id == "L1"


@pytest.mark.spec("A3.1")
def test_chats_are_kept_apart(staffed, chat: Callable) -> None:
    one, other = chat("one"), chat("other")
    one.customer("甲的话。")
    other.customer("乙的话。")
    one.rep("#归档")
    other.rep("#归档")
    assert [texts(staffed, each) for each in archives(staffed)] == [["甲的话。"], ["乙的话。"]]


@pytest.mark.spec("A3.1")
def test_a_message_that_comes_late_is_taken_by_the_next_archive(staffed, chat: Callable) -> None:
    room = chat()
    late = room.message("迟到的消息。", from_customer=True)
    room.customer("第一条。")
    room.rep("#归档")
    deliver(staffed.service, late)
    room.customer("第二条。")
    room.rep("#归档")
    assert [texts(staffed, each) for each in archives(staffed)] == [["第一条。"], ["迟到的消息。", "第二条。"]]


@pytest.mark.spec("A3.1")
def test_what_was_said_after_a_late_command_belongs_to_the_next_archive(staffed, chat: Callable) -> None:
    (room := chat()).customer("第一条。")
    staffed.clock.advance(timedelta(minutes=1))
    command = room.message("#归档", employee_id="E1")
    room.customer("第二条。")
    deliver(staffed.service, command)
    room.rep("#归档")
    assert [texts(staffed, each) for each in archives(staffed)] == [["第一条。"], ["第二条。"]]


@pytest.mark.spec("A3.1")
def test_an_archive_that_comes_before_its_lead_is_told_when_the_lead_is_known(world, chat: Callable) -> None:
    world.hire("E1")
    talk(room := chat())
    room.rep("#归档 已报价")
    (archive,) = archives(world)
    assert (archive.lead_id, archive.follow_up_id) == ("", "")
    assert world.told("activity.conversation_archived") == []

    world.assign("L0", chat_id="wm-somebody-else")
    world.assign(times=2)

    (archive,) = archives(world)
    (told,) = world.told("activity.conversation_archived")
    assert (archive.lead_id, told.lead_id) == ("L1", "L1")
    assert archive.follow_up_id == told.follow_up_id != ""
    world.assign("L2")
    assert len(world.told("activity.conversation_archived")) == 1


@pytest.mark.spec("A3.1", "P1.4")
def test_raw_text_is_shown_to_those_who_see_the_archive(staffed, chat: Callable) -> None:
    talk(room := chat())
    room.rep("#归档")
    (archive,) = archives(staffed)
    for sees in (OWNER, as_manager("E100", HZ1), as_hq()):
        assert len(texts(staffed, archive, sees)) == 3
    for blind in (as_rep("E2", HZ1), as_manager("E100", HZ2)):
        assert archives(staffed, blind) == []
        with pytest.raises(NotFound) as refused:
            texts(staffed, archive, blind)
        assert refused.value.reason == "ARCHIVE_NOT_FOUND"


@pytest.mark.spec("A3.1")
def test_an_archive_of_somebody_the_roster_does_not_know_yet_is_seen_by_headquarters(world, chat: Callable) -> None:
    world.assign()
    talk(room := chat())
    room.rep("#归档", employee_id="E77")
    assert [each.rep_id for each in archives(world, as_hq())] == ["E77"]


@pytest.mark.spec("A3.1")
def test_the_dictionary_of_tags_is_listed(world) -> None:
    tags = door(world, as_hq()).ListTags(pb.ListTagsRequest()).tags
    assert {"已报价", "待演示", "竞品对比中"} <= set(tags)


@pytest.mark.spec("A3.1")
def test_what_was_taken_back_is_not_archived_whichever_comes_first(staffed, chat: Callable) -> None:
    room = chat()
    said = room.customer("价格十万。")
    room.customer("价格八万，预算已批。")
    room.customer("", kind="recall", recalls=said.message_id)
    room.customer("", kind="recall", recalls="chat-1-5")
    room.customer("发错群了。")
    room.rep("#归档")
    (archive,) = archives(staffed)
    assert texts(staffed, archive) == ["价格八万，预算已批。"]


@pytest.mark.spec("A3.1")
def test_a_file_is_archived_by_name(staffed, chat: Callable) -> None:
    room = chat()
    file = MessageAttachment(kind="file", name="报价单.pdf", size=1200, media_id="m1", file_id="f" * 64)
    room.rep("[文件] 报价单.pdf", kind="file", attachments=[file])
    room.rep("#归档 已报价")
    (archive,) = archives(staffed)
    whole = door(staffed).GetArchive(pb.GetArchiveRequest(archive_id=archive.archive_id))
    (kept,) = whole.messages[0].attachments
    assert (whole.messages[0].kind, kept.name, kept.size, kept.file_id) == ("file", "报价单.pdf", 1200, "f" * 64)


@pytest.mark.spec("A3.1")
def test_a_mail_of_a_known_customer_is_archived_as_mail(staffed, chat: Callable) -> None:
    staffed.customer("C1")
    thread = chat("mail-1")
    mail = {"source": "mailbox", "channel": "email", "customer_external_id": "li@hospital.cn", "customer_id": "C1"}
    thread.customer("预算六十万，请报价。", **mail)
    thread.rep("#归档 待演示", **mail)
    (archive,) = archives(staffed)
    assert archive.customer_id == "C1"
    read = GetFollowUpRequest(follow_up_id=archive.follow_up_id)
    assert FollowUpServiceStub(staffed.as_(OWNER)).GetFollowUp(read).follow_up.channel == CHANNEL_EMAIL
