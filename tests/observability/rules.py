"""The chart's alert rules and runbooks as they lie there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = ROOT / "deploy/helm/closeloop/files"
RUNBOOKS = ROOT / "docs/runbooks"


@dataclass(frozen=True)
class Alert:
    name: str
    expr: str
    labels: dict[str, str]
    annotations: dict[str, str]

    @property
    def runbook(self) -> Path:
        return ROOT / self.annotations["runbook_url"]


def rule_files() -> list[Path]:
    return sorted((FILES / "rules").glob("*.yaml"))


def _rules() -> list[dict[str, Any]]:
    files = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in rule_files()]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def alerts() -> list[Alert]:
    named = [rule for rule in _rules() if "alert" in rule]
    return [Alert(rule["alert"], rule["expr"], rule["labels"], rule["annotations"]) for rule in named]


def recorded() -> dict[str, list[dict[str, Any]]]:
    """Recording rules by the name of what they record."""
    found: dict[str, list[dict[str, Any]]] = {}
    for rule in _rules():
        if "record" in rule:
            found.setdefault(rule["record"], []).append(rule)
    return found


def expressions() -> list[str]:
    return [rule["expr"] for rule in _rules()]


def dashboards() -> list[Path]:
    return sorted((FILES / "dashboards").glob("*.json"))


def queries(dashboard: Path) -> list[str]:
    board = json.loads(dashboard.read_text(encoding="utf-8"))
    return [target["expr"] for panel in board["panels"] for target in panel["targets"]]
