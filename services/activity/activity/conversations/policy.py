"""How conversations are archived (A3.1)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

# A tag is one word of the command; an empty one would be found everywhere.
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=r"^\S+$")]


class ArchivePolicy(BaseModel):
    """`tags` is the managed dictionary of customer tags; `words` are what a summary looks for besides them."""

    model_config = ConfigDict(frozen=True)

    command: str = Field(default="#归档", min_length=2, max_length=20, pattern=r"^#\S+$")
    minutes: int = Field(default=30, ge=1, le=1440)
    messages: int = Field(default=20, ge=1, le=500)
    summary_characters: int = Field(default=200, ge=20, le=200)
    tags: tuple[Tag, ...] = (
        "已报价",
        "待演示",
        "竞品对比中",
        "已确认需求",
        "待签约",
        "价格异议",
        "售后问题",
        "高意向",
    )
    words: tuple[Tag, ...] = ("报价", "价格", "预算", "合同", "演示", "交货", "竞品", "采购", "审批", "需要", "确认")
