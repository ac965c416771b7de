"""Wrong values are refused before anything is installed, in a line that names the place (P5.1)."""

from __future__ import annotations

import pytest

from tests.deploy.rendering import CHART, NotRendered, helm, refusal

pytestmark = pytest.mark.spec("P5.1", "P5.2")

BY_SCHEMA = {
    'kafka.bootstap="k:9092"': "'bootstap' not allowed",
    'kafka.bootstrap="kafka"': "/kafka/bootstrap",
    'kafka.securityProtocol="TLS"': "/kafka/securityProtocol",
    'kafka.sasl.mechanism="PLAN"': "/kafka/sasl/mechanism",
    'kafka.sasl.password="hunter2"': "'password' not allowed",
    'files.url="ftp://there"': "/files/url",
    'image.tag="a b"': "/image/tag",
    'image.digest="sha256:1"': "/image/digest",
    'image.pullPolicy="Sometimes"': "/image/pullPolicy",
    'database.port="5432"': "/database/port",
    'database.secret="Not_A_Name"': "/database/secret",
    'database.url="postgresql://u:p@h/d"': "'url' not allowed",
    'telemetry.otlpEndpoint="collector:4317"': "/telemetry/otlpEndpoint",
    "telemetry.traceRatio=2": "/telemetry/traceRatio",
    'telemetry.logLevel="LOUD"': "/telemetry/logLevel",
    "preStopSeconds=0": "/preStopSeconds",
    "roles.serve.replicas=-1": "/roles/serve/replicas",
    'roles.serve.resources.requests.memory="much"': "/roles/serve/resources/requests/memory",
    "roles.relay.autoscaling.enabled=true": "'autoscaling' not allowed",
    "roles.work.replicas=1": "'work' not allowed",
    "services.lead.settings={}": "'lead' not allowed",
    "services.gateway.roles.consume.replicas=1": "'consume' not allowed",
    "services.leads.settings.DRAIN_PAUZE=1": "'DRAIN_PAUZE' not allowed",
    "services.leads.settings.DRAIN_PAUSE=0": "/services/leads/settings/DRAIN_PAUSE",
    'services.leads.settings.DATABASE_URL="postgresql://u:p@h/d"': "'DATABASE_URL' not allowed",
    'services.integration.settings.HR_KEY="secret"': "'HR_KEY' not allowed",
    'services.integration.settings.SMTP_PORT="mail"': "/services/integration/settings/SMTP_PORT",
    "services.incentives.settings.RULE_SECONDS=60": "/services/incentives/settings/RULE_SECONDS",
    'services.gateway.settings.SIGN_IN="development"': "/services/gateway/settings/SIGN_IN",
    'services.gateway.secretSettings.OIDC_SECRET={"secret":"s","key":"k"}': "'OIDC_SECRET' not allowed",
    'services.gateway.secretSettings.OIDC_CLIENT_SECRET="hunter2"': "OIDC_CLIENT_SECRET",
    'auditCheck.schedule="every night"': "/auditCheck/schedule",
    'topologySpread.whenUnsatisfiable="Maybe"': "/topologySpread/whenUnsatisfiable",
    'fullnameOverride="a-name-that-is-much-too-long-for-this"': "/fullnameOverride",
}
BY_CHECK = {
    ('image.repository=""',): "image.repository is empty",
    ('database.secret=""', 'redis.secret=""'): "database.secret is empty",
    ('kafka.bootstrap=""',): "kafka.bootstrap is empty: name the brokers",
    ('files.url=""', 'files.persistentVolumeClaim=""'): "files.url is empty",
    ('files.persistentVolumeClaim=""',): "files.persistentVolumeClaim must name a ReadWriteMany claim",
    ('files.url="s3://bucket"',): "files.url must begin with file:///var/lib/closeloop/files",
    ('kafka.securityProtocol="SASL_SSL"',): "kafka.sasl.mechanism and kafka.sasl.secret must be set",
    ('kafka.sasl.mechanism="PLAIN"',): "kafka.securityProtocol is PLAINTEXT",
    ('kafka.ca.secret="ca"',): "kafka.ca.secret is set but kafka.securityProtocol is PLAINTEXT",
    ('kafka.client.secret="cert"',): "kafka.client.secret is set but kafka.securityProtocol is PLAINTEXT",
    ('services.gateway.settings.PUBLIC_URL=""',): "PUBLIC_URL must be set beside it",
    ('services.gateway.settings.OIDC_CLIENT_SECRET="x"',): "'OIDC_CLIENT_SECRET' not allowed",
    (
        'services.gateway.secretSettings.OIDC_ISSUER={"secret":"s","key":"k"}',
    ): "services.gateway: OIDC_ISSUER stands in settings and in secretSettings",
    (
        "combined=false",
        'roles.serve.autoscaling={"enabled":true,"minReplicas":5,"maxReplicas":2}',
    ): "autoscaling of leads serve: minReplicas 5 is more than maxReplicas 2",
    (
        'roles.serve.autoscaling={"enabled":true}',
        "roles.serve.resources.requests.cpu=null",
    ): "autoscaling of gateway serve: resources.requests.cpu must be set",
    ('ingress.host=""',): "ingress.enabled: ingress.host must be set",
    ("httpRoute.enabled=true",): "httpRoute.parentRefs and httpRoute.hostnames must be set",
}


@pytest.mark.parametrize("wrong", BY_SCHEMA)
def test_a_value_that_is_no_value_is_refused_by_its_path(wrong: str) -> None:
    assert BY_SCHEMA[wrong] in refusal("small", wrong)


@pytest.mark.parametrize("wrong", BY_CHECK, ids=lambda wrong: " ".join(wrong))
def test_values_that_do_not_go_together_are_refused_in_words(wrong: tuple[str, ...]) -> None:
    assert BY_CHECK[wrong] in refusal("small", *wrong)


def test_everything_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(NotRendered) as words:
        helm("template", "sales", str(CHART))
    asked = ("image.repository", "database.secret", "kafka.bootstrap", "redis.secret", "files.url")
    assert [path for path in asked if f"{path} is empty: name" in str(words.value)] == list(asked)


def test_an_older_kubernetes_is_refused() -> None:
    with pytest.raises(NotRendered, match=r"1\.29\.0"):
        helm("template", "sales", str(CHART), "--kube-version", "1.29.0", "-f", str(CHART / "examples/small.yaml"))
