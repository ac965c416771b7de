"""Pages of docs/, and the schema of the chart's values, that are written from the code: `make docs`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tools.pages import asyncapi, chart_settings, dashboards, errors, events, features, slip_states

ROOT = Path(__file__).resolve().parents[2]
PAGES: dict[Path, Callable[[], str]] = {
    ROOT / "docs/features.md": features.render,
    ROOT / "docs/errors.md": errors.render,
    ROOT / "docs/events.md": events.render,
    ROOT / "docs/asyncapi.yaml": asyncapi.render,
    ROOT / "docs/slip-states.md": slip_states.render,
    ROOT / "deploy/helm/closeloop/values.schema.json": chart_settings.render,
    **dashboards.pages(),
}
