"""Whoever is woken up knows what it means and what to do, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from integration import connectors
from leads.assignment.policy import AssignmentPolicy
from tests.observability.rule_cases import FIRES, QUIET
from tests.observability.rules import ROOT, RUNBOOKS, Alert, alerts, recorded

pytestmark = pytest.mark.spec("P6.1")
SECTIONS = ["## First look", "## What to do", "## It is over when"]
CONNECTORS = connectors.every(lambda name: None).values()


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert.name)
def test_an_alert_says_how_urgent_it_is_and_what_happens_in_both_languages(alert: Alert) -> None:
    assert alert.labels["severity"] in ("page", "ticket")
    assert not re.search(r"[一-鿿]", alert.annotations["summary"])
    assert re.search(r"[一-鿿]", alert.annotations["summary_zh"])


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert.name)
def test_an_alert_has_a_runbook_of_its_name_with_every_section(alert: Alert) -> None:
    kebab = re.sub(r"(?<!^)(?=[A-Z])", "-", alert.name).lower()
    assert alert.annotations["runbook_url"] == f"docs/runbooks/{kebab}.md"
    text = alert.runbook.read_text(encoding="utf-8")
    assert text.startswith(f"# {alert.name}\n")
    assert [line for line in text.splitlines() if line.startswith("## ")] == SECTIONS


def test_names_of_alerts_are_used_once_and_every_runbook_has_an_alert() -> None:
    names = [alert.name for alert in alerts()]
    assert len(names) == len(set(names))
    assert sorted(RUNBOOKS.iterdir()) == sorted(alert.runbook for alert in alerts())


@pytest.mark.spec("N2.1")
def test_a_feed_is_late_when_its_own_connector_says_so() -> None:
    allowed = {rule["labels"]["feed"]: rule["expr"] for rule in recorded()["closeloop:feed_allowed_seconds"]}
    assert allowed == {each.feed: f"vector({each.rule.max_lag_seconds})" for each in CONNECTORS}


@pytest.mark.spec("LD3.8")
def test_the_words_about_waiting_leads_are_the_policy_s() -> None:
    policy = AssignmentPolicy()
    texts = {alert.name: alert.annotations["summary"] for alert in alerts()}
    assert f"more than {policy.wait_alert_minutes} minutes" in texts["HotLeadsWait"]
    assert f"more than {policy.unassigned_hours} hours" in texts["LeadsUnassigned"]


@pytest.mark.parametrize("runbook", sorted(RUNBOOKS.iterdir()), ids=lambda page: page.stem)
def test_routes_that_a_runbook_names_are_in_the_contracts(runbook: Path) -> None:
    contracts = "\n".join(file.read_text(encoding="utf-8") for file in ROOT.glob("proto/closeloop/**/*.proto"))
    served = {re.sub(r"\{\w+\}", "*", route) for route in re.findall(r'(?:get|post): "([^"]+)"', contracts)}
    named = re.findall(r"(?:GET|POST) (/api/v1/[^`\s]+)", runbook.read_text(encoding="utf-8"))
    known = {each: any(_fits(each, route) for route in served) for each in named}
    assert all(known.values()), known


def _fits(named: str, route: str) -> bool:
    return re.fullmatch(re.escape(route).replace(r"\*", r"[\w{}-]+"), named) is not None


def test_every_alert_has_a_case_that_must_fire_and_one_that_must_not() -> None:
    names = {alert.name for alert in alerts()}
    assert {case.alert for case in FIRES} == names
    assert {case.alert for case in QUIET} == names
