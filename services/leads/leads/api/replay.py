"""Replays of the past under a draft policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from chassis.policy import PolicySpec
from chassis.rpc.paging import Page
from chassis.rpc.servicer import Servicer
from chassis.unit_of_work import Transaction, UnitOfWork
from closeloop.leads.v1 import replay_service_pb2 as pb
from closeloop.leads.v1 import replay_service_pb2_grpc as pb_grpc
from leads.assignment.policy import AssignmentPolicy
from leads.mapping import common as mapping
from leads.replay import store
from leads.replay.start_replay import start_replay
from leads.roster import store as roster
from leads.roster.store import Person

_DAYS = 90


class ReplayService(Servicer, pb_grpc.ReplayServiceServicer):
    def __init__(self, uow: UnitOfWork, spec: PolicySpec[AssignmentPolicy]) -> None:
        super().__init__(uow)
        self._spec = spec

    def StartReplay(self, request: pb.StartReplayRequest, context: Any) -> pb.StartReplayResponse:
        def answer(tx: Transaction) -> pb.StartReplayResponse:
            return pb.StartReplayResponse(
                replay=_replay(start_replay(tx, self._spec, request.version, request.days or _DAYS))
            )

        return self.change(request, answer)

    def GetReplay(self, request: pb.GetReplayRequest, context: Any) -> pb.GetReplayResponse:
        def answer(tx: Transaction) -> pb.GetReplayResponse:
            row = store.load(tx, request.replay_id)
            found = _replay(row)
            if row.report:
                people = roster.people(tx, {each["employee_id"] for each in row.report["reps"]})
                found.report.CopyFrom(_report(row.report, people))
            return pb.GetReplayResponse(replay=found)

        return self.read(request, answer)

    def ListReplays(self, request: pb.ListReplaysRequest, context: Any) -> pb.ListReplaysResponse:
        def answer(tx: Transaction) -> pb.ListReplaysResponse:
            rows, token = store.list_replays(tx, Page.of(request.page))
            return pb.ListReplaysResponse(replays=map(_replay, rows), page=mapping.page(token))

        return self.read(request, answer)


def _replay(row: Row[Any]) -> pb.Replay:
    return pb.Replay(
        replay_id=row.replay_id,
        state=row.state,
        draft_version=row.draft_version,
        live_version=row.live_version,
        days=row.days,
        started_by=row.started_by,
        started_at=mapping.instant(row.started_at),
        finished_at=mapping.instant(row.finished_at),
        error=row.error,
    )


def _report(told: dict[str, Any], people: Mapping[str, Person]) -> pb.ReplayReport:
    reps = [
        pb.ReplayRep(**each, name=people[each["employee_id"]].name if each["employee_id"] in people else "")
        for each in told["reps"]
    ]
    sides = {name: pb.ReplaySide(**told[name]) for name in ("live", "draft")}
    return pb.ReplayReport(**{**told, **sides, "reps": reps})
