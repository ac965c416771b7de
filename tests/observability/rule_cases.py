"""When an alert must fire and when it must not: series as promtool writes them, one value a minute from 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Series = Mapping[str, str]


@dataclass(frozen=True)
class Fires:
    """At `minute`, with these labels beside the severity; `value` as people read it in the summary."""

    alert: str
    series: Series
    minute: int
    labels: Mapping[str, str] = field(default_factory=dict)
    value: str = ""


@dataclass(frozen=True)
class Quiet:
    alert: str
    series: Series
    minute: int


def s(name: str, **labels: str) -> str:
    """A series of ours as it arrives."""
    named = {"job": "closeloop"} | labels
    return name + "{" + ", ".join(f'{key}="{value}"' for key, value in named.items()) + "}"


def door(lost: str, answered: str) -> Series:
    return {
        s("closeloop_http_seconds_count", service="gateway", route="/api/v1/leads", status="503"): lost,
        s("closeloop_http_seconds_count", service="gateway", route="/api/v1/leads", status="200"): answered,
    }


def buckets(name: str, counts: Mapping[str, str], **labels: str) -> Series:
    return {s(f"{name}_bucket", **labels, le=le): values for le, values in counts.items()}


def replicas(name: str, *values: str, **labels: str) -> Series:
    return {s(name, **labels, instance=f"10.0.0.{n}:9000"): each for n, each in enumerate(values)}


LEADS = {"service": "leads"}
SERVE = {"service": "leads", "role": "serve"}
FULL = 'kube_cronjob_status_last_successful_time{namespace="crm", cronjob="sales-closeloop-backup-main-full"}'
INCREMENTAL = FULL.replace("-full", "-incr")
# Seconds since 1970, which is when promtool begins.
NEVER = INCREMENTAL.replace("status_last_successful_time", "created")
JOB = 'namespace="crm", job_name="sales-closeloop-backup-main-incr-29386012"'
BACKUP_JOB = f'kube_job_failed{{{JOB}, condition="true"}}'
FAILED_PODS = f"kube_job_status_failed{{{JOB}}}"
ROUTE = {"service": "gateway", "route": "/api/v1/leads"}

FIRES = [
    Fires(
        "BackupFailed",
        {BACKUP_JOB: "1x20"},
        10,
        {"namespace": "crm", "job_name": "sales-closeloop-backup-main-incr-29386012"},
    ),
    Fires(
        "BackupLate",
        {INCREMENTAL: "-108900x20", FULL: "-600000x20"},
        15,
        {"namespace": "crm", "cronjob": "sales-closeloop-backup-main-incr"},
        "1d 6h 30m 0s",
    ),
    # It never succeeded since it was made.
    Fires(
        "BackupLate",
        {NEVER: "-108900x20"},
        15,
        {"namespace": "crm", "cronjob": "sales-closeloop-backup-main-incr"},
        "1d 6h 30m 0s",
    ),
    Fires(
        "BackupLate",
        {FULL: "-695100x20", INCREMENTAL: "-86400x20"},
        15,
        {"namespace": "crm", "cronjob": "sales-closeloop-backup-main-full"},
        "8d 1h 20m 0s",
    ),
    Fires("DoorBudgetBurnsFast", door("0+100x120", "0+900x120"), 90, value="10%"),
    # A hole of half an hour, still going on, in a day that was fine.
    Fires("DoorBudgetBurnsFast", door("0x300 0+50x60", "0+1000x360"), 345, value="3.537%"),
    Fires("DoorBudgetBurnsSlowly", door("0+4x480", "0+996x480"), 420, value="0.4%"),
    Fires(
        "DoorSlow",
        buckets("closeloop_http_seconds", {"0.3": "0x40", "0.5": "0+100x40", "+Inf": "0+100x40"}, **ROUTE),
        30,
        value="490ms",
    ),
    Fires("ServiceDown", replicas("up", "1x5 0x20", "1x5 0x20", **SERVE), 10, SERVE),
    Fires(
        "TargetDown",
        replicas("up", "1x5 0x20", "1x30", **SERVE),
        15,
        SERVE | {"job": "closeloop", "instance": "10.0.0.0:9000"},
    ),
    Fires(
        "LoopRestarts",
        {s("closeloop_loop_restarts_total", **LEADS, loop="relay"): "0+1x40"},
        25,
        LEADS | {"loop": "relay"},
        "15",
    ),
    Fires("OutboxOld", replicas("closeloop_outbox_age_seconds", "120x20", "120x20", **LEADS), 10, LEADS, "2m 0s"),
    Fires(
        "ConsumerLags",
        {s("closeloop_consumer_lag", **LEADS, topic="orders", partition=str(n)): "2500x40" for n in range(2)},
        20,
        LEADS | {"topic": "orders"},
        "5k",
    ),
    Fires(
        "ConsumerStuck",
        {
            s("closeloop_consumer_lag", **LEADS, topic="orders", partition="0"): "5x40",
            s("closeloop_consumed_total", **LEADS, type="orders.changed", outcome="done"): "10x40",
        },
        20,
        LEADS,
        "5",
    ),
    # It has not taken a single one since it started.
    Fires(
        "ConsumerStuck", {s("closeloop_consumer_lag", **LEADS, topic="orders", partition="0"): "5x40"}, 20, LEADS, "5"
    ),
    Fires("EventsParked", replicas("closeloop_parked_events", "2x20", "2x20", **LEADS), 10, LEADS, "2"),
    Fires("ClocksLate", {s("closeloop_deadline_overdue_seconds", **LEADS): "300x20"}, 10, LEADS, "5m 0s"),
    Fires(
        "ClocksLate",
        buckets(
            "closeloop_deadline_delay_seconds", {"60": "0x40", "300": "0+10x40", "+Inf": "0+10x40"}, **LEADS, kind="a"
        ),
        20,
        LEADS,
        "4m 48s",
    ),
    Fires(
        "ClocksFail",
        {s("closeloop_deadline_failures_total", **LEADS, kind="golden"): "0+1x60"},
        40,
        LEADS | {"kind": "golden"},
        "30",
    ),
    Fires(
        "JobsFail",
        {s("closeloop_job_seconds_count", **LEADS, exported_job="waiting", outcome="failed"): "0+1x60"},
        40,
        LEADS | {"exported_job": "waiting"},
        "30",
    ),
    Fires("AuditLate", {s("closeloop_audit_lag_seconds", **LEADS): "180x20"}, 10, LEADS, "3m 0s"),
    Fires("AuditBacklog", {s("closeloop_audit_unsealed_rows", **LEADS): "25000x20"}, 15, LEADS, "25k"),
    Fires(
        "RpcErrors",
        {
            s("closeloop_rpc_seconds_count", **LEADS, method="LeadService/GetLead", code="INTERNAL"): "0+5x30",
            s("closeloop_rpc_seconds_count", **LEADS, method="LeadService/GetLead", code="OK"): "0+95x30",
        },
        15,
        LEADS,
        "5%",
    ),
    Fires(
        "RpcSlow",
        buckets("closeloop_rpc_seconds", {"1": "0x40", "2": "0+10x40", "+Inf": "0+10x40"}, **LEADS),
        30,
        LEADS,
        "1.99s",
    ),
    Fires(
        "NeighbourCallsFail",
        {
            s("closeloop_call_seconds_count", **LEADS, target="integration", code="UNAVAILABLE"): "0+10x30",
            s("closeloop_call_seconds_count", **LEADS, target="integration", code="OK"): "0+30x30",
        },
        15,
        LEADS | {"target": "integration"},
        "25%",
    ),
    Fires("RedisAway", {s("closeloop_redis_away_total", service="gateway"): "0+60x20"}, 12),
    Fires(
        "StreamSlow",
        buckets("closeloop_stream_delay_seconds", {"1": "0x30", "3": "0+10x30", "+Inf": "0+10x30"}, service="gateway"),
        20,
        value="2.98s",
    ),
    Fires("StreamsCut", {s("closeloop_streams_cut_total", reason="slow"): "0+5x30"}, 15, value="50"),
    Fires(
        "RatesLimited", {s("closeloop_rate_limited_total", limit="person"): "0+300x30"}, 15, {"limit": "person"}, "5"
    ),
    Fires("HotLeadsWait", replicas("closeloop_leads_a_waiting_overdue", "3x10", "3x10", **LEADS), 5, value="3"),
    Fires("LeadsUnassigned", {s("closeloop_leads_unassigned_overdue", **LEADS): "7x40"}, 20, value="7"),
    Fires("HandoverLate", {s("closeloop_handovers_late", **LEADS): "2x20"}, 10, value="2"),
    Fires(
        "GradingBehind",
        replicas("closeloop_customer_grades_age_seconds", "0+60x60", "0+60x60", **LEADS),
        30,
        value="30m 0s",
    ),
    Fires("FeedLate", {s("closeloop_feed_lag_seconds", feed="bank"): "9000x10"}, 5, {"feed": "bank"}, "2h 30m 0s"),
    Fires("FeedLate", {s("closeloop_feed_lag_seconds", feed="hr"): "1000x10"}, 5, {"feed": "hr"}, "16m 40s"),
    Fires("FeedLate", {s("closeloop_feed_lag_seconds", feed="pos"): "8000x10"}, 5, {"feed": "pos"}, "2h 13m 20s"),
]

QUIET = [
    Quiet("BackupFailed", {BACKUP_JOB: "0x20"}, 10),
    # Its first pod failed, its second made the backup.
    Quiet("BackupFailed", {BACKUP_JOB: "0x20", FAILED_PODS: "1x20"}, 10),
    Quiet("BackupLate", {INCREMENTAL: "-100000x20", FULL: "-600000x20"}, 15),
    # What was made long ago and succeeded since.
    Quiet("BackupLate", {NEVER: "-900000x20", INCREMENTAL: "-80000x20"}, 15),
    Quiet("DoorBudgetBurnsFast", door("0+1x120", "0+9999x120"), 90),
    # Bad for half an hour, well for another: nobody is woken for what is over.
    Quiet("DoorBudgetBurnsFast", door("0+30x30 900x60", "0+970x90"), 85),
    Quiet("DoorBudgetBurnsSlowly", door("0+5x480", "0+9995x480"), 420),
    Quiet("DoorSlow", buckets("closeloop_http_seconds", {"0.3": "0+96x40", "0.5": "0+100x40", "+Inf": "0+100x40"}), 30),
    Quiet(
        "DoorSlow",
        buckets("closeloop_http_seconds", {"0.3": "0x40", "5": "0+9x40", "+Inf": "0+9x40"}, route="/api/v1/stream"),
        30,
    ),
    Quiet("ServiceDown", replicas("up", "1x5 0x20", "1x30", **SERVE), 10),
    Quiet("TargetDown", replicas("up", "1x5 0x2 1x20", "1x30", **SERVE), 15),
    Quiet("LoopRestarts", {s("closeloop_loop_restarts_total", **LEADS, loop="relay"): "0x5 1x30"}, 12),
    Quiet("OutboxOld", {s("closeloop_outbox_age_seconds", **LEADS): "30x20"}, 10),
    Quiet("OutboxOld", {s("closeloop_outbox_age_seconds", **LEADS): "0x8 120x1 0x20"}, 10),
    Quiet("ConsumerLags", {s("closeloop_consumer_lag", **LEADS, topic="orders", partition="0"): "400x40"}, 20),
    Quiet(
        "ConsumerStuck",
        {
            s("closeloop_consumer_lag", **LEADS, topic="orders", partition="0"): "500x40",
            s("closeloop_consumed_total", **LEADS, type="orders.changed", outcome="done"): "0+1x40",
        },
        20,
    ),
    Quiet(
        "ConsumerStuck",
        {
            s("closeloop_consumer_lag", **LEADS, topic="orders", partition="0"): "0x40",
            s("closeloop_consumed_total", **LEADS, type="orders.changed", outcome="done"): "10x40",
        },
        20,
    ),
    Quiet("EventsParked", {s("closeloop_parked_events", **LEADS): "0x20"}, 10),
    Quiet(
        "ClocksLate",
        {s("closeloop_deadline_overdue_seconds", **LEADS): "5x40"}
        | buckets("closeloop_deadline_delay_seconds", {"60": "0+10x40", "+Inf": "0+10x40"}, **LEADS, kind="a"),
        20,
    ),
    Quiet("ClocksFail", {s("closeloop_deadline_failures_total", **LEADS, kind="golden"): "0x20 2x40"}, 40),
    Quiet(
        "JobsFail",
        {
            s("closeloop_job_seconds_count", **LEADS, exported_job="waiting", outcome="done"): "0+1x60",
            s("closeloop_job_seconds_count", **LEADS, exported_job="waiting", outcome="failed"): "0x20 1x40",
        },
        40,
    ),
    Quiet("AuditLate", {s("closeloop_audit_lag_seconds", **LEADS): "3x20"}, 10),
    Quiet("AuditBacklog", {s("closeloop_audit_unsealed_rows", **LEADS): "900x20"}, 15),
    Quiet(
        "RpcErrors",
        {
            s("closeloop_rpc_seconds_count", **LEADS, method="LeadService/GetLead", code="NOT_FOUND"): "0+50x30",
            s("closeloop_rpc_seconds_count", **LEADS, method="LeadService/GetLead", code="OK"): "0+95x30",
        },
        15,
    ),
    Quiet("RpcSlow", buckets("closeloop_rpc_seconds", {"1": "0+10x40", "+Inf": "0+10x40"}, **LEADS), 30),
    Quiet(
        "NeighbourCallsFail",
        {
            s("closeloop_call_seconds_count", **LEADS, target="integration", code="NOT_FOUND"): "0+10x30",
            s("closeloop_call_seconds_count", **LEADS, target="integration", code="OK"): "0+30x30",
        },
        15,
    ),
    Quiet("RedisAway", {s("closeloop_redis_away_total", service="gateway"): "0x5 5x20"}, 12),
    Quiet("StreamSlow", buckets("closeloop_stream_delay_seconds", {"1": "0+10x30", "+Inf": "0+10x30"}), 20),
    Quiet("StreamsCut", {s("closeloop_streams_cut_total", reason="closing"): "0+5x30"}, 15),
    Quiet("RatesLimited", {s("closeloop_rate_limited_total", limit="person"): "0+6x30"}, 15),
    Quiet("HotLeadsWait", {s("closeloop_leads_a_waiting_overdue", **LEADS): "0x10"}, 5),
    Quiet("LeadsUnassigned", {s("closeloop_leads_unassigned_overdue", **LEADS): "0x40"}, 20),
    # A night's pass over all customers: many at once, gone within minutes.
    Quiet("GradingBehind", {s("closeloop_customer_grades_age_seconds", **LEADS): "0x5 60 120 180 240 300 5x60"}, 40),
    Quiet("HandoverLate", {s("closeloop_handovers_late", **LEADS): "0x20"}, 10),
    Quiet("FeedLate", {s("closeloop_feed_lag_seconds", feed="bank"): "7000x10"}, 5),
    Quiet("FeedLate", {s("closeloop_feed_lag_seconds", feed="hr"): "800x10"}, 5),
    Quiet("FeedLate", {s("closeloop_feed_lag_seconds", feed="pos"): "7000x10"}, 5),
]
