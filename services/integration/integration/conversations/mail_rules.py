"""Whom a mail is between, and whether it is told on (N1.1).

Only what goes between us and a customer whose address is known. One of ours is believed to have written a mail that
lies in a folder of sent mails; a sender's address alone proves nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Parties:
    """`customer_id`: "" for an address that nobody named."""

    address: str
    customer_id: str
    from_customer: bool


def customer_of(address: str, customers: Mapping[str, str]) -> str:
    """By the whole address, else by its domain ("@hospital.cn")."""
    return customers.get(address) or customers.get(address[address.rfind("@") :], "")


def parties(
    sender: str, recipients: Sequence[str], *, was_sent: bool, ours: Collection[str], customers: Mapping[str, str]
) -> Parties | None:
    """None for what goes between ourselves, or comes from one of ours without having been sent by us."""
    if (sender in ours) != was_sent:
        return None
    outside = [each for each in (recipients if was_sent else [sender]) if each not in ours]
    known = next((each for each in outside if customer_of(each, customers)), "")
    address = known or next(iter(outside), "")
    return Parties(address, customer_of(address, customers), not was_sent) if address else None


def said_at(written: datetime | None, arrived: datetime, now: datetime) -> datetime:
    """The sender's clock, unless it is absent or ahead of ours; then the server's."""
    at = arrived if written is None or written > now else written
    return min(at, now)


def thread_of(message_id: str, before: Sequence[str], known: Mapping[str, str]) -> str:
    """The chat of the first mail of the thread that we know, else one named by its beginning.

    `known`: chats by mail id.
    """
    return next((known[each] for each in before if each in known), f"mail:{before[0] if before else message_id}")
