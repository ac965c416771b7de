"""How to reach and use the broker, from CLOSELOOP_KAFKA_* variables."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self

from pydantic import SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

# The embedded broker forgets producer ids when it restarts, and makes every long poll cost CPU: no idempotence (the
# inbox deduplicates), polls of 100 ms.
_PROFILES: dict[str, dict[str, Any]] = {
    "embedded": {
        "fetch_max_wait_ms": 100,
        "quiet_wait_ms": 500,
        "idempotence": False,
        "replication": 1,
    },
    "kafka": {
        "fetch_max_wait_ms": 50,
        "quiet_wait_ms": 500,
        "idempotence": True,
        "replication": -1,
    },
}


class BusSettings(BaseSettings):
    """Times are milliseconds. What is not set comes from the profile; `replication` -1 is the broker's default."""

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_prefix="CLOSELOOP_KAFKA_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    bootstrap: str = ""
    profile: Literal["embedded", "kafka"] = "kafka"
    partitions: int = 3
    replication: int = -1
    fetch_max_wait_ms: int = 0
    # The same, after seconds of silence.
    quiet_wait_ms: int = 0
    max_poll_records: int = 500
    idempotence: bool = True
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    # The authority that the broker's certificate is checked against, and our own certificate where it asks for one.
    ssl_cafile: str | None = None
    ssl_certfile: str | None = None
    ssl_keyfile: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _fill_from_profile(cls, given: Any) -> Any:
        values = dict(given)
        return _PROFILES.get(str(values.get("profile", "kafka")), {}) | values

    @model_validator(mode="after")
    def _sasl_is_whole(self) -> Self:
        whole = self.sasl_mechanism and self.sasl_username and self.sasl_password
        if self.security_protocol.startswith("SASL_") and not whole:
            names = ", ".join(f"CLOSELOOP_KAFKA_SASL_{each}" for each in ("MECHANISM", "USERNAME", "PASSWORD"))
            raise ValueError(f"CLOSELOOP_KAFKA_SECURITY_PROTOCOL is {self.security_protocol}: {names} must be set")
        return self

    @classmethod
    def embedded(cls, bootstrap: str, **changes: Any) -> Self:
        """For the pip-installed broker of local runs and tests."""
        return cls(bootstrap=bootstrap, profile="embedded", **changes)

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Raises ValueError when the bootstrap list can't be read."""
        pairs = (each.strip().rpartition(":") for each in self.bootstrap.split(",") if each.strip())
        return [(host, int(port)) for host, _, port in pairs]

    def connection(self) -> dict[str, Any]:
        """Options that every kafka-python client takes."""
        password = self.sasl_password.get_secret_value() if self.sasl_password else None
        return {
            "bootstrap_servers": self.bootstrap.split(","),
            "request_timeout_ms": 5000,
            "bootstrap_timeout_ms": 5000,
            "reconnect_backoff_max_ms": 1000,
            "metadata_max_age_ms": 3000 if self.profile == "embedded" else 60_000,
            "security_protocol": self.security_protocol,
            "sasl_mechanism": self.sasl_mechanism,
            "sasl_plain_username": self.sasl_username,
            "sasl_plain_password": password,
            "ssl_cafile": self.ssl_cafile,
            "ssl_certfile": self.ssl_certfile,
            "ssl_keyfile": self.ssl_keyfile,
        }
