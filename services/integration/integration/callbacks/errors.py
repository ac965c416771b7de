"""Why a callback is refused. The texts tell a stranger nothing about which part was wrong with a secret."""

from __future__ import annotations

from chassis.errors import InvalidInput, NotFound, PermissionDenied, Unauthenticated, Violation


class UnknownCallbackSource(NotFound):
    en = "There is no callback address for {source}."
    zh = "不支持来自 {source} 的回调。"


class CallbackNotConfigured(NotFound):
    en = "Callbacks of {source} are not set up."
    zh = "{source} 回调未配置。"


class CallbackSignatureWrong(Unauthenticated):
    en = "The signature of the callback is wrong."
    zh = "回调签名错误。"


class CallbackTooOld(PermissionDenied):
    en = "The callback is too old or from the future."
    zh = "回调时间戳超出允许范围。"


class CallbackReplayed(PermissionDenied):
    en = "This callback was already received."
    zh = "该回调已接收，不再重复处理。"


class CallbackUnreadable(InvalidInput):
    en = "The callback can't be read."
    zh = "回调内容无法解析。"


def unreadable(field: str) -> CallbackUnreadable:
    return CallbackUnreadable.of(Violation(field, CallbackUnreadable.en, CallbackUnreadable.zh))
