"""What an operator does about events: `python -m leads events parked | replay | skip | refill` (P3.2).

Every change says why, and leaves an audit row of the service.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime

from chassis import outbox
from chassis.consumer import parked_events, replay_parked, skip_parked
from chassis.errors import NotFound
from chassis.identity import of_service
from chassis.service.service import Service

DONE, NOTHING = 0, 1


def run(service: Service, arguments: Sequence[str]) -> int:
    """Prints what it did; 1 when there was nothing of that name. A wrong command ends with usage and exit code 2."""
    asked = _parser(service.name).parse_args(arguments)
    return int(asked.run(service, asked))


def _parser(service: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"{service} events")
    commands = parser.add_subparsers(required=True)
    commands.add_parser("parked", help="what waits for a person, oldest first").set_defaults(run=_parked)
    replay = commands.add_parser("replay", help="try the events of a key again, in order")
    replay.add_argument("key")
    replay.set_defaults(run=_replay)
    skip = commands.add_parser("skip", help="let one parked event go for good; those behind it go on")
    skip.add_argument("id", type=int)
    skip.set_defaults(run=_skip)
    again = commands.add_parser("refill", help="publish again what was sent since then; who had it drops it")
    again.add_argument("since", type=_instant, help="real time with its zone: 2026-03-10T10:00:00+08:00")
    again.set_defaults(run=_refill)
    for each in (replay, skip, again):
        each.add_argument("--why", required=True, help="for the audit")
    return parser


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("no zone")
    return at


def _parked(service: Service, _: argparse.Namespace) -> int:
    with service.runtime.database.connect() as connection:
        found = parked_events(connection, service.name)
    for each in found:
        _say(f"{each.id}\t{each.state}\t{each.record.type}\t{each.record.key}\t{each.attempts} tries\t{each.reason}")
    _say(f"{len(found)} parked")
    return DONE


def _replay(service: Service, asked: argparse.Namespace) -> int:
    with service.runtime.uow.begin(of_service(service.name), source="command") as tx:
        heads = replay_parked(tx.conn, service.name, asked.key)
        if not heads:
            _say(f"nothing of the key {asked.key} is parked")
            return NOTHING
        tx.audit(action="event.replay", entity="event_key", entity_id=asked.key, why=asked.why)
        tx.commit()
    _say(f"{asked.key}: tried again from its head on")
    return DONE


def _skip(service: Service, asked: argparse.Namespace) -> int:
    with service.runtime.uow.begin(of_service(service.name), source="command") as tx:
        try:
            skip_parked(tx.conn, asked.id)
        except NotFound:
            _say(f"no event {asked.id} is parked")
            return NOTHING
        tx.audit(action="event.skip", entity="parked_event", entity_id=str(asked.id), why=asked.why)
        tx.commit()
    _say(f"{asked.id}: skipped")
    return DONE


def _refill(service: Service, asked: argparse.Namespace) -> int:
    since: datetime = asked.since
    with service.runtime.uow.begin(of_service(service.name), source="command") as tx:
        tx.audit(action="event.refill", entity="outbox", entity_id=since.isoformat(), why=asked.why)
        tx.commit()
    _say(f"{outbox.refill(service.runtime.database, since)} events will be published again")
    return DONE


def _say(line: str) -> None:
    print(line)  # noqa: T201 - for the person at the terminal
