"""Settings of integration beside those of its connectors, which keep their own."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from chassis.config import Settings

Named = Annotated[dict[str, SecretStr], NoDecode]


class IntegrationSettings(Settings):
    # Private networks that connectors may reach, such as the bank's front-end machine: "10.20.0.0/24,192.168.7.5/32".
    source_networks: Annotated[tuple[str, ...], NoDecode] = ()
    # In local mode: what answers at a loopback address is a simulator, asked without keeping a pace.
    simulated_sources: bool = False
    wecom_token: SecretStr = SecretStr("")
    wecom_aes_key: SecretStr = SecretStr("")
    wecom_corp_id: str = ""
    dingtalk_token: SecretStr = SecretStr("")
    dingtalk_aes_key: SecretStr = SecretStr("")
    # Whom events are meant for: the app key of a company's own app, the suite key of a partner's, or the corp id.
    dingtalk_app_key: str = ""
    # Robots of groups, by names of our own: "ops=https://…?key=…,sales=https://…". DingTalk's sign with a secret each.
    wecom_robots: Named = Field(default_factory=dict)
    dingtalk_robots: Named = Field(default_factory=dict)
    dingtalk_robot_secrets: Named = Field(default_factory=dict)
    smtp_host: str = ""
    smtp_port: int = Field(default=25, ge=1, le=65535)
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_starttls: bool = False
    mail_from: str = "closeloop@localhost"

    @model_validator(mode="after")
    def _simulators_are_local(self) -> IntegrationSettings:
        if self.simulated_sources and not self.is_local:
            raise ValueError("CLOSELOOP_SIMULATED_SOURCES is for local mode: real sources are asked at their pace")
        return self

    @field_validator("source_networks", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(each.strip() for each in value.split(",") if each.strip()) if isinstance(value, str) else value

    @field_validator("wecom_robots", "dingtalk_robots", "dingtalk_robot_secrets", mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        parts = [each.strip().partition("=") for each in value.split(",") if each.strip()]
        if not all(name and secret for name, _, secret in parts):
            raise ValueError("expected name=value, by commas")
        return {name: secret for name, _, secret in parts}
