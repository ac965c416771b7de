"""What an input rule says to people. Keys are the rule ids of protovalidate; `{rule}` is the limit in the contract.

An id that is not here reads as "is not valid"; a contract's own CEL rule carries both languages in its message,
separated by a bar: "must end after it starts | 结束不能早于开始".
"""

from __future__ import annotations

UNKNOWN = ("is not valid", "不符合要求")

WORDS: dict[str, tuple[str, str]] = {
    "required": ("is required", "不能为空"),
    "string.min_len": ("must have at least {rule} characters", "至少需要 {rule} 个字符"),
    "string.max_len": ("must have at most {rule} characters", "最多 {rule} 个字符"),
    "string.len": ("must have exactly {rule} characters", "必须为 {rule} 个字符"),
    "string.max_bytes": ("is too long", "内容过长"),
    "string.pattern": ("has the wrong format", "格式不正确"),
    "string.uuid": ("is not a valid id", "不是有效的编号"),
    "string.uuid_empty": ("is required", "不能为空"),
    "string.email": ("is not a valid e-mail address", "不是有效的邮箱地址"),
    "string.email_empty": ("is required", "不能为空"),
    "string.uri": ("is not a valid link", "不是有效的链接"),
    "string.in": ("must be one of {rule}", "必须是以下之一：{rule}"),
    "string.not_in": ("must not be one of {rule}", "不能是以下之一：{rule}"),
    "string.const": ("must be “{rule}”", "必须为“{rule}”"),
    "string.prefix": ("must start with “{rule}”", "必须以“{rule}”开头"),
    "bytes.max_len": ("must have at most {rule} bytes", "最多 {rule} 字节"),
    "bytes.min_len": ("must have at least {rule} bytes", "至少 {rule} 字节"),
    "repeated.min_items": ("needs at least {rule} entries", "至少需要 {rule} 项"),
    "repeated.max_items": ("takes at most {rule} entries", "最多 {rule} 项"),
    "repeated.unique": ("must not repeat an entry", "不能有重复项"),
    "map.min_pairs": ("needs at least {rule} entries", "至少需要 {rule} 项"),
    "map.max_pairs": ("takes at most {rule} entries", "最多 {rule} 项"),
    "enum.defined_only": ("is not a known choice", "不是可选值"),
    "enum.not_in": ("must be chosen", "请选择"),
    "enum.in": ("is not allowed here", "此处不可选"),
    "bool.const": ("must be {rule}", "必须为 {rule}"),
    "finite": ("must be a finite number", "必须是有限数值"),
    "const": ("must be {rule}", "必须为 {rule}"),
    "in": ("must be one of {rule}", "必须是以下之一：{rule}"),
    "not_in": ("must not be one of {rule}", "不能是以下之一：{rule}"),
    "gt": ("must be more than {rule}", "必须大于 {rule}"),
    "gte": ("must be at least {rule}", "不能小于 {rule}"),
    "lt": ("must be less than {rule}", "必须小于 {rule}"),
    "lte": ("must be at most {rule}", "不能大于 {rule}"),
    "gt_now": ("must be in the future", "必须是将来的时间"),
    "lt_now": ("must be in the past", "必须是过去的时间"),
    "message.oneof": ("needs exactly one of the choices", "必须且只能填写其中一项"),
}
