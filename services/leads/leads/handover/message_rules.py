"""The words to a customer about its new owner, from the policy's template."""

from __future__ import annotations

from leads.handover.policy import HandoverPolicy


def message(policy: HandoverPolicy, customer: str, giver: str, taker: str) -> tuple[str, str]:
    """English and Chinese."""
    known = {"customer": customer, "giver": giver, "taker": taker}
    return policy.message_en.format(**known), policy.message_zh.format(**known)
