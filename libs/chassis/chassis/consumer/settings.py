"""How patient a consumer is. Times are real seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ConsumerSettings:
    """`pauses`: before the second, third, … attempt; after the last one the event is dead-lettered.

    A neighbour that is away (Unavailable and its like) is waited for without end, `pauses[-1]` at a time.
    """

    pauses: tuple[float, ...] = (0.2, 1.0, 5.0, 15.0)
    # While events keep coming, one transaction in this time; an event that comes alone does not wait.
    gather: float = 0.1
    # After so long without an event, fetches are held longer at the broker.
    silence: float = 3.0
    # A poll of more events is several transactions: what came first is to be seen first.
    most: int = 500
    look_for_retries: float = 1.0
    figures: float = 5.0
    reconnect: float = 1.0
    settle_lanes: float = 0.5
    look_for_partitions: float = 2.0
    breaker_window: int = 200
    breaker_minimum: int = 20
    breaker_share: float = 0.5

    def pause_after(self, attempts: int, endless: bool) -> float | None:
        """Seconds until the next attempt, None when there is none."""
        if attempts <= len(self.pauses):
            return self.pauses[attempts - 1]
        return self.pauses[-1] if endless else None
