"""Where the ERP is."""

from __future__ import annotations

from pydantic import SecretStr

from chassis.config import Settings


class ErpSettings(Settings):
    erp_url: str = ""
    erp_key: SecretStr = SecretStr("")
