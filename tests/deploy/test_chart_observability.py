"""Rules and dashboards reach the cluster as the files they are, and every one of them (P5.1, P6.1)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from tests.deploy.kubernetes_schemas import VERSIONS, violations
from tests.deploy.rendering import CHART, name, of_kind, render

pytestmark = pytest.mark.spec("P5.1", "P6.1")
RULE = """groups:
  - name: trial
    rules:
      - alert: OutboxIsOld
        expr: closeloop_outbox_age_seconds > 60
        for: 5m
        labels: { severity: page }
        annotations:
          summary: "{{ $labels.service }} publishes late: {{ $value | humanizeDuration }}"
"""
BOARD = {"title": "试用 {{service}}", "panels": [], "uid": "trial"}


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("chart") / "closeloop"
    shutil.copytree(CHART, copy)
    (copy / "files/rules/trial_rules.yaml").write_text(RULE)
    (copy / "files/dashboards/trial.json").write_text(json.dumps(BOARD, ensure_ascii=False, indent=1))
    return copy


def test_a_new_file_of_rules_is_a_resource_of_its_own_word_for_word(chart: Path) -> None:
    (found,) = [each for each in of_kind(render("large", chart=chart), "PrometheusRule") if "trial" in name(each)]
    assert found["spec"] == yaml.safe_load(RULE)
    assert found["metadata"]["labels"]["release"] == "prometheus"
    assert violations(found, VERSIONS[-1]) == []


def test_a_new_dashboard_is_found_by_grafana_word_for_word(chart: Path) -> None:
    (found,) = [each for each in of_kind(render("large", chart=chart), "ConfigMap") if "trial" in name(each)]
    assert json.loads(found["data"]["trial.json"]) == BOARD
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"


def test_every_file_that_is_there_is_taken() -> None:
    resources = render("medium")
    rules = sorted(yaml.safe_load(file.read_text())["groups"][0]["name"] for file in CHART.glob("files/rules/*.yaml"))
    assert sorted(each["spec"]["groups"][0]["name"] for each in of_kind(resources, "PrometheusRule")) == rules
    boards = sorted(file.name for file in CHART.glob("files/dashboards/*.json"))
    assert sorted(key for each in of_kind(resources, "ConfigMap") for key in each["data"]) == boards


def test_without_the_operator_nothing_of_it_is_asked_for() -> None:
    assert of_kind(render("small"), "ServiceMonitor", "PrometheusRule", "HTTPRoute", "ConfigMap") == []
