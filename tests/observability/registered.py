"""Every metric that the code registers, by the names of its samples."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from chassis.metrics import metrics

ROOT = Path(__file__).resolve().parents[2]
# What Prometheus and the chart's ServiceMonitor put on every series.
TARGET_LABELS = frozenset({"job", "service", "role", "instance"})
# What kube-state-metrics tells of the jobs of a cluster, as its documentation names it.
KUBERNETES = {
    "kube_job_failed": frozenset({"namespace", "job_name", "condition"}),
    "kube_cronjob_status_last_successful_time": frozenset({"namespace", "cronjob"}),
    "kube_cronjob_created": frozenset({"namespace", "cronjob"}),
}
_SUFFIXES = {Counter: ("_total",), Gauge: ("",), Histogram: ("_bucket", "_sum", "_count")}


def registered() -> dict[str, frozenset[str]]:
    """Sample name → its labels, the scraped ones included. A label `job` of ours arrives as `exported_job`."""
    _import_all()
    found = {"up": TARGET_LABELS, **KUBERNETES}
    for collector in _collectors():
        if not isinstance(collector, MetricWrapperBase):
            continue
        for family in collector.describe():
            own = {"exported_job" if label == "job" else label for label in collector._labelnames}
            for suffix in _SUFFIXES[type(collector)]:
                name = family.name + suffix
                found[name] = TARGET_LABELS | own | ({"le"} if suffix == "_bucket" else set())
    for family in metrics.registry.collect():
        for sample in family.samples:
            found.setdefault(sample.name, TARGET_LABELS | set(sample.labels))
    return found


def _collectors() -> list[object]:
    return list(metrics.registry._collector_to_names)


def _import_all() -> None:
    for file in sorted(ROOT.glob("services/*/*/**/*.py")):
        if "registry=metrics.registry" in file.read_text(encoding="utf-8"):
            importlib.import_module(_module(file))


def _module(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts[2:])
