"""Settings of the gateway, beside those every process has. Times are seconds, sizes bytes, rates "N/minute"."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from chassis.config import ConfigError, Settings


class SignIn(StrEnum):
    """How people prove who they are."""

    DEVELOPMENT = "development"
    OIDC = "oidc"
    NONE = "none"


@dataclass(frozen=True)
class OidcSettings:
    """The provider, as the discovery document names it, and the client that the gateway is there."""

    issuer: str
    client_id: str
    client_secret: SecretStr
    scope: str
    # Of the ID token: holds the employee number.
    claim: str
    key_pause: float


class GatewaySettings(Settings):
    gateway_port: int = Field(default=8080, ge=0, le=65535)
    sign_in: SignIn | None = None
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_scope: str = "openid profile"
    oidc_claim: str = "preferred_username"
    # Between two looks for a key that isn't known yet.
    oidc_key_pause: float = Field(default=10, ge=0)
    session_life: float = Field(default=12 * 3600, gt=0)
    access_fresh: float = Field(default=30, gt=0, le=60)
    access_stale: float = Field(default=60, gt=0, le=60)

    request_timeout: float = Field(default=15, gt=0)
    header_timeout: float = Field(default=10, gt=0)
    body_timeout: float = Field(default=10, gt=0)
    upload_timeout: float = Field(default=300, gt=0)
    body_limit: int = Field(default=1 << 20, gt=0)
    upload_limit: int = Field(default=100 << 20, gt=0)
    header_limit: int = Field(default=32 << 10, gt=0)

    rate_per_person: str = "1200/minute"
    rate_per_key: str = "600/minute"
    # Keys that a replica doesn't know yet, per address.
    rate_of_key_tries: str = "120/minute"
    rate_of_sign_in: str = "600/minute"
    rate_of_callbacks: str = "3000/minute"

    streams_per_person: int = Field(default=5, ge=1)
    streams_in_all: int = Field(default=5000, ge=1)
    stream_queue: int = Field(default=100, ge=1)
    stream_heartbeat: float = Field(default=15, gt=0)
    stream_send_timeout: float = Field(default=10, gt=0)

    link_life: float = Field(default=300, gt=0)
    public_url: str = ""
    trusted_proxies: str = ""
    cors_origins: Annotated[list[str], NoDecode] = Field(default_factory=list)

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: Any) -> Any:
        return [each.strip() for each in value.split(",") if each.strip()] if isinstance(value, str) else value

    @field_validator("cors_origins")
    @classmethod
    def _no_wildcard(cls, value: list[str]) -> list[str]:
        if "*" in value:
            raise ValueError("name each origin; a wildcard would let every page act for a signed-in person")
        return value

    @model_validator(mode="after")
    def _stale_is_older(self) -> GatewaySettings:
        if self.access_stale < self.access_fresh:
            raise ValueError("CLOSELOOP_ACCESS_STALE must not be below CLOSELOOP_ACCESS_FRESH")
        return self

    @property
    def oidc(self) -> OidcSettings:
        return OidcSettings(
            self.oidc_issuer,
            self.oidc_client_id,
            self.oidc_client_secret,
            self.oidc_scope,
            self.oidc_claim,
            self.oidc_key_pause,
        )

    @property
    def way_in(self) -> SignIn:
        """The configured way; without one: the development provider in local mode, none in production."""
        if self.sign_in is not None:
            return self.sign_in
        return SignIn.DEVELOPMENT if self.is_local else SignIn.NONE

    def check(self) -> None:
        """Raises ConfigError for what can't start."""
        self.require("signing_key", "trust", "files_url", "kafka_bootstrap", "redis_url", "peers")
        if self.way_in is SignIn.OIDC:
            self.require("oidc_issuer", "oidc_client_id", "public_url")
            if not (self.is_local or self.oidc_issuer.startswith("https://")):
                raise ConfigError("CLOSELOOP_OIDC_ISSUER must be an https address outside local mode.")
        if self.way_in is SignIn.DEVELOPMENT and not self.is_local:
            raise ConfigError("CLOSELOOP_SIGN_IN=development lets anybody be anybody: it starts in local mode only.")
