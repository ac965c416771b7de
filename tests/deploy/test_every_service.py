"""A new service reaches every place that names them all."""

from __future__ import annotations

import pytest
import yaml

from tests.deploy.rendering import CHART, ROOT, SERVICES
from tools.pages import chart_settings

FOLDERS = {each.parent.name for each in ROOT.glob("services/*/pyproject.toml")}


@pytest.mark.spec("P5.1", "P5.3")
def test_chart_compose_and_pages_know_every_service() -> None:
    assert set(SERVICES) == FOLDERS
    assert set(chart_settings.SERVICES) == FOLDERS
    assert yaml.safe_load((CHART / "values.yaml").read_text())["services"].keys() == FOLDERS
    compose = yaml.safe_load((ROOT / "deploy/compose/compose.yaml").read_text())["services"]
    assert compose.keys() >= FOLDERS
    install = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    assert [name for name in FOLDERS if f"{name}" not in install] == []
