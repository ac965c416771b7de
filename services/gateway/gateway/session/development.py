"""The built-in identity provider for development: whoever says who they are is believed. Local mode only.

Another provider (OIDC) takes its place by the same protocol: something that turns a sign-in request into an employee.
"""

from __future__ import annotations

from typing import Any, Protocol

from chassis.config import ConfigError, Settings
from chassis.errors import FailedPrecondition, InvalidInput, Violation
from chassis.identity import Identity
from gateway.intake.findings import join
from gateway.intake.message import UNKNOWN_FIELD
from gateway.intake.well_known import DOUBLED

# Before the first feed nobody is known; somebody has to load the company and publish its policies.
BOOTSTRAP = Identity("bootstrap", "person", "Bootstrap", frozenset({"hq", "ops"}), "company", "/")


FIELD = "employeeId"


class NoWayIn(FailedPrecondition):
    en = "Signing in is not set up here."
    zh = "此系统未配置登录方式。"


class IdentityProvider(Protocol):
    @property
    def name(self) -> str:
        """Written into the session."""
        ...

    @property
    def standing(self) -> tuple[Identity, ...]:
        """People who need no directory."""
        ...

    def employee(self, request: Any) -> str:
        """The employee id that a sign-in request proves. Raises the family."""
        ...


class DevelopmentProvider:
    """Raises ConfigError outside local mode."""

    name = "development"
    standing = (BOOTSTRAP,)

    def __init__(self, settings: Settings) -> None:
        if not settings.is_local:
            raise ConfigError(
                "The development identity provider lets anybody be anybody: it starts in local mode only."
            )

    def employee(self, request: Any) -> str:
        given = request if isinstance(request, dict) else {}
        strange = [Violation(join("", name), *UNKNOWN_FIELD, "UNKNOWN_FIELD") for name in given if name != FIELD]
        strange += [Violation(join("", name), *DOUBLED, "DOUBLED") for name in getattr(request, "doubled", ())]
        employee_id = given.get(FIELD)
        if not isinstance(employee_id, str) or not 1 <= len(employee_id) <= 40 or not employee_id.isprintable():
            strange.insert(0, Violation(FIELD, "must be an employee number", "必须是工号", "REQUIRED"))
        if strange or not isinstance(employee_id, str):
            raise InvalidInput.of(*strange)
        return employee_id


class NoProvider:
    """Nobody signs in; sessions that exist stay valid."""

    name = "none"
    standing: tuple[Identity, ...] = ()

    def employee(self, request: Any) -> str:
        raise NoWayIn
