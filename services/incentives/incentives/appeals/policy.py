"""How long each level has to decide."""

from __future__ import annotations

from datetime import time
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class AppealPolicy(BaseModel):
    """Shanghai time, every day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hours_per_level: float = Field(default=4, gt=0, le=100)
    opens: time = time(8, 0)
    closes: time = time(22, 0)

    @model_validator(mode="after")
    def _window(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("opens must be before closes")
        return self
