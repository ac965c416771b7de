"""What a message of the WeCom session archive says, once it is opened (A3.1).

Texts are told word for word; of pictures, files and voice what they are, so that a reader sees something was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from integration.conversations.rules import Attachment
from integration.feeds.rules import KeyText, ShortText, storable, whole

# Somebody switched the archive off or on: no message.
SWITCH = "switch"
NAMES = {
    "image": "图片",
    "voice": "语音",
    "video": "视频",
    "file": "文件",
    "emotion": "表情",
    "card": "名片",
    "location": "位置",
    "link": "链接",
    "weapp": "小程序",
    "meeting_voice_call": "音频存档",
    "voip_doc_share": "音频共享文档",
}
MOST_PARTS = 100
LONGEST_TEXT = 20_000
Id = Annotated[ShortText, StringConstraints(min_length=1)]


class Envelope(BaseModel):
    """A message as it is pulled: numbered and sealed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    seq: int = Field(ge=1, lt=2**63)
    msgid: Id
    publickey_ver: int = Field(ge=0, lt=2**31)
    encrypt_random_key: str = Field(min_length=1, max_length=2000)
    encrypt_chat_msg: str = Field(min_length=1)


class Said(BaseModel):
    """The head that all kinds share. `msgtime`: milliseconds since 1970."""

    model_config = ConfigDict(frozen=True, extra="allow")

    msgid: Id
    sender: KeyText = Field(alias="from")
    tolist: list[KeyText] = Field(default_factory=list, max_length=2000)
    roomid: ShortText = ""
    msgtime: int = Field(ge=0, lt=10**14)
    msgtype: KeyText = Field(max_length=40)

    @property
    def sent_at(self) -> datetime:
        return datetime.fromtimestamp(self.msgtime / 1000, UTC)

    @property
    def body(self) -> Mapping[str, Any]:
        found = (self.model_extra or {}).get(self.msgtype)
        return found if isinstance(found, Mapping) else {}


@dataclass(frozen=True)
class Content:
    """`recalls`: the message it takes back."""

    text: str
    attachments: tuple[Attachment, ...] = ()
    recalls: str = ""


def content_of(said: Said) -> Content:
    """Raises ValueError for a kind that lacks what it is made of."""
    match said.msgtype:
        case "text" | "markdown":
            return Content(_text(said.body.get("content")))
        case "revoke":
            return Content("", recalls=_text(said.body.get("pre_msgid")))
        case "mixed":
            return _mixed(said.body)
        case kind:
            return _thing(kind, said.body)


def _mixed(body: Mapping[str, Any]) -> Content:
    """Text and pictures in one: each part is a JSON text of its own."""
    parts = body.get("item")
    if not isinstance(parts, list) or not 0 < len(parts) <= MOST_PARTS:
        raise ValueError("item")
    contents = [_part(each) for each in parts]
    text = "\n".join(each.text.strip() for each in contents)
    return Content(text[:LONGEST_TEXT], tuple(one for each in contents for one in each.attachments))


def _part(part: Any) -> Content:
    if not isinstance(part, Mapping) or not isinstance(part.get("content"), str):
        raise ValueError("item")
    body = whole(part["content"])
    if not isinstance(body, Mapping):
        raise ValueError("item")
    return Content(_text(body.get("content"))) if part.get("type") == "text" else _thing(str(part.get("type")), body)


def _thing(kind: str, body: Mapping[str, Any]) -> Content:
    kind, name = storable(kind), storable(str(body.get("filename") or body.get("title") or "")[:200])
    text = " ".join(part for part in (f"[{NAMES.get(kind, kind)}]", name) if part)
    media = body.get("sdkfileid")
    if not isinstance(media, str) or not media:
        return Content(text)
    size = body.get("filesize", 0)
    digest = storable(str(body.get("md5sum") or "")[:64])
    return Content(text, (Attachment(kind, name, "", size if isinstance(size, int) else 0, storable(media), digest),))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("content")
    return value.replace("\x00", "")[:LONGEST_TEXT]
