"""Settings of the business that change at runtime, in versions.

Guarantee: a published version holds on every replica at most `REFRESH` seconds after its transaction, or from its
effective time on; versions are never changed or deleted, so that a decision can be explained by the version it names.
Version 0 are the defaults of the code. While the database is away, the last known versions hold.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from threading import Lock
from typing import Any, Generic, TypeVar, overload

from pydantic import BaseModel, ValidationError
from sqlalchemy import select

from chassis import telemetry
from chassis.clock import Clock
from chassis.database import Database
from chassis.errors import Violation
from chassis.schema import policy_version

REFRESH = 1.0

log = telemetry.logger()
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class PolicySpec(Generic[Model]):
    """One kind of settings. `model` is a frozen pydantic model with a default for every field.

    `check` names what a single field can't say, such as weights that don't sum to one.
    """

    name: str
    model: type[Model]
    check: Callable[[Model], Sequence[Violation]] | None = None

    def __post_init__(self) -> None:
        if not self.model.model_config.get("frozen"):
            raise TypeError(f"{self.model.__name__} must be frozen: replicas share one copy")
        # Defaults that are missing or wrong fail where the policy is declared.
        if self.check is not None and self.check(self.model()):
            raise ValueError(f"the defaults of {self.name} break its own check")

    @cached_property
    def default(self) -> Model:
        """Made once: decisions ask for it many times a second."""
        return self.model()


@dataclass(frozen=True)
class _Live:
    version: int
    effective_at: datetime
    model: BaseModel


@dataclass
class _Known:
    """What was read last. Models of versions are kept: a version never changes."""

    live: dict[str, list[_Live]] = field(default_factory=dict)
    models: dict[tuple[str, int], BaseModel | None] = field(default_factory=dict)
    read_at: float = float("-inf")


class Policies:
    """What holds now. Has a connection of its own: a use case asks while it holds one of the pool already."""

    def __init__(
        self, database: Database, specs: Sequence[PolicySpec[Any]], clock: Clock, *, refresh: float = REFRESH
    ) -> None:
        self.specs: Mapping[str, PolicySpec[Any]] = {spec.name: spec for spec in specs}
        self._database = Database(database.url, pool_size=1, statement_seconds=2)
        self._clock = clock
        self._refresh = refresh
        self._known = _Known()
        self._reading = Lock()

    @overload
    def current(self, which: PolicySpec[Model]) -> tuple[int, Model]: ...
    @overload
    def current(self, which: str) -> tuple[int, Any]: ...
    def current(self, which: PolicySpec[Any] | str) -> tuple[int, Any]:
        """Version and settings that hold now. KeyError for a name the service does not have."""
        spec = self.specs[which if isinstance(which, str) else which.name]
        now = self._clock.now()
        for live in self._versions().get(spec.name, ()):
            if live.effective_at <= now:
                return live.version, live.model
        return 0, spec.default

    def close(self) -> None:
        self._database.close()

    def _versions(self) -> dict[str, list[_Live]]:
        if time.monotonic() - self._known.read_at < self._refresh:
            return self._known.live
        # One thread reads, the others go on with what is known; only the very first read makes all wait.
        first = not self._known.live
        if self._reading.acquire(blocking=first):
            try:
                self._read()
            finally:
                self._reading.release()
        return self._known.live

    def _read(self) -> None:
        if time.monotonic() - self._known.read_at < self._refresh:
            return
        try:
            live = self._load()
        except Exception:
            if not self._known.live:
                raise
            log.exception("policy.not_read")
            live = self._known.live
        self._known.live, self._known.read_at = live, time.monotonic()

    def _load(self) -> dict[str, list[_Live]]:
        """Published versions by name, the one that holds first: latest effective, then highest version."""
        columns = (
            policy_version.c.name,
            policy_version.c.version,
            policy_version.c.body,
            policy_version.c.effective_at,
        )
        published = (
            select(*columns)
            .where(policy_version.c.state == "published", policy_version.c.name.in_(self.specs))
            .order_by(policy_version.c.effective_at.desc(), policy_version.c.version.desc())
        )
        live: dict[str, list[_Live]] = {name: [] for name in self.specs}
        with self._database.engine.connect() as conn:
            for row in conn.execution_options(isolation_level="AUTOCOMMIT").execute(published):
                model = self._model(row.name, row.version, row.body)
                if model is not None:
                    live[row.name].append(_Live(row.version, row.effective_at, model))
        return live

    def _model(self, name: str, version: int, body: object) -> BaseModel | None:
        """None, and said so once, for a version that today's model can't read: the one before it holds."""
        known = self._known.models
        if (name, version) not in known:
            known[name, version] = read_body(self.specs[name], body)
            if known[name, version] is None:
                log.error("policy.unreadable", policy=name, version=version)
        return known[name, version]


def read_body(spec: PolicySpec[Model], body: object) -> Model | None:
    """A stored body by today's model. Fields that have gone since are ignored, new ones take their default."""
    try:
        return spec.model.model_validate(body, extra="ignore")
    except ValidationError:
        return None
