"""Every report that carries a definition names one of the registry, with a version that it has (N7.1)."""

from __future__ import annotations

import re

import pytest

from forecast.rollup.rules import DEFINITION as FORECAST
from integration.claiming.summarise_collections import METRIC
from integration.definitions.policy import NEEDED, SHIPPED
from targets.attainment.rules import DEFINITION as ATTAINMENT

LABEL = re.compile(r"^(?P<metric>[a-z_.]+)\.v(?P<version>\d+): .+")


@pytest.mark.spec("N7.1")
@pytest.mark.parametrize("label", [ATTAINMENT, FORECAST])
def test_a_service_s_label_is_in_the_registry(label: str) -> None:
    found = LABEL.match(label)
    assert found, label
    assert int(found["version"]) in {each.number for each in SHIPPED[found["metric"]].versions}


@pytest.mark.spec("N7.1")
def test_what_the_collection_figure_names_can_t_be_taken_out() -> None:
    assert METRIC in NEEDED
    assert set(NEEDED) <= set(SHIPPED)
