"""Words that a call's digest looks for (A5.1)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

# An empty word would be found everywhere.
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
DEFAULT_KEYWORDS: dict[str, tuple[str, ...]] = {
    "budget": ("预算", "多少钱", "报价", "价格", "费用", "折扣", "budget", "price"),
    "competitor": ("竞品", "别家", "另一家", "友商", "对比", "competitor"),
    "decision_time": ("什么时候定", "月底", "下周", "决策", "拍板", "审批", "立项", "decide"),
    "delivery": ("交货", "交付", "发货", "到货", "安装", "工期", "delivery"),
}


class CallPolicy(BaseModel):
    """Topic → words; a word of several topics counts for each."""

    model_config = ConfigDict(frozen=True)

    keywords: dict[Word, tuple[Word, ...]] = DEFAULT_KEYWORDS
    digest_characters: int = Field(default=200, ge=20, le=2000)
