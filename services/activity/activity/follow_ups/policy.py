"""The templates of follow-ups (A1.1): data that operations edit, not code."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from chassis.errors import Violation


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class TemplateField(_Frozen):
    """`role`: the value is the title of somebody met, whose attitude has to be told."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    label: str
    label_zh: str
    required: bool = True
    role: bool = False


class Template(_Frozen):
    name: str = Field(pattern=r"^[a-z][a-z0-9_]{1,59}$")
    label: str
    label_zh: str
    fields: tuple[TemplateField, ...]


FIRST_VISIT = Template(
    name="first_visit",
    label="First visit",
    label_zh="首次拜访",
    fields=(
        TemplateField(name="customer", label="Customer", label_zh="客户名称"),
        TemplateField(name="decision_maker_title", label="Decision maker's title", label_zh="决策人职务", role=True),
        TemplateField(name="need_keywords", label="Need in keywords", label_zh="需求关键词"),
    ),
)


class TemplatesPolicy(_Frozen):
    templates: tuple[Template, ...] = Field(default=(FIRST_VISIT,), min_length=1)


def check_templates(policy: TemplatesPolicy) -> Sequence[Violation]:
    """Names of templates, and of fields in a template, are there once."""
    found = _twice("body.templates", [each.name for each in policy.templates])
    for at, template in enumerate(policy.templates):
        found += _twice(f"body.templates[{at}].fields", [each.name for each in template.fields])
    return found


def _twice(place: str, names: Sequence[str]) -> list[Violation]:
    repeated = sorted({name for name in names if names.count(name) > 1})
    return [Violation(place, f"has “{name}” twice", f"“{name}”重复") for name in repeated]
