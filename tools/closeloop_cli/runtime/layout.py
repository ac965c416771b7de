"""Where everything of one running system lies: folders, ports, addresses, and the environment of each process.

The one module that knows the layout. Everything can be set from outside: `CLOSELOOP_DATA` (folder),
`CLOSELOOP_GATEWAY_PORT`, and servers of one's own by `CLOSELOOP_DATABASE_URL` (of a role that may create databases),
`CLOSELOOP_KAFKA_BOOTSTRAP`, `CLOSELOOP_REDIS_URL`.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from chassis.local.account import Account
from chassis.local.ports import free_port
from chassis.local.process import answers

ROOT = Path(__file__).resolve().parents[3]
SERVICES = ("leads", "activity", "targets", "incentives", "forecast", "integration")
SIMULATORS = (
    "hr", "erp", "bank", "wecom", "dingtalk", "telephony", "mail", "smtp", "imap", "tender", "registry", "pos",
)  # fmt: skip
WITHOUT_HTTP = ("smtp", "imap")
DEFAULT_GATEWAY_PORT = 8080


class CannotRun(Exception):
    """One line for a person: what is in the way, and what to do."""


@dataclass(frozen=True)
class Program:
    """A process to keep running. `side_port` tells when it is ready; 0: an open `port` does."""

    name: str
    argv: list[str]
    env: dict[str, str]
    port: int
    side_port: int = 0


def default_folder() -> Path:
    """Beside the code; when the user that the servers run under can't get there (root's closed home), in /var/tmp."""
    folder = ROOT / "var" / "closeloop"
    if Account.current().reaches(ROOT / "any"):
        return folder
    return Path("/var/tmp") / f"closeloop-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"  # noqa: S108


@dataclass
class Layout:
    folder: Path
    outside: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    # Which company: each is made up in a folder of its own.
    seed: str = "company"

    @classmethod
    def here(cls) -> Layout:
        chosen = os.environ.get("CLOSELOOP_DATA")
        return cls(Path(chosen).absolute() if chosen else default_folder())

    # Folders and files.
    @property
    def company(self) -> Path:
        return self.folder / self.seed

    @property
    def systems(self) -> Path:
        """What the simulators read and write."""
        return self.folder / "systems"

    @property
    def files(self) -> Path:
        return self.folder / "files"

    @property
    def audit(self) -> Path:
        """Signed roots of the audit chains, apart from the databases."""
        return self.folder / "audit"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def trust(self) -> Path:
        return self.keys / "trust.json"

    @property
    def clock(self) -> Path:
        return self.folder / "clock.json"

    @property
    def plan(self) -> Path:
        return self.folder / "programs.json"

    @property
    def processes(self) -> Path:
        return self.folder / "processes.json"

    @property
    def snapshot(self) -> Path:
        return self.folder / "snapshot"

    def server(self, name: str) -> Path:
        return self.folder / name

    # Ports.
    @cached_property
    def ports(self) -> dict[str, int]:
        """Drawn once and kept in a file, so that links stay good; drawn anew when one was taken meanwhile."""
        kept = self._kept_ports()
        wanted = [f"{name}.{kind}" for name in (*SERVICES, "gateway") for kind in ("grpc", "side")]
        wanted += [f"simulator.{name}" for name in SIMULATORS] + ["postgres", "redis", "broker"]
        ports = {name: self._set_port(name) or kept.get(name) or free_port(kept.values()) for name in wanted}
        ports["gateway"] = int(self.outside.get("CLOSELOOP_GATEWAY_PORT") or DEFAULT_GATEWAY_PORT)
        return ports

    def keep_ports(self) -> None:
        (self.folder / "ports.json").write_text(json.dumps(self.ports, indent=1) + "\n")

    def renew_ports(self) -> None:
        """When nothing of ours runs: ports that somebody else took meanwhile are drawn again."""
        free = {name: port for name, port in self.ports.items() if self._set_port(name) or not answers(port)}
        (self.folder / "ports.json").write_text(json.dumps(free, indent=1) + "\n")
        del self.ports
        self.keep_ports()

    def _kept_ports(self) -> dict[str, int]:
        try:
            return dict(json.loads((self.folder / "ports.json").read_text()))
        except (FileNotFoundError, ValueError):
            return {}

    def _set_port(self, name: str) -> int | None:
        """CLOSELOOP_PORT_LEADS_SIDE, CLOSELOOP_PORT_SIMULATOR_HR, CLOSELOOP_PORT_POSTGRES …"""
        given = self.outside.get("CLOSELOOP_PORT_" + name.replace(".", "_").upper())
        return int(given) if given else None

    # Servers.
    @property
    def database_url(self) -> str | None:
        return self.outside.get("CLOSELOOP_DATABASE_URL")

    @property
    def kafka_bootstrap(self) -> str:
        return self.outside.get("CLOSELOOP_KAFKA_BOOTSTRAP") or f"127.0.0.1:{self.ports['broker']}"

    @property
    def wants_kafka(self) -> bool:
        """Apache Kafka instead of the embedded broker: `BROKER=kafka make demo`."""
        return self.outside.get("CLOSELOOP_BROKER") == "kafka"

    @property
    def has_own_broker(self) -> bool:
        return "CLOSELOOP_KAFKA_BOOTSTRAP" not in self.outside

    @property
    def redis_url(self) -> str:
        return self.outside.get("CLOSELOOP_REDIS_URL") or f"redis://127.0.0.1:{self.ports['redis']}/0"

    @property
    def has_own_redis(self) -> bool:
        return "CLOSELOOP_REDIS_URL" not in self.outside

    # Addresses.
    @property
    def gateway_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['gateway']}"

    def side_url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[f'{name}.side']}"

    def simulator_url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[f'simulator.{name}']}"

    # Programs.
    @property
    def modules(self) -> tuple[str, ...]:
        """What the programs are, as `python -m` names them."""
        return (*SERVICES, "gateway", "simulators")

    def programs(self, databases: Mapping[str, str], accounts: list[str]) -> list[Program]:
        """`databases`: service → URL. `accounts`: the bank accounts whose statements are pulled."""
        services = [self._service(name, databases[name], accounts) for name in SERVICES]
        return [self._simulators(), *services, self._gateway()]

    def _service(self, name: str, database: str, accounts: list[str]) -> Program:
        env = self._common(name) | {"CLOSELOOP_DATABASE_URL": database}
        if name == "integration":
            env |= self._sources(accounts)
        argv = [sys.executable, "-m", name, "all"]
        return Program(name, argv, env, self.ports[f"{name}.grpc"], self.ports[f"{name}.side"])

    def _gateway(self) -> Program:
        env = self._common("gateway") | {"CLOSELOOP_GATEWAY_PORT": str(self.ports["gateway"])}
        argv = [sys.executable, "-m", "gateway"]
        return Program("gateway", argv, env, self.ports["gateway"], self.ports["gateway.side"])

    def _simulators(self) -> Program:
        env = self._machine() | {
            f"CLOSELOOP_SIM_{n.upper()}_PORT": str(self.ports[f"simulator.{n}"]) for n in SIMULATORS
        }
        env |= {
            "CLOSELOOP_SIM_DATA": str(self.systems),
            "CLOSELOOP_CLOCK_FILE": str(self.clock),
            "CLOSELOOP_GATEWAY_URL": self.gateway_url,
        }
        return Program("simulators", [sys.executable, "-m", "simulators"], env, self.ports["simulator.hr"])

    def _common(self, name: str) -> dict[str, str]:
        profile = "embedded" if self.has_own_broker and not self.wants_kafka else "kafka"
        return self._machine() | {
            "CLOSELOOP_MODE": "local",
            "CLOSELOOP_SERVICE": name,
            "CLOSELOOP_GRPC_PORT": str(self.ports[f"{name}.grpc"]),
            "CLOSELOOP_SIDE_PORT": str(self.ports[f"{name}.side"]),
            "CLOSELOOP_KAFKA_BOOTSTRAP": self.kafka_bootstrap,
            "CLOSELOOP_KAFKA_PROFILE": self.outside.get("CLOSELOOP_KAFKA_PROFILE", profile),
            # Each service runs once: one partition is enough, and each more costs broker and clients at every poll.
            "CLOSELOOP_KAFKA_PARTITIONS": self.outside.get("CLOSELOOP_KAFKA_PARTITIONS", "1"),
            "CLOSELOOP_REDIS_URL": self.redis_url,
            "CLOSELOOP_SIGNING_KEY": str(self.keys / f"{name}.pem"),
            "CLOSELOOP_TRUST": str(self.trust),
            "CLOSELOOP_CLOCK_FILE": str(self.clock),
            "CLOSELOOP_FILES_URL": self.files.as_uri(),
            "CLOSELOOP_AUDIT_ROOTS_URL": self.audit.as_uri(),
            "CLOSELOOP_PEERS": ",".join(f"{peer}=127.0.0.1:{self.ports[f'{peer}.grpc']}" for peer in SERVICES),
        }

    def _sources(self, accounts: list[str]) -> dict[str, str]:
        """Systems that integration reads. Keys and tokens are the simulators' trial ones."""
        return {
            "CLOSELOOP_SIMULATED_SOURCES": "true",
            "CLOSELOOP_HR_URL": self.simulator_url("hr"),
            "CLOSELOOP_HR_KEY": "hr-trial-key",
            "CLOSELOOP_ERP_URL": self.simulator_url("erp"),
            "CLOSELOOP_ERP_KEY": "erp-trial-key",
            "CLOSELOOP_ERP_PRODUCTS_SET": "Products",
            "CLOSELOOP_ERP_SCHEDULES_SET": "ProductionSchedules",
            "CLOSELOOP_ERP_DELIVERIES_SET": "Deliveries",
            "CLOSELOOP_ERP_INVOICES_SET": "Invoices",
            "CLOSELOOP_ERP_STOCK_SET": "Stock",
            "CLOSELOOP_ERP_SERVICE_CALLS_SET": "ServiceCalls",
            "CLOSELOOP_BANK_URL": self.simulator_url("bank"),
            "CLOSELOOP_BANK_KEY": "bank-trial-key",
            "CLOSELOOP_BANK_ACCOUNTS": ",".join(accounts),
            "CLOSELOOP_WECOM_TOKEN": "trialtoken",
            "CLOSELOOP_WECOM_AES_KEY": "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
            "CLOSELOOP_WECOM_CORP_ID": "wwtrialcorp",
            "CLOSELOOP_WECOM_ARCHIVE_URL": self.simulator_url("wecom"),
            "CLOSELOOP_WECOM_ARCHIVE_KEY": "archive-trial-key",
            "CLOSELOOP_WECOM_ARCHIVE_KEYS": str(self.systems / "wecom" / "keys"),
            "CLOSELOOP_WECOM_ROBOTS": f"ops={self.simulator_url('wecom')}/cgi-bin/webhook/send?key=ops",
            "CLOSELOOP_DINGTALK_TOKEN": "dingtrialtoken",
            "CLOSELOOP_DINGTALK_AES_KEY": "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
            "CLOSELOOP_DINGTALK_APP_KEY": "dingtrialapp",
            "CLOSELOOP_DINGTALK_ROBOTS": f"ops={self.simulator_url('dingtalk')}/robot/send?access_token=ops",
            "CLOSELOOP_DINGTALK_ROBOT_SECRETS": "ops=SECtrialrobot",
            "CLOSELOOP_TENDER_RSS_SITES": f"trialrss={self.simulator_url('tender')}/rss",
            "CLOSELOOP_TENDER_HTML_SITES": f"example={self.simulator_url('tender')}/list",
            "CLOSELOOP_TENDER_JSON_SITES": f"trialjson={self.simulator_url('tender')}",
            "CLOSELOOP_REGISTRY_URL": self.simulator_url("registry"),
            "CLOSELOOP_REGISTRY_KEY": "registry-trial-key",
            "CLOSELOOP_POS_URL": self.simulator_url("pos"),
            "CLOSELOOP_POS_KEY": "pos-trial-key",
            "CLOSELOOP_PROMOTIONS_URL": self.simulator_url("pos"),
            "CLOSELOOP_PROMOTIONS_KEY": "pos-trial-key",
            "CLOSELOOP_TELEPHONY_URL": self.simulator_url("telephony"),
            "CLOSELOOP_TELEPHONY_KEY": "telephony-trial-key",
            "CLOSELOOP_MAILBOX_URL": f"imap://sales@127.0.0.1:{self.ports['simulator.imap']}",
            "CLOSELOOP_MAILBOX_KEY": "mailbox-trial-password",
            "CLOSELOOP_SMTP_HOST": "127.0.0.1",
            "CLOSELOOP_SMTP_PORT": str(self.ports["simulator.smtp"]),
            "CLOSELOOP_MAIL_FROM": "closeloop@closeloop.example",
        }

    def _machine(self) -> dict[str, str]:
        """What a process needs from the machine, and settings; nothing else of the caller's environment reaches it."""
        kept = {name: self.outside[name] for name in MACHINE if name in self.outside}
        settings = {n: v for n, v in self.outside.items() if n.startswith("CLOSELOOP_KAFKA_") or n in PASSED_ON}
        return {**kept, **settings, "PYTHONUNBUFFERED": "1"}


MACHINE = ("PATH", "HOME", "LANG", "TMPDIR", "TZ", "PYTHONPATH")
PASSED_ON = ("CLOSELOOP_LOG_LEVEL", "CLOSELOOP_OTLP_ENDPOINT", "CLOSELOOP_TRACE_RATIO")
