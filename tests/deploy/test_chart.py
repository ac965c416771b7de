"""What the chart makes of the examples (P5.1)."""

from __future__ import annotations

import pytest

from chassis.service.roles import Role
from tests.deploy.rendering import (
    EXAMPLES,
    SERVICES,
    WITH_DATABASE,
    Resource,
    container,
    name,
    named,
    of_kind,
    plain_env,
    pods,
    render,
    selects,
    service_of,
)

pytestmark = [pytest.mark.spec("P5.1", "P5.2"), pytest.mark.parametrize("example", EXAMPLES)]
ALLOWED_KINDS = {
    "Deployment", "Service", "ServiceAccount", "Job", "CronJob", "HorizontalPodAutoscaler", "PodDisruptionBudget",
    "NetworkPolicy", "Ingress", "HTTPRoute", "ServiceMonitor", "PrometheusRule", "ConfigMap",
}  # fmt: skip


def deployments(example: str) -> list[Resource]:
    return of_kind(render(example), "Deployment")


def test_every_service_runs_in_every_role(example: str) -> None:
    roles = ("all",) if example == "small" else ("serve", "consume", "relay", "jobs")
    wanted = {f"sales-closeloop-{service}-{role}" for service in WITH_DATABASE for role in roles}
    assert {name(each) for each in deployments(example)} == wanted | {"sales-closeloop-gateway-serve"}


def test_a_pod_runs_the_role_it_is_named_by(example: str) -> None:
    for owner, pod in pods(render(example)):
        service, role = container(pod)["args"]
        assert service == service_of(pod)
        assert role == pod["metadata"]["labels"]["closeloop/role"]
        assert Role(role)
        assert owner.startswith(f"sales-closeloop-{service}-")


def test_nothing_comes_with_rights_over_the_cluster(example: str) -> None:
    assert {each["kind"] for each in render(example)} <= ALLOWED_KINDS
    accounts = {name(each): each for each in of_kind(render(example), "ServiceAccount")}
    for owner, pod in pods(render(example)):
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, owner
        assert accounts[spec["serviceAccountName"]]["automountServiceAccountToken"] is False


def test_pods_fit_the_restricted_standard_and_write_nowhere(example: str) -> None:
    for owner, pod in pods(render(example)):
        spec, only = pod["spec"], container(pod)
        assert spec["securityContext"]["runAsNonRoot"] is True, owner
        assert spec["securityContext"]["runAsUser"] > 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert only["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & spec.keys()
        kinds = {key for volume in spec["volumes"] for key in volume if key != "name"}
        assert kinds <= {"emptyDir", "secret", "persistentVolumeClaim"}


def test_every_container_says_what_it_needs(example: str) -> None:
    for owner, pod in pods(render(example)):
        resources = container(pod)["resources"]
        assert {"cpu", "memory"} <= resources["requests"].keys(), owner
        assert "memory" in resources["limits"]


def test_a_path_in_the_environment_is_mounted(example: str) -> None:
    for owner, pod in pods(render(example)):
        mounts = [each["mountPath"] for each in container(pod)["volumeMounts"]]
        paths = {n: v for n, v in plain_env(pod).items() if v.startswith("/")}
        assert {"CLOSELOOP_SIGNING_KEY", "CLOSELOOP_TRUST"} <= paths.keys(), owner
        for variable, path in paths.items():
            assert any(path.startswith(f"{mount}/") for mount in mounts), f"{owner}: {variable}"
        names = {each["name"] for each in pod["spec"]["volumes"]}
        assert names == {each["name"] for each in container(pod)["volumeMounts"]}


def test_a_signing_key_is_seen_by_its_own_service_alone(example: str) -> None:
    for _, pod in pods(render(example)):
        secrets = {each["secret"]["secretName"] for each in pod["spec"]["volumes"] if "secret" in each}
        assert {each for each in secrets if "signing" in each} == {f"closeloop-signing-{service_of(pod)}"}


def test_a_selector_finds_the_pods_of_its_deployment_and_no_others(example: str) -> None:
    templates = dict(pods(render(example)))
    for each in deployments(example):
        found = [owner for owner, pod in templates.items() if selects(each["spec"]["selector"]["matchLabels"], pod)]
        assert found == [name(each)]


def test_probes_ask_a_port_that_is_there(example: str) -> None:
    for each in deployments(example):
        only = container(each["spec"]["template"])
        ports = {port["name"]: port["containerPort"] for port in only["ports"]}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert ports[only[probe]["httpGet"]["port"]] == int(
                plain_env(each["spec"]["template"])["CLOSELOOP_SIDE_PORT"]
            )
        assert only["readinessProbe"]["httpGet"]["path"] == "/readyz"
        assert only["livenessProbe"]["httpGet"]["path"] == "/healthz"


def test_a_pod_gets_more_time_to_end_than_its_service_takes(example: str) -> None:
    for each in deployments(example):
        pod = each["spec"]["template"]
        pause = container(pod)["lifecycle"]["preStop"]["sleep"]["seconds"]
        drain = int(plain_env(pod)["CLOSELOOP_DRAIN"])
        assert pause > 0
        assert pod["spec"]["terminationGracePeriodSeconds"] > pause + drain
        assert each["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_every_service_is_found_where_its_neighbours_look(example: str) -> None:
    resources = render(example)
    for _, pod in pods(resources):
        peers = dict(each.split("=") for each in plain_env(pod)["CLOSELOOP_PEERS"].split(","))
        assert peers.keys() == set(WITH_DATABASE)
        for peer, address in peers.items():
            host, port = address.split(":")
            service = named(resources, "Service", host.split(".")[0])
            assert host == f"{name(service)}.crm.svc.cluster.local"
            assert service["spec"]["clusterIP"] == "None", "a connection per replica"
            (target,) = service["spec"]["ports"]
            assert target["port"] == int(port)
            served = [(o, p) for o, p in pods(resources) if selects(service["spec"]["selector"], p)]
            assert [service_of(p) for _, p in served] == [peer]
            doors = {each["name"]: each["containerPort"] for each in container(served[0][1])["ports"]}
            assert doors[target["targetPort"]] == int(plain_env(served[0][1])["CLOSELOOP_GRPC_PORT"]) == int(port)


def test_the_way_in_leads_to_the_gateway(example: str) -> None:
    resources = render(example)
    service = named(resources, "Service", "sales-closeloop-gateway")
    (port,) = service["spec"]["ports"]
    for ingress in of_kind(resources, "Ingress"):
        (path,) = ingress["spec"]["rules"][0]["http"]["paths"]
        assert path["backend"]["service"] == {"name": name(service), "port": {"name": port["name"]}}
    for route in of_kind(resources, "HTTPRoute"):
        backends = [backend for rule in route["spec"]["rules"] for backend in rule["backendRefs"]]
        assert backends == [{"name": name(service), "port": port["port"]}] * 2
    assert of_kind(resources, "Ingress", "HTTPRoute")
    pod = dict(pods(resources))["sales-closeloop-gateway-serve"]
    assert selects(service["spec"]["selector"], pod)
    assert {"name": "http", "containerPort": int(plain_env(pod)["CLOSELOOP_GATEWAY_PORT"])} in container(pod)["ports"]


def test_each_database_is_migrated_once_before_anything_new_runs(example: str) -> None:
    jobs = of_kind(render(example), "Job")
    assert [service_of(each["spec"]["template"]) for each in jobs] == list(WITH_DATABASE)
    hooks = {
        name(each): each["metadata"]["annotations"] for each in render(example) if "annotations" in each["metadata"]
    }
    for each in jobs:
        assert container(each["spec"]["template"])["args"][1] == "migrate"
        assert each["spec"]["activeDeadlineSeconds"] == 600
        assert hooks[name(each)]["helm.sh/hook"] == "pre-install,pre-upgrade"
        # What the job needs must be there before it: of the chart only its own account.
        account = hooks[each["spec"]["template"]["spec"]["serviceAccountName"]]
        assert int(account["helm.sh/hook-weight"]) < int(hooks[name(each)]["helm.sh/hook-weight"])
        assert not [v for v in each["spec"]["template"]["spec"]["volumes"] if "configMap" in v]


def test_nobody_migrates_at_its_start(example: str) -> None:
    """The version before must start beside the newer database, or a rollback would not."""
    for _, pod in pods(render(example)):
        if service_of(pod) != "gateway":
            assert plain_env(pod)["CLOSELOOP_MIGRATE_AT_START"] == "false"


def test_each_audit_chain_is_looked_through_every_night(example: str) -> None:
    jobs = of_kind(render(example), "CronJob")
    assert {service_of(each["spec"]["jobTemplate"]["spec"]["template"]) for each in jobs} == set(WITH_DATABASE)
    for each in jobs:
        assert each["spec"]["timeZone"] == "Asia/Shanghai"
        assert each["spec"]["concurrencyPolicy"] == "Forbid"
        assert container(each["spec"]["jobTemplate"]["spec"]["template"])["args"][1] == "verify-audit"


def test_replicas_are_counted_by_the_deployment_or_by_the_autoscaler(example: str) -> None:
    scalers = {
        each["spec"]["scaleTargetRef"]["name"]: each["spec"]
        for each in of_kind(render(example), "HorizontalPodAutoscaler")
    }
    for each in deployments(example):
        assert (name(each) in scalers) != ("replicas" in each["spec"])
    if example == "large":
        assert (
            scalers["sales-closeloop-leads-serve"]["minReplicas"],
            scalers["sales-closeloop-leads-serve"]["maxReplicas"],
        ) == (3, 20)
        assert scalers["sales-closeloop-targets-serve"]["maxReplicas"] == 12


def test_what_has_replicas_loses_one_at_a_time_and_what_has_one_can_be_moved(example: str) -> None:
    budgets = {name(each): each["spec"] for each in of_kind(render(example), "PodDisruptionBudget")}
    for each in deployments(example):
        many = each["spec"].get("replicas", 2) > 1
        assert (name(each) in budgets) == many
        if many:
            assert budgets[name(each)]["maxUnavailable"] == 1
            assert selects(budgets[name(each)]["selector"]["matchLabels"], each["spec"]["template"])


def test_replicas_are_spread_over_zones_and_nodes(example: str) -> None:
    for each in deployments(example):
        rules = each["spec"]["template"]["spec"]["topologySpreadConstraints"]
        assert {rule["topologyKey"] for rule in rules} == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
        for rule in rules:
            assert selects(rule["labelSelector"]["matchLabels"], each["spec"]["template"])
            assert rule["whenUnsatisfiable"] == ("DoNotSchedule" if example == "large" else "ScheduleAnyway")


def test_every_process_is_scraped_under_the_name_of_its_service(example: str) -> None:
    resources = render(example)
    side = [each for each in of_kind(resources, "Service") if each["metadata"]["labels"].get("closeloop/metrics")]
    for each in deployments(example):
        finders = [s for s in side if selects(s["spec"]["selector"], each["spec"]["template"])]
        assert [name(s) for s in finders] == [f"sales-closeloop-{service_of(each['spec']['template'])}-side"]
    for monitor in of_kind(resources, "ServiceMonitor"):
        wanted = monitor["spec"]["selector"]["matchLabels"]
        assert [s for s in of_kind(resources, "Service") if wanted.items() <= s["metadata"]["labels"].items()] == side
        (endpoint,) = monitor["spec"]["endpoints"]
        assert {rule["targetLabel"] for rule in endpoint["relabelings"]} == {"job", "service", "role"}


def test_names_stay_within_what_kubernetes_allows(example: str) -> None:
    for each in render(example, release="a-release-of-a-very-long-name-in-our-cluster"):
        assert len(name(each)) <= (52 if each["kind"] == "CronJob" else 63)


def test_all_belongs_to_the_release(example: str) -> None:
    for each in render(example):
        assert each["metadata"]["namespace"] == "crm"
        assert each["metadata"]["labels"]["app.kubernetes.io/instance"] == "sales"


def test_services_are_all_there_is(example: str) -> None:
    assert {service_of(pod) for _, pod in pods(render(example))} == set(SERVICES)
