"""What can go wrong on the way to the broker."""

from __future__ import annotations


class BrokerAway(ConnectionError):
    """No broker answers. Wait and try again."""


class NotPublished(Exception):
    """The broker did not acknowledge everything; nothing of the batch may be taken as sent."""
