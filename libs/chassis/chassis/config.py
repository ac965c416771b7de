"""Settings of a process: read once from the environment, checked at start, frozen.

A service subclasses `Settings` with its own fields. `load` turns whatever is wrong with the environment into one plain
line per variable, naming the variable and not the library's field.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import Field, PositiveFloat, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "CLOSELOOP_"
S = TypeVar("S", bound=BaseSettings)


class Mode(StrEnum):
    LOCAL = "local"
    PRODUCTION = "production"


class ConfigError(Exception):
    """The environment can't start this process. The text is one line for each variable."""


class Settings(BaseSettings):
    """What every service reads. Times are seconds, paths are absolute or relative to the working directory."""

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True
    )

    mode: Mode = Mode.PRODUCTION
    database_url: str = ""
    kafka_bootstrap: str = ""
    redis_url: str = ""
    host: str = "127.0.0.1"
    grpc_port: int = Field(default=0, ge=0, le=65535)
    side_port: int = Field(default=0, ge=0, le=65535)
    grpc_threads: int = Field(default=8, ge=1, le=256)
    max_concurrent_rpcs: int = Field(default=64, ge=1)
    default_deadline: float = Field(default=10.0, gt=0)
    drain: float = Field(default=20.0, ge=0)
    # In the role `all`. Not where somebody else migrates first: the version before must start on the newer database.
    migrate_at_start: bool = True
    signing_key: Path | None = None
    trust: Path | None = None
    clock_file: Path | None = None
    files_url: str = ""
    audit_roots_url: str = ""
    peers: Annotated[dict[str, str], NoDecode] = Field(default_factory=dict)
    otlp_endpoint: str = ""
    trace_ratio: float = Field(default=0.1, ge=0, le=1)
    # Before the second, third, … attempt at an event; after the last it is a dead letter.
    consumer_pauses: Annotated[tuple[PositiveFloat, ...], NoDecode, Field(min_length=1)] = (0.2, 1.0, 5.0, 15.0)
    log_level: str = "INFO"

    @field_validator("peers", mode="before")
    @classmethod
    def _split_peers(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        pairs = [each.partition("=") for each in value.split(",") if each.strip()]
        if any(not name.strip() or not address.strip() for name, _, address in pairs):
            raise ValueError("expected name=host:port,name=host:port")
        return {name.strip(): address.strip() for name, _, address in pairs}

    @field_validator("consumer_pauses", mode="before")
    @classmethod
    def _split_pauses(cls, value: Any) -> Any:
        return value.split(",") if isinstance(value, str) else value

    @property
    def is_local(self) -> bool:
        return self.mode is Mode.LOCAL

    def require(self, *fields: str) -> None:
        """Raise ConfigError unless each of the named fields is set."""
        absent = [PREFIX + name.upper() for name in fields if not getattr(self, name)]
        if absent:
            raise ConfigError(f"{', '.join(absent)} must be set.")

    def peer(self, name: str) -> str:
        """Address host:port of a neighbour. Raises ConfigError when it is not configured."""
        try:
            return self.peers[name]
        except KeyError:
            raise ConfigError(f"{PREFIX}PEERS does not name “{name}”.") from None


def load(settings: type[S], **overrides: Any) -> S:
    """Read the environment. Raises ConfigError with a line per wrong variable; values never appear in it."""
    try:
        return settings(**overrides)
    except ValidationError as failure:
        prefix = str(settings.model_config.get("env_prefix", ""))
        raise ConfigError("\n".join(_line(prefix, dict(each)) for each in failure.errors())) from None


def _line(prefix: str, problem: dict[str, Any]) -> str:
    message = f"{str(problem['msg']).removeprefix('Value error, ')}."
    # What several variables together get wrong names them itself.
    name = "_".join(str(part) for part in problem["loc"]).upper()
    return f"{prefix}{name}: {message}" if name else message
