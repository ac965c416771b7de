"""The one error family of all services.

A refusal that is part of the business is a subclass of one of the kinds below, named by its condition, with a text for
people in both languages. `chassis.rpc` puts it on the wire and gets it back whole on the other side; nobody else
translates errors. `Internal` is for what nobody expected and carries an incident id instead of any text of a library.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import ClassVar, Literal, Self
from zoneinfo import ZoneInfo

Locale = Literal["en", "zh"]
_PEOPLE_READ_TIME_IN = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Violation:
    """One field of a request that can't be accepted. `field` is its path in the request: "items[2].amount"."""

    field: str
    en: str
    zh: str
    reason: str = "INVALID"


@dataclass(frozen=True)
class Missing:
    """One thing that has to be there before a command is allowed: a gate's piece of evidence, a signature."""

    name: str
    en: str
    zh: str


class CloseloopError(Exception):
    """Root of the family. Keyword arguments fill the texts and travel as metadata.

    `code` is the name of the gRPC status. An error that came over the wire has the class of its kind (`NotFound`) and
    keeps the sender's `reason`, `domain`, texts and metadata.
    """

    code: ClassVar[str] = "INTERNAL"
    en: ClassVar[str] = "Something went wrong."
    zh: ClassVar[str] = "系统出错了。"

    def __init__(self, **details: object) -> None:
        self.details = details
        self.reason = _upper_snake(type(self).__name__)
        self.domain = ""
        self.metadata = {name: _text(value, "en") for name, value in details.items()}
        self.text_en = _fill(type(self).en, details, "en")
        self.text_zh = _fill(type(self).zh, details, "zh")
        super().__init__(self.text_en)

    @classmethod
    def received(cls, *, reason: str, domain: str, en: str, zh: str, metadata: dict[str, str]) -> Self:
        """The error as a neighbour sent it. Empty texts are replaced by this kind's own."""
        error = cls.__new__(cls)
        CloseloopError.__init__(error)
        error.reason, error.domain = reason or error.reason, domain
        error.metadata = metadata
        error.details = dict(metadata)
        error.text_en, error.text_zh = en or error.text_en, zh or error.text_zh
        error.args = (error.text_en,)
        return error

    def text(self, locale: Locale) -> str:
        return self.text_zh if locale == "zh" else self.text_en


class InvalidInput(CloseloopError):
    """INVALID_ARGUMENT: the request itself is wrong, whatever the state. All violations at once."""

    code = "INVALID_ARGUMENT"
    en = "The input is not valid."
    zh = "输入有误。"
    violations: tuple[Violation, ...] = ()

    @classmethod
    def of(cls, *violations: Violation) -> Self:
        error = cls()
        error.violations = violations
        if violations:
            error.text_en = " ".join(f"{each.field}: {each.en}" for each in violations)
            error.text_zh = " ".join(f"{each.field}：{each.zh}" for each in violations)
            error.args = (error.text_en,)
        return error


class NotFound(CloseloopError):
    """NOT_FOUND: there is none, or it isn't the caller's to see. Both look the same on purpose."""

    code = "NOT_FOUND"
    en = "Not found."
    zh = "没有找到。"


class PermissionDenied(CloseloopError):
    """PERMISSION_DENIED: the caller may see it but lacks the duty."""

    code = "PERMISSION_DENIED"
    en = "You are not allowed to do this."
    zh = "您没有权限执行此操作。"


class Unauthenticated(CloseloopError):
    """UNAUTHENTICATED: no identity, or one that can't be trusted."""

    code = "UNAUTHENTICATED"
    en = "Please sign in."
    zh = "请先登录。"


class AlreadyExists(CloseloopError):
    """ALREADY_EXISTS: what should be created is there."""

    code = "ALREADY_EXISTS"
    en = "It already exists."
    zh = "已经存在。"


class Conflict(CloseloopError):
    """ABORTED: somebody else changed it meanwhile; read again and retry."""

    code = "ABORTED"
    en = "Somebody else changed this meanwhile. Please reload and try again."
    zh = "数据已被他人修改，请刷新后重试。"


class EtagMismatch(Conflict):
    """The caller's etag is not the current one."""

    en = "This was changed since you opened it. Please reload and try again."
    zh = "您打开之后内容已被修改，请刷新后重试。"


class FailedPrecondition(CloseloopError):
    """FAILED_PRECONDITION: right request, wrong state. `missing` names what has to be there first.

    `missing` takes plain names or `Missing` with words; `allowed` the commands that would be accepted now.
    """

    code = "FAILED_PRECONDITION"
    en = "This is not possible now."
    zh = "当前状态不允许此操作。"
    missing: tuple[Missing, ...] = ()
    allowed: tuple[str, ...] = ()

    def __init__(
        self, *, missing: Sequence[str | Missing] = (), allowed: Sequence[str] = (), **details: object
    ) -> None:
        self.missing = tuple(each if isinstance(each, Missing) else Missing(each, each, each) for each in missing)
        self.allowed = tuple(allowed)
        super().__init__(**details, **_lists(missing=self.missing, allowed=self.allowed))


class IllegalCommand(FailedPrecondition):
    """A state machine got a command its state does not know."""

    en = "“{command}” is not possible in state “{state}”. Possible: {allowed}."
    zh = "状态“{state}”下不能执行“{command}”，可执行：{allowed}。"

    def __init__(self, *, command: str, state: str, allowed: Sequence[str] = ()) -> None:
        super().__init__(command=command, state=state, allowed=allowed)


class ResourceExhausted(CloseloopError):
    """RESOURCE_EXHAUSTED: too much at once, or a quota is used up. `retry_after` says when to come back."""

    code = "RESOURCE_EXHAUSTED"
    en = "Too many requests at the moment. Please try again shortly."
    zh = "当前请求过多，请稍后再试。"
    retry_after: timedelta | None = None

    def __init__(self, *, retry_after: timedelta | None = None, **details: object) -> None:
        self.retry_after = retry_after
        super().__init__(**details)


class Unavailable(CloseloopError):
    """UNAVAILABLE: a part the answer needs is away. Safe to repeat."""

    code = "UNAVAILABLE"
    en = "The service can't be reached at the moment. Please try again shortly."
    zh = "服务暂时不可用，请稍后再试。"
    retry_after: timedelta | None = None

    def __init__(self, *, retry_after: timedelta | None = None, **details: object) -> None:
        self.retry_after = retry_after
        super().__init__(**details)


class DeadlineExceeded(CloseloopError):
    """DEADLINE_EXCEEDED: the time the caller gave is over. The change may or may not have been made."""

    code = "DEADLINE_EXCEEDED"
    en = "This took too long."
    zh = "处理超时。"


class Internal(CloseloopError):
    """INTERNAL: nobody expected this. `incident` finds the stack trace in the logs."""

    code = "INTERNAL"
    en = "Something went wrong. Incident {incident}."
    zh = "系统出错了，事件编号 {incident}。"

    def __init__(self, *, incident: str = "-") -> None:
        super().__init__(incident=incident)


def _lists(**named: Sequence[object]) -> dict[str, object]:
    """Only those with content travel as metadata; the templates see an empty text for the others."""
    return {name: values for name, values in named.items() if values}


@cache
def _upper_snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).upper()


def _fill(template: str, details: dict[str, object], locale: Locale) -> str:
    words = {name: _text(value, locale) for name, value in details.items()}
    return template.format_map(_Blank(words)) if "{" in template else template


class _Blank(dict[str, str]):
    """A detail nobody gave reads as a dash: an error must never fail while it is being told."""

    def __missing__(self, key: str) -> str:
        return "–"


def _text(value: object, locale: Locale) -> str:
    match value:
        case Missing():
            return value.zh if locale == "zh" else value.en
        case list() | tuple() | set() | frozenset():
            return ("、" if locale == "zh" else ", ").join(_text(each, locale) for each in value)
        case datetime() if value.tzinfo is not None:
            return value.astimezone(_PEOPLE_READ_TIME_IN).strftime("%Y-%m-%d %H:%M")
        case _:
            return str(value)
