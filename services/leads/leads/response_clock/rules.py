"""Which contact stops which clock (LD5.1, LD5.2, LD6.1): one table.

A lead's clocks, from owner lock:
    remind  30 min  without acceptance or call attempt                        → the rep
    popup    2 h    without an outbound message, connected call or visit      → pop-up to rep and manager
    email    4 h    without a status change                                   → e-mail to the manager
    yellow  24 h    after first contact without a customer's reply            → yellow mark
Each stops for good at its own condition. An effective action also makes the recycle clock wait anew (recycle/rules.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chassis.kernel.calendar import BusinessCalendar
from leads.response_clock.policy import ResponsePolicy


class Clock(StrEnum):
    REMIND = "response.remind"
    POPUP = "response.popup"
    EMAIL = "response.email"
    YELLOW = "response.yellow"


GOLDEN = {Clock.REMIND: "remind", Clock.POPUP: "popup", Clock.EMAIL: "email"}


class Contact(StrEnum):
    """What happened between a rep and a customer, as far as clocks care."""

    CALL_ATTEMPT = "call attempt"
    CALL = "connected call"
    MESSAGE = "outbound message"
    VISIT = "visit or meeting"
    REPLY = "customer's reply"
    FORM = "form alone"


@dataclass(frozen=True)
class Effect:
    """`first_contact`: the lead is contacted from here, which is a status change. `effective`: recycling waits anew."""

    stops: frozenset[Clock] = frozenset()
    first_contact: bool = False
    effective: bool = False


# Contact → what it does. A first contact takes the lead on, so it counts as acceptance and as the status change that
# the e-mail clock waits for. A form alone is neither a call nor a status change; a reply is no action of the rep.
EFFECTS: dict[Contact, Effect] = {
    Contact.CALL_ATTEMPT: Effect(frozenset({Clock.REMIND}), effective=True),
    Contact.CALL: Effect(frozenset({Clock.REMIND, Clock.POPUP, Clock.EMAIL, Clock.YELLOW}), True, True),
    Contact.MESSAGE: Effect(frozenset({Clock.REMIND, Clock.POPUP, Clock.EMAIL}), True, True),
    Contact.VISIT: Effect(frozenset({Clock.REMIND, Clock.POPUP, Clock.EMAIL, Clock.YELLOW}), True, True),
    Contact.REPLY: Effect(frozenset({Clock.YELLOW})),
    Contact.FORM: Effect(),
}

# A command of the owner → the golden clocks it stops.
ACCEPTANCE_STOPS = frozenset({Clock.REMIND, Clock.EMAIL})


def contact_of_follow_up(channel: str, direction: str, outcome: str) -> Contact:
    """A follow-up's channel, direction and outcome → the contact it proves."""
    if direction == "inbound" and channel in ("call", "wechat", "email", "visit", "meeting"):
        return Contact.CALL if channel == "call" and outcome == "connected" else Contact.REPLY
    match channel:
        case "call":
            return Contact.CALL if outcome == "connected" else Contact.CALL_ATTEMPT
        case "wechat" | "email":
            return Contact.MESSAGE if outcome != "no_answer" else Contact.FORM
        case "visit" | "meeting":
            return Contact.VISIT
        case _:
            return Contact.FORM


def contact_of_call(direction: str, connected: bool) -> Contact:
    if connected:
        return Contact.CALL
    return Contact.CALL_ATTEMPT if direction != "inbound" else Contact.FORM


def golden_due(clock: Clock, start: datetime, policy: ResponsePolicy, calendar: BusinessCalendar) -> datetime:
    """Shift hours of workdays, suspended outside; or around the clock by policy (P11.1)."""
    delta = policy.after(GOLDEN[clock])
    return start + delta if policy.counts == "always_on" else calendar.add_shift_time(start, delta)


def yellow_due(first_contact: datetime, policy: ResponsePolicy, calendar: BusinessCalendar) -> datetime:
    return calendar.add_wall_time_on_workdays(first_contact, policy.yellow_after)
