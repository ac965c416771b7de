"""Why a contract can't be shown."""

from __future__ import annotations

from chassis.errors import NotFound


class ThreadNotFound(NotFound):
    en = "Nothing is known of contract {contract_number}."
    zh = "没有合同 {contract_number} 的任何单据。"
