"""promtool takes the rules, and each alert fires when it must, with the words that people read, and else is quiet."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.observability.rule_cases import FIRES, QUIET, Fires, Quiet
from tests.observability.rules import Alert, alerts, rule_files
from tools.tiers import prometheus

pytestmark = pytest.mark.spec("P6.1")
ALERTS = {alert.name: alert for alert in alerts()}


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(prometheus.program("promtool")), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=110)


def test_promtool_takes_every_file_of_rules() -> None:
    done = promtool("check", "rules", *rule_files())
    assert done.returncode == 0, done.stderr


def test_every_alert_fires_when_it_must_and_only_then(tmp_path: Path) -> None:
    done = promtool("test", "rules", written(tmp_path, [*map(fires, FIRES), *map(quiet, QUIET)]))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("case", [FIRES[0], FIRES[-1]], ids=lambda case: case.alert)
def test_a_case_that_says_something_else_is_red(case: Fires, tmp_path: Path) -> None:
    assert promtool("test", "rules", written(tmp_path, [quiet(Quiet(case.alert, case.series, case.minute))])).returncode


def written(folder: Path, tests: list[dict[str, Any]]) -> Path:
    file = folder / "cases.yaml"
    rules = [str(each) for each in rule_files()]
    content = {"rule_files": rules, "evaluation_interval": "1m", "tests": tests}
    file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return file


def fires(case: Fires) -> dict[str, Any]:
    alert = ALERTS[case.alert]
    expected = {"exp_labels": alert.labels | dict(case.labels), "exp_annotations": said(alert, case)}
    return _case(case, [expected])


def quiet(case: Quiet) -> dict[str, Any]:
    return _case(case, [])


def said(alert: Alert, case: Fires) -> dict[str, str]:
    """The annotations with labels and value filled in."""
    return {
        name: re.sub(r"\{\{ \$value.*?\}\}", case.value, re.sub(r"\{\{ \$labels\.(\w+) \}\}", _label(case), text))
        for name, text in alert.annotations.items()
    }


def _label(case: Fires) -> Any:
    return lambda found: case.labels[found[1]]


def _case(case: Fires | Quiet, expected: list[dict[str, Any]]) -> dict[str, Any]:
    series = [{"series": name, "values": values} for name, values in case.series.items()]
    asked = {"eval_time": f"{case.minute}m", "alertname": case.alert, "exp_alerts": expected}
    return {"interval": "1m", "input_series": series, "alert_rule_test": [asked]}
