"""schemathesis asks the running doors, before the six real services, what the OpenAPI document allows and forbids."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from tests.access.rows import REQUESTS
from tests.faults.gateway.front import Front
from tests.faults.scale import IS_FULL, scaled

SEED = 20260310
EXAMPLES = scaled(60, least=3)
# Every value at its limits, 8,000 requests: too long for `make test`. Chains of requests the same.
PHASES = {"examples": True, "coverage": IS_FULL, "fuzzing": True, "stateful": IS_FULL}
OFF = {"enabled": False}
# The schema can't say all: check digits, page tokens, keys that differ in header and body.
NOT_ASKED = {"positive_data_acceptance": OFF}
# How often a value that means something to the services is taken instead of one made up.
KNOWN = 0.7


@dataclass
class Findings:
    """`answers` counts by status, `served` holds the operations that once did what they were asked."""

    answers: Counter[int] = field(default_factory=Counter)
    asked: set[str] = field(default_factory=set)
    served: set[str] = field(default_factory=set)
    broken: dict[tuple[str, str], str] = field(default_factory=dict)

    def note(self, event: Any) -> None:
        if isinstance(event, events.NonFatalError):
            self.broken[event.label, event.info.title] = event.info.message
        elif isinstance(event, events.ScenarioFinished):
            self._note_answers(event)
            for case_id, checks in event.recorder.checks.items():
                label = event.recorder.cases[case_id].value.operation.label
                for check in checks:
                    if (found := check.failure_info) is not None:
                        words = f"{found.failure.message[:500]}\n{found.code_sample[:2000]}"
                        self.broken.setdefault((label, f"{check.name}: {found.failure.title}"), words)

    def _note_answers(self, event: events.ScenarioFinished) -> None:
        for case_id, interaction in event.recorder.interactions.items():
            label = event.recorder.cases[case_id].value.operation.label
            self.asked.add(label)
            if (answer := interaction.response) is not None:
                self.answers[answer.status_code] += 1
                if answer.status_code < 300:
                    self.served.add(label)

    def told(self) -> str:
        lines = [f"{operation}: {kind}\n{words}" for (operation, kind), words in sorted(self.broken.items())]
        return "\n\n".join(["", *lines])


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(each.title() for each in others)


def known_values(front: Front) -> dict[str, list[str]]:
    """By field: ids of real records, and what requests of real people say."""
    found = {name: [value] for name, value in front.ids.items()}
    for request in REQUESTS.values():
        for name, value in request.items() if isinstance(request, dict) else ():
            if isinstance(value, str) and value not in ("FILE", "PAGE"):
                found.setdefault(name, []).append(value)
    return {name: sorted(set(values)) for name, values in found.items()}


def settings(front: Front) -> SchemathesisConfig:
    known = known_values(front)
    bound = {f"{place}.{camel(name)}": name for name in known for place in ("path", "query", "body")}
    return SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "workers": 1,  # the state of Python 3.11's own parser is shared by threads
            "continue-on-failure": True,
            "request-timeout": 90,
            "max-stream-events": 1,
            "headers": {"Authorization": f"Bearer {front.sign_in()}"},
            "dictionaries": {name: {"values": values} for name, values in known.items()},
            "parameters": {place: {"dictionary": name, "probability": KNOWN} for place, name in bound.items()},
            "generation": {"max-examples": EXAMPLES, "database": "none", "no-shrink": True},
            "phases": {name: {"enabled": on} for name, on in PHASES.items()},
            "checks": NOT_ASKED,
            "output": {"sanitization": {"enabled": False}},
            "operations": [
                # The session that everything else is asked with must stay.
                {"include-operation-id": "signOut", "headers": {"Authorization": f"Bearer {front.sign_in()}"}},
                # OpenAPI 3.1 has no words for a single event of a stream.
                {"include-operation-id": "openStream", "checks": {"response_schema_conformance": OFF}},
            ],
        }
    )


@pytest.mark.timeout(1800)
@pytest.mark.spec("P1.1", "P1.5", "P9.1")
def test_no_request_breaks_a_door_or_its_contract(front: Front) -> None:
    document = httpx.get(f"{front.url}/openapi.json", timeout=20, trust_env=False).json()
    schema = schemathesis.openapi.from_url(f"{front.url}/openapi.json", config=settings(front))
    findings = Findings()
    for event in from_schema(schema).execute():
        findings.note(event)
    print(f"\n{findings.answers.total()} requests, seed {SEED}: {dict(sorted(findings.answers.items()))}, "
          f"{len(findings.served)} of {len(findings.asked)} operations served")  # fmt: skip
    assert not findings.broken, findings.told()
    assert len(findings.asked) == sum(map(len, document["paths"].values()))
