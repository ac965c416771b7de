"""What a service is made of. Its bootstrap.py fills this in; nothing runs yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chassis.consumer import Handler
from chassis.deadline_runner import Handler as DeadlineHandler
from chassis.jobs import Job
from chassis.rpc.server import Registration
from chassis.service.runtime import Runtime
from chassis.service.supervisor import Loop
from chassis.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Service:
    """`together`: events in one transaction at most; `gather`: while they keep coming, a transaction in so many seconds
    (`ConsumerSettings`). `app` is what jobs are run with; `loops` is for background work that is none of the usual
    kinds (role jobs), `beside_rpc` for what answers need (role serve)."""

    runtime: Runtime
    servicers: Sequence[Registration] = ()
    consumers: Sequence[Handler] = ()
    together: int = 500
    gather: float = 0.1
    deadlines: Mapping[str, DeadlineHandler] = field(default_factory=dict)
    jobs: Sequence[Job[Any]] = ()
    migrations: Path | None = None
    app: Any = None
    loops: Sequence[Loop] = ()
    beside_rpc: Sequence[Loop] = ()

    @property
    def name(self) -> str:
        return self.runtime.name

    @property
    def uow(self) -> UnitOfWork:
        return self.runtime.uow

    @property
    def topics(self) -> list[str]:
        """The topics this service publishes to."""
        return sorted(self.runtime.catalog.topics_of(self.name))
