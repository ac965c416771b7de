"""Where the ERP is."""

from __future__ import annotations

from datetime import date

from pydantic import SecretStr

from chassis.config import Settings


class ErpSettings(Settings):
    erp_url: str = ""
    erp_key: SecretStr = SecretStr("")
    erp_key_ends: date | None = None
    # Name of the entity set of products; without it the catalogue is not read.
    erp_products_set: str = ""
