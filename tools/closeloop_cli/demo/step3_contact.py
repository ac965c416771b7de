"""Step 3: an archived chat, a call and a message stop the clocks of their leads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from closeloop_cli.business_time import SHANGHAI
from closeloop_cli.demo.day import Day
from closeloop_cli.door import Person

CHAT = "wrchat-expo-0001"
EXTERNAL_ID = "wm-expo-2001"
CONTACTED = ("LEAD_STATE_CONTACTED",)


def tell(day: Day) -> None:
    """Ten minutes after the leads came in, so that what was never contacted can be told from what was."""
    day.time.move_to(day.time.now() + timedelta(minutes=10))
    day.teller.say(f"it is {day.time.now().astimezone(SHANGHAI):%H:%M}")
    archive_chat(day)
    record_call(day)
    write_message(day)
    day.settle()
    check_contacted(day)
    refuse_forgeries(day)


def owner_of(day: Day, role: str) -> str:
    return str(day.kept["owners"][str(day.company["rows"][role])])


def archive_chat(day: Day) -> None:
    rep = owner_of(day, "chat")
    say(day, EXTERNAL_ID, "你好，请问移动超声能不能做床旁检查？")
    say(day, rep.lower(), "可以的，报价单已发给您，周四可以安排演示。")
    say(day, EXTERNAL_ID, "好的，预算六十万左右，月底前要定下来。")
    answer = say(day, rep.lower(), "#归档 已报价 待演示")
    day.teller.check("answers to the encrypted callback", [200], [each["status"] for each in answer["answers"]])
    day.teller.say(f"{day.name(rep)} writes “#归档 已报价 待演示” in the customer's chat")


def say(day: Day, sender: str, text: str) -> Any:
    return day.simulate("wecom", "send", {"chatId": CHAT, "from": sender, "externalUserId": EXTERNAL_ID, "text": text})


def record_call(day: Day) -> None:
    rep = day.door.as_(owner_of(day, "call"))
    started = day.time.now() - timedelta(minutes=4)
    call = rep.post(
        "/api/v1/calls",
        {
            "externalId": "PBX-20260310-0007",
            "leadId": day.lead_of("call"),
            "direction": "CALL_DIRECTION_OUTBOUND",
            "phone": day.expected["import"]["phones"][str(day.company["rows"]["call"])],
            "startedAt": started.isoformat(),
            "durationSeconds": 185,
            "connected": True,
            "transcript": [
                {"speaker": "rep", "offsetSeconds": 3, "text": "您好，想了解一下贵院的采购预算和时间。"},
                {"speaker": "customer", "offsetSeconds": 21, "text": "预算大概八十万，下个月定标。"},
                {"speaker": "customer", "offsetSeconds": 64, "text": "你们和迈瑞比，交期怎么样？"},
            ],
        },
    )["call"]
    topics = dict.fromkeys(keyword["topic"] for keyword in call["keywords"])
    day.teller.say(f"{day.name(rep.employee_id)} calls for 185 s; heard: {', '.join(topics)}")
    day.show_last_call(rep)


def write_message(day: Day) -> None:
    rep = day.door.as_(owner_of(day, "written"))
    follow_up(day, rep, "written", "CHANNEL_WECHAT", "OUTCOME_DELIVERED", "已发送产品资料，等待回复。")
    day.teller.say(f"{day.name(rep.employee_id)} writes to a lead; the customer will not answer")


def follow_up(day: Day, rep: Person, role: str, channel: str, outcome: str, output: str) -> dict[str, Any]:
    row = str(day.company["rows"][role])
    fields = {
        "customer": day.expected["import"]["companies"][row],
        "decision_maker_title": "设备科长",
        "need_keywords": "超声 床旁",
    }
    request = {
        "template": "first_visit",
        "leadId": day.lead_of(role),
        "channel": channel,
        "direction": "DIRECTION_OUTBOUND",
        "outcome": outcome,
        "fields": fields,
        "input": "展会后首次联系",
        "action": "介绍产品与案例",
        "output": output,
        "blocker": "无",
        "need": "更新超声设备",
        "attitudes": [{"title": "设备科长", "attitude": "ATTITUDE_NEUTRAL"}],
        "recordingSeconds": 20,
    }
    recorded: dict[str, Any] = rep.post("/api/v1/follow-ups", request)["followUp"]
    return recorded


def check_contacted(day: Day) -> None:
    operations = day.person("operations")
    archives = operations.every("/api/v1/conversation-archives", "archives", leadId=day.lead_of("chat"))
    day.teller.figure("{} archive of the chat", 1, len(archives))
    day.teller.check("tags of the archive", ["已报价", "待演示"], archives[0]["tags"] if archives else [])
    if archives:
        day.teller.say(f"summary: {archives[0]['summary']}")
    for role in ("chat", "call", "written"):
        lead = operations.get(f"/api/v1/leads/{day.lead_of(role)}")["lead"]
        day.teller.check(f"state of the lead of {role}", "LEAD_STATE_CONTACTED", lead["state"])
    day.teller.say("the golden clocks of the three leads have stopped")


def refuse_forgeries(day: Day) -> None:
    """A replay and a wrong signature get no further than the door."""
    before = messages(day)
    replayed = day.simulate("wecom", "replay", {})["answers"][0]["status"]
    day.simulate("wecom", "fault", {"mode": "lie", "count": 1})
    forged = say(day, EXTERNAL_ID, "伪造的消息")["answers"][0]["status"]
    day.settle()
    refused = sum(status >= 400 for status in (replayed, forged))
    day.teller.figure("{} callbacks refused: one replayed, one with a wrong signature", 2, refused)
    day.teller.check("messages kept of the chat", before, messages(day))


def messages(day: Day) -> int:
    archives = day.person("operations").every("/api/v1/conversation-archives", "archives", leadId=day.lead_of("chat"))
    return sum(archive["messageCount"] for archive in archives)
