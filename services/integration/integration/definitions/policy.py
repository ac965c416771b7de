"""The registry of metric definitions: what a figure's name means, since when, and who answers for it (N7.1).

Versioned like every policy: drafted, published, kept with author and reason. A definition that changes gets another
version with the day from which it holds; the old ones stay readable.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chassis.errors import Violation

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$", max_length=60)]


class Version(BaseModel):
    """Holds from its day on, until the next one does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int = Field(ge=1)
    effective_from: date
    formula_en: Words
    formula_zh: Words


class Definition(BaseModel):
    """`concept`: what it is a definition of. Two definitions of one concept are both in use, by different owners."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    concept: Words
    name_en: Words
    name_zh: Words
    owner: Words
    versions: tuple[Version, ...] = Field(min_length=1, max_length=50)


def _first(concept: str, en: str, zh: str, owner: str, formula_en: str, formula_zh: str) -> Definition:
    since = date(2026, 1, 1)
    version = Version(number=1, effective_from=since, formula_en=formula_en, formula_zh=formula_zh)
    return Definition(concept=concept, name_en=en, name_zh=zh, owner=owner, versions=(version,))


SHIPPED: dict[str, Definition] = {
    "bank_credits": _first(
        "collections", "Money in at the bank", "银行到账", "finance",
        "money in, in yuan, on the day the bank booked it; claimed or not; refunds and drafts not taken off",
        "银行记账日的人民币入账金额，无论是否认领，不扣退款与未到期汇票",
    ),
    "collected": _first(
        "collections", "Collected", "回款", "finance",
        "arrived and claimed, by the bank's booking day; a draft on the day it matures; without what was given back",
        "到账且已认领，按银行记账日；承兑汇票按到期日；扣除退款",
    ),
    "collected_by_due": _first(
        "collections", "Collected, by due date", "回款（按合同应收日）", "sales",
        "claimed money, in the month in which the contract's receivable is due",
        "已认领金额，计入合同应收日所在月份",
    ),
    "attainment": _first(
        "attainment", "Attainment", "目标达成", "sales",
        "collected over target", "回款 ÷ 目标",
    ),
    "forecast": _first(
        "forecast", "Forecast", "销售预测", "sales",
        "submitted × accuracy, capped by evidence; collected where the money is there",
        "提交值 × 准确率，受证据等级上限约束；已回款按回款",
    ),
    "effective_touch_points.action": _first(
        "effective touch points", "Effective touch points, by action", "有效触点（动作口径）", "sales",
        "contacts with a need recorded, a demo held or a quote sent",
        "记录了需求、完成演示或发出报价的联系次数",
    ),
    "effective_touch_points.full_cycle": _first(
        "effective touch points", "Effective touch points, by cycle", "有效触点（全周期口径）", "marketing",
        "customers with an inquiry, a visit and a proposal sent",
        "有询盘、有拜访且已发方案的客户数",
    ),
}  # fmt: skip
# Named by reports and bridges: a registry without one of these explains nothing.
NEEDED = frozenset({"bank_credits", "collected", "collected_by_due"})


class DefinitionsPolicy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    definitions: dict[Id, Definition] = Field(default_factory=lambda: dict(SHIPPED), max_length=500)


def check(settings: DefinitionsPolicy) -> list[Violation]:
    return list(_wrong(settings.definitions))


def _wrong(definitions: dict[str, Definition]) -> Iterator[Violation]:
    for missing in sorted(NEEDED - definitions.keys()):
        yield Violation(f"definitions.{missing}", "reports name it: it must stay", "报表引用此口径，不能删除")
    for name, each in definitions.items():
        numbers = [version.number for version in each.versions]
        days = [version.effective_from for version in each.versions]
        if numbers != list(range(1, len(numbers) + 1)):
            en, zh = "versions are numbered 1, 2, 3 … in their order", "版本号须从 1 起依次递增"
            yield Violation(f"definitions.{name}.versions", en, zh)
        if days != sorted(set(days)):
            yield Violation(
                f"definitions.{name}.versions", "each version starts on a later day", "各版本生效日须依次推后"
            )
