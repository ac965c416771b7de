"""Checks the body of a policy draft and says in words what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from chassis.errors import InvalidInput, Violation
from chassis.policy import PolicySpec

Model = TypeVar("Model", bound=BaseModel)

# pydantic's kinds of error → words for people. Its own texts are for programmers.
_WORDS: Mapping[str, tuple[str, str]] = {
    "missing": ("is required", "不能为空"),
    "extra_forbidden": ("is not a known setting", "不是已知的设置项"),
    "greater_than": ("must be greater than {gt}", "必须大于 {gt}"),
    "greater_than_equal": ("must be at least {ge}", "不能小于 {ge}"),
    "less_than": ("must be less than {lt}", "必须小于 {lt}"),
    "less_than_equal": ("must be at most {le}", "不能大于 {le}"),
    "multiple_of": ("must be a multiple of {multiple_of}", "必须是 {multiple_of} 的倍数"),
    "too_short": ("needs at least {min_length} entries", "至少需要 {min_length} 项"),
    "too_long": ("may have at most {max_length} entries", "最多 {max_length} 项"),
    "string_too_short": ("needs at least {min_length} characters", "至少 {min_length} 个字符"),
    "string_too_long": ("may have at most {max_length} characters", "最多 {max_length} 个字符"),
    "enum": ("must be one of {expected}", "只能是 {expected} 之一"),
    "literal_error": ("must be one of {expected}", "只能是 {expected} 之一"),
}
# The first part of pydantic's kind tells the type that was expected: int_parsing, decimal_type.
_TYPES: Mapping[str, tuple[str, str]] = {
    "int": ("must be a whole number", "必须是整数"),
    "float": ("must be a number", "必须是数字"),
    "decimal": ("must be a number", "必须是数字"),
    "finite": ("must be a number", "必须是数字"),
    "bool": ("must be true or false", "必须是 true 或 false"),
    "string": ("must be text", "必须是文字"),
    "date": ("must be a date such as 2026-03-10", "必须是日期，例如 2026-03-10"),
    "time": ("must be a time such as 08:30", "必须是时间，例如 08:30"),
    "list": ("must be a list", "必须是列表"),
    "tuple": ("must be a list", "必须是列表"),
    "dict": ("must have named entries", "必须是带名称的条目"),
    "model": ("must have named entries", "必须是带名称的条目"),
}
_ANY = ("is not valid", "无效")


def check_body(spec: PolicySpec[Model], body: Mapping[str, Any]) -> Model:
    """The settings of a draft. Raises InvalidInput that names every unknown, ill-typed or unfit field."""
    try:
        model = spec.model.model_validate(body, extra="forbid")
    except ValidationError as failure:
        raise InvalidInput.of(*(_violation(each) for each in failure.errors())) from None
    unfit = spec.check(model) if spec.check else ()
    if unfit:
        raise InvalidInput.of(*unfit)
    return model


def _violation(error: ErrorDetails) -> Violation:
    en, zh = _WORDS.get(error["type"]) or _TYPES.get(error["type"].split("_")[0]) or _ANY
    context = error.get("ctx", {})
    return Violation(_path(error["loc"]), en.format_map(context), zh.format_map(context))


def _path(location: tuple[int | str, ...]) -> str:
    """("weights", 0) → body.weights[0]"""
    return "body" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
