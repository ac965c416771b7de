"""Dashboards of Grafana, written by `make docs`: one for each service, one for the door, one for the business."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "deploy/helm/closeloop/files/dashboards"
SERVICES = ("leads", "activity", "targets", "incentives", "forecast", "integration")
_WIDTH, _HEIGHT = 8, 8
_SOURCE = {"type": "prometheus", "uid": "${source}"}


@dataclass(frozen=True)
class Panel:
    """`queries` maps an expression to the legend of its lines."""

    title: str
    queries: dict[str, str]
    unit: str = "short"


def service(name: str) -> list[Panel]:
    own = f'job="closeloop", service="{name}"'
    failed = f'{own}, code=~"INTERNAL|UNKNOWN|UNAVAILABLE|DEADLINE_EXCEEDED|DATA_LOSS"'
    return [
        Panel(
            "Calls a second",
            {_sum("method", f"rate(closeloop_rpc_seconds_count{{{own}}}[$__rate_interval])"): "{{method}}"},
            "reqps",
        ),
        Panel(
            "Failed calls a second",
            {
                _sum(
                    "method, code", f"rate(closeloop_rpc_seconds_count{{{failed}}}[$__rate_interval])"
                ): "{{method}} {{code}}"
            },
            "reqps",
        ),
        Panel("Duration of calls", _quantiles("closeloop_rpc_seconds", own), "s"),
        Panel("Age of the outbox", {f"max(closeloop_outbox_age_seconds{{{own}}})": "oldest event"}, "s"),
        Panel("Events waiting to go out", {f"max(closeloop_outbox_rows{{{own}}})": "rows"}),
        Panel("Events behind", {_sum("topic", f"closeloop_consumer_lag{{{own}}}"): "{{topic}}"}),
        Panel(
            "Events taken, by outcome",
            {_sum("outcome", f"rate(closeloop_consumed_total{{{own}}}[$__rate_interval])"): "{{outcome}}"},
            "cps",
        ),
        Panel("Events that wait for a person", {f"max(closeloop_parked_events{{{own}}})": "parked"}),
        Panel("Clocks fired late", _quantiles("closeloop_deadline_delay_seconds", own, "kind"), "s"),
        Panel("Clocks due and not fired", {f"max(closeloop_deadline_overdue_seconds{{{own}}})": "the earliest"}, "s"),
        Panel(
            "Clocks that failed",
            {_sum("kind", f"increase(closeloop_deadline_failures_total{{{own}}}[$__rate_interval])"): "{{kind}}"},
        ),
        Panel(
            "Runs of jobs",
            {
                _sum(
                    "exported_job, outcome", f"increase(closeloop_job_seconds_count{{{own}}}[$__rate_interval])"
                ): "{{exported_job}} {{outcome}}"
            },
        ),
        Panel("Audit rows not chained", {f"max(closeloop_audit_unsealed_rows{{{own}}})": "rows"}),
        Panel("Age of the oldest of them", {f"max(closeloop_audit_lag_seconds{{{own}}})": "age"}, "s"),
        Panel(
            "Calls to neighbours that failed",
            {
                _sum(
                    "target, code", f'rate(closeloop_call_seconds_count{{{own}, code!="OK"}}[$__rate_interval])'
                ): "{{target}} {{code}}"
            },
            "reqps",
        ),
        *_process(own),
        Panel(
            "Loops started again",
            {_sum("loop", f"increase(closeloop_loop_restarts_total{{{own}}}[$__rate_interval])"): "{{loop}}"},
        ),
    ]


def door() -> list[Panel]:
    own = 'job="closeloop", service="gateway"'
    return [
        Panel(
            "Share of requests lost (goal below 0.1 %)",
            {
                "closeloop:door_lost:ratio5m": "5 minutes",
                "closeloop:door_lost:ratio1h": "1 hour",
                "closeloop:door_lost:ratio3d": "3 days",
            },
            "percentunit",
        ),
        Panel(
            "Requests a second, by status",
            {_sum("status", f"rate(closeloop_http_seconds_count{{{own}}}[$__rate_interval])"): "{{status}}"},
            "reqps",
        ),
        Panel("Duration of requests", _quantiles("closeloop_http_seconds", own), "s"),
        Panel(
            "Slowest routes (95th percentile)",
            {f"topk(10, {_quantile(0.95, 'closeloop_http_seconds', own, 'route')})": "{{route}}"},
            "s",
        ),
        Panel(
            "Calls to services that failed",
            {
                _sum(
                    "target, code", f'rate(closeloop_call_seconds_count{{{own}, code!="OK"}}[$__rate_interval])'
                ): "{{target}} {{code}}"
            },
            "reqps",
        ),
        Panel("Open live streams", {_sum("instance", f"closeloop_streams{{{own}}}"): "{{instance}}"}),
        Panel("From the broker to people's pages", _quantiles("closeloop_stream_delay_seconds", own), "s"),
        Panel(
            "Streams cut",
            {_sum("reason", f"increase(closeloop_streams_cut_total{{{own}}}[$__rate_interval])"): "{{reason}}"},
        ),
        Panel(
            "Requests above a rate",
            {_sum("limit", f"rate(closeloop_rate_limited_total{{{own}}}[$__rate_interval])"): "{{limit}}"},
            "reqps",
        ),
        Panel(
            "Turns done without Redis",
            {_sum("instance", f"rate(closeloop_redis_away_total{{{own}}}[$__rate_interval])"): "{{instance}}"},
            "cps",
        ),
        *_process(own),
    ]


def business() -> list[Panel]:
    lag = 'max by (feed) (closeloop_feed_lag_seconds{job="closeloop"})'
    return [
        Panel(
            "Leads without an owner 待分配线索",
            {'max by (grade) (closeloop_leads_waiting{job="closeloop"})': "{{grade}}"},
        ),
        Panel(
            "Waiting too long 等待超时",
            {
                'max(closeloop_leads_a_waiting_overdue{job="closeloop"})': "A > 30 min",
                'max(closeloop_leads_unassigned_overdue{job="closeloop"})': "> 48 h",
            },
        ),
        _events(
            "Leads 线索", "leads.captured", "leads.assigned", "leads.accepted", "leads.converted", "leads.recycled"
        ),
        _events(
            "Guard and fairness 护栏与公平",
            "leads.assignment_held",
            "leads.rep_paused",
            "leads.leads_recalled",
            "leads.fairness_drifted",
        ),
        Panel("Age of feeds 数据时延", {lag: "{{feed}}"}, "s"),
        Panel(
            "Age over what the feed may have 时延占上限的比例",
            {f"{lag} / on (feed) closeloop:feed_allowed_seconds": "{{feed}}"},
            "percentunit",
        ),
        Panel(
            "Receipts nobody owns 待认领回款",
            {'max by (state) (closeloop_receipts_waiting{job="closeloop"})': "{{state}}"},
        ),
        _events(
            "Receipts 回款",
            "integration.receipt_arrived",
            "integration.receipt_claimed",
            "integration.receipt_unclaimed",
        ),
        _events("Attainment and plans 目标达成", "targets.attainment_changed", "targets.plan_changed"),
        _events(
            "Slips 奖金单",
            "incentives.slip_created",
            "incentives.slip_confirmed",
            "incentives.slip_held",
            "incentives.slip_clawed_back",
        ),
        _events("Appeals 申诉", "incentives.slip_appealed", "incentives.appeal_moved", "incentives.slip_decided"),
        _events(
            "Opportunities 商机",
            "forecast.opportunity_created",
            "forecast.stage_changed",
            "forecast.opportunity_won",
            "forecast.opportunity_lost",
        ),
    ]


def pages() -> dict[Path, Callable[[], str]]:
    """Each file with what writes it."""

    def of(title: str, uid: str, panels: Callable[[], Sequence[Panel]]) -> Callable[[], str]:
        return lambda: render(title, uid, panels())

    boards = {
        FOLDER / f"{name}.json": of(f"Closeloop: {name}", f"closeloop-{name}", lambda name=name: service(name))  # type: ignore[misc]
        for name in SERVICES
    }
    boards[FOLDER / "gateway.json"] = of("Closeloop: the door", "closeloop-gateway", door)
    boards[FOLDER / "business.json"] = of("Closeloop: business", "closeloop-business", business)
    return boards


def render(title: str, uid: str, panels: Sequence[Panel]) -> str:
    choice = {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    board = {
        "title": title,
        "uid": uid,
        "tags": ["closeloop"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "Asia/Shanghai",
        "templating": {"list": [choice]},
        "panels": [_panel(number, each) for number, each in enumerate(panels)],
    }
    return json.dumps(board, ensure_ascii=False, indent=1) + "\n"


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    across = 24 // _WIDTH
    targets = [
        {"refId": chr(ord("A") + n), "expr": expr, "legendFormat": legend, "datasource": _SOURCE}
        for n, (expr, legend) in enumerate(panel.queries.items())
    ]
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": _SOURCE,
        "gridPos": {"x": number % across * _WIDTH, "y": number // across * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": targets,
    }


def _sum(by: str, inner: str) -> str:
    return f"sum by ({by}) ({inner})"


def _quantile(share: float, name: str, own: str, by: str = "") -> str:
    labels = f"{by}, le" if by else "le"
    return f"histogram_quantile({share}, sum by ({labels}) (rate({name}_bucket{{{own}}}[$__rate_interval])))"


def _quantiles(name: str, own: str, by: str = "") -> dict[str, str]:
    legend = f" {{{{{by}}}}}" if by else ""
    return {_quantile(share, name, own, by): f"p{share * 100:.0f}{legend}" for share in (0.5, 0.95, 0.99)}


def _events(title: str, *types: str) -> Panel:
    chosen = "|".join(types)
    query = f'sum by (type) (increase(closeloop_events_total{{job="closeloop", type=~"{chosen}"}}[1h]))'
    return Panel(f"{title} (1 h)", {query: "{{type}}"})


def _process(own: str) -> list[Panel]:
    return [
        Panel(
            "Processor",
            {
                _sum(
                    "role, instance", f"rate(process_cpu_seconds_total{{{own}}}[$__rate_interval])"
                ): "{{role}} {{instance}}"
            },
            "percentunit",
        ),
        Panel(
            "Memory",
            {f"max by (role, instance) (process_resident_memory_bytes{{{own}}})": "{{role}} {{instance}}"},
            "bytes",
        ),
        Panel("Answers", {f"min by (role, instance) (up{{{own}}})": "{{role}} {{instance}}"}),
    ]
