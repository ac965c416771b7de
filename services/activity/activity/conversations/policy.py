"""How conversations are archived (A3.1)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ArchivePolicy(BaseModel):
    """`tags` is the managed dictionary of customer tags; `words` are what a summary looks for besides them."""

    model_config = ConfigDict(frozen=True)

    command: str = "#归档"
    minutes: int = Field(default=30, ge=1, le=1440)
    messages: int = Field(default=20, ge=1, le=500)
    summary_characters: int = Field(default=200, ge=20, le=2000)
    tags: tuple[str, ...] = (
        "已报价",
        "待演示",
        "竞品对比中",
        "已确认需求",
        "待签约",
        "价格异议",
        "售后问题",
        "高意向",
    )
    words: tuple[str, ...] = ("报价", "价格", "预算", "合同", "演示", "交货", "竞品", "采购", "审批", "需要", "确认")
