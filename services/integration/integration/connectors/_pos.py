"""Where the system of the points of sale (门店零售系统) is."""

from __future__ import annotations

from datetime import date

from pydantic import SecretStr

from chassis.config import Settings
from integration.feeds.source import Access


class PosSettings(Settings):
    pos_url: str = ""
    pos_key: SecretStr = SecretStr("")
    pos_key_ends: date | None = None

    @property
    def access(self) -> Access:
        return Access("pos", self.pos_url, self.pos_key, self.pos_key_ends)
