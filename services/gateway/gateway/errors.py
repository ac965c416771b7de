"""What each refusal is in HTTP: one table (P1.5), for code, docs and OpenAPI.

Services refuse with a kind of the error family; the door adds the few refusals that only HTTP knows. A reason may have
its own row, which goes before the row of its kind.
"""

from __future__ import annotations

from dataclasses import dataclass

from chassis.errors import CloseloopError, InvalidInput, PermissionDenied


class MethodNotAllowed(CloseloopError):
    code = "METHOD_NOT_ALLOWED"
    en = "This address takes {allowed} only."
    zh = "此地址仅支持 {allowed}。"


class NoSuchAddress(CloseloopError):
    code = "NOT_FOUND"
    en = "There is nothing at this address."
    zh = "该地址不存在。"


class BodyTooLarge(CloseloopError):
    code = "BODY_TOO_LARGE"
    en = "The body is larger than {limit} bytes."
    zh = "请求内容超过 {limit} 字节的上限。"


class UnsupportedMediaType(CloseloopError):
    code = "UNSUPPORTED_MEDIA_TYPE"
    en = "“{given}” is not accepted here. Accepted: {accepted}."
    zh = "不接受“{given}”类型，可接受：{accepted}。"


class BodyTooSlow(CloseloopError):
    code = "REQUEST_TOO_SLOW"
    en = "The body did not arrive in {seconds} seconds."
    zh = "请求内容未能在 {seconds} 秒内送达。"


class HeadersTooSlow(CloseloopError):
    code = "REQUEST_TOO_SLOW"
    en = "The headers did not arrive in {seconds} seconds."
    zh = "请求头未能在 {seconds} 秒内送达。"


class HeadersTooLarge(CloseloopError):
    code = "HEADERS_TOO_LARGE"
    en = "The headers are larger than {limit} bytes."
    zh = "请求头超过 {limit} 字节的上限。"


class NotUtf8(InvalidInput):
    en = "The body is not valid UTF-8 at byte {position}."
    zh = "请求内容在第 {position} 字节处不是有效的 UTF-8。"


class AddressNotUtf8(InvalidInput):
    en = "The address is not valid UTF-8."
    zh = "地址不是有效的 UTF-8。"


class MalformedJson(InvalidInput):
    en = "The body is not valid JSON: line {line}, column {column}."
    zh = "请求内容不是有效的 JSON：第 {line} 行第 {column} 列。"


class ForeignOrigin(PermissionDenied):
    en = "Pages of {origin} may not act for you here."
    zh = "来源 {origin} 的页面不能以您的身份操作。"


@dataclass(frozen=True)
class Row:
    """`code` is the gRPC status or the door's own word; `reason` narrows it; `retry` sends Retry-After."""

    code: str
    status: int
    en: str
    zh: str
    when: str
    reason: str = ""
    retry: bool = False


TABLE: tuple[Row, ...] = (
    Row("INVALID_ARGUMENT", 400, "Invalid input", "输入有误", "wrong whatever the state; names all violations"),
    Row("UNAUTHENTICATED", 401, "Not signed in", "未登录", "no session, or one that is over, forged or withdrawn"),
    Row("PERMISSION_DENIED", 403, "Not allowed", "没有权限", "own data, wrong duty"),
    Row("NOT_FOUND", 404, "Not found", "没有找到", "there is none, or it is another team's"),
    Row("METHOD_NOT_ALLOWED", 405, "Method not allowed", "不支持的方法", "the address takes other methods (`Allow`)"),
    Row("REQUEST_TOO_SLOW", 408, "Too slow", "发送过慢", "body or headers did not arrive in time"),
    Row("ABORTED", 409, "Changed meanwhile", "数据已变更", "somebody else was faster; read again"),
    Row(
        "ABORTED",
        412,
        "Changed since you read it",
        "内容已被修改",
        "`If-Match` or `etag` is not current",
        "ETAG_MISMATCH",
    ),
    Row("FAILED_PRECONDITION", 409, "Not possible now", "当前不可执行", "wrong state; says what is missing"),
    Row("ALREADY_EXISTS", 409, "Already exists", "已经存在", "what should be created is there"),
    Row("BODY_TOO_LARGE", 413, "Too large", "内容过大", "the body is above its limit"),
    Row("INVALID_ARGUMENT", 413, "Too large", "内容过大", "the file is above its limit", "FILE_TOO_LARGE"),
    Row("UNSUPPORTED_MEDIA_TYPE", 415, "Wrong content type", "内容类型不符", "declared or actual type not taken here"),
    Row("RESOURCE_EXHAUSTED", 429, "Too many requests", "请求过多", "a rate or a quota is used up", retry=True),
    Row("HEADERS_TOO_LARGE", 431, "Headers too large", "请求头过大", "the headers are above their limit"),
    Row("INTERNAL", 500, "Something went wrong", "系统出错", "nobody expected this; carries an incident id"),
    Row("UNAVAILABLE", 503, "Not available", "暂不可用", "a part the answer needs is away; repeat", retry=True),
    Row("DEADLINE_EXCEEDED", 504, "Took too long", "处理超时", "may have happened: repeat with same key", retry=True),
)

_BY_REASON = {(row.code, row.reason): row for row in TABLE}
_INTERNAL = _BY_REASON["INTERNAL", ""]
ETAG = "ETAG_MISMATCH"


def row_of(error: CloseloopError, *, with_etag: bool = False) -> Row:
    """The row of a refusal. `with_etag`: the caller named the version it had read."""
    narrowed = ETAG if with_etag else error.reason
    return _BY_REASON.get((error.code, narrowed)) or _BY_REASON.get((error.code, ""), _INTERNAL)
