"""Ports, keys and places of the simulators, from the environment."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict

# Well-known trial credentials: the simulators guard nothing, they only make callers send what the real systems ask for.
TRIAL_AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"


class SimulatorSettings(BaseSettings):
    """Read once at start. `sim_data` is the folder the seed wrote; run-time changes are written back into it."""

    model_config = SettingsConfigDict(env_prefix="CLOSELOOP_", frozen=True, extra="ignore")

    sim_data: Path = Path("var/simulators")
    clock_file: Path | None = None
    sim_hr_port: int = 9101
    sim_erp_port: int = 9102
    sim_bank_port: int = 9103
    sim_wecom_port: int = 9104
    sim_mail_port: int = 9105
    sim_smtp_port: int = 9125
    sim_imap_port: int = 9143
    sim_dingtalk_port: int = 9111
    sim_telephony_port: int = 9112
    sim_tender_port: int = 9113
    sim_registry_port: int = 9114
    sim_pos_port: int = 9115
    hr_key: str = "hr-trial-key"
    erp_key: str = "erp-trial-key"
    bank_key: str = "bank-trial-key"
    wecom_token: str = "trialtoken"  # noqa: S105 - see above
    wecom_aes_key: str = TRIAL_AES_KEY
    wecom_corp_id: str = "wwtrialcorp"
    wecom_agent_id: str = "1000002"
    wecom_archive_key: str = "archive-trial-key"
    dingtalk_token: str = "dingtrialtoken"  # noqa: S105 - see above
    dingtalk_aes_key: str = TRIAL_AES_KEY
    dingtalk_app_key: str = "dingtrialapp"
    dingtalk_robot_secret: str = "SECtrialrobot"  # noqa: S105 - see above
    telephony_key: str = "telephony-trial-key"
    registry_key: str = "registry-trial-key"
    pos_key: str = "pos-trial-key"
    mailbox_user: str = "sales"
    mailbox_key: str = "mailbox-trial-password"
    gateway_url: str = "http://127.0.0.1:8080"
