"""The role `verify-audit`: one look at the whole audit chain, for a nightly run."""

from __future__ import annotations

from chassis import telemetry
from chassis.audit_roots import RootNotTrusted, RootStore
from chassis.audit_verify import verify
from chassis.config import ConfigError
from chassis.database import Database
from chassis.identity import Trust
from chassis.service.service import Service

# A chain of years is read in one go; the limits of requests don't fit.
STATEMENT_SECONDS = 3600.0
log = telemetry.logger()


def audit_is_whole(service: Service) -> bool:
    """Every finding is a log line of its own. Against the signed roots too when `CLOSELOOP_AUDIT_ROOTS_URL` is set.

    Raises ConfigError when a root can't be believed.
    """
    settings = service.runtime.settings
    settings.require("trust")
    roots = []
    if settings.audit_roots_url and settings.trust is not None:
        try:
            roots = RootStore(settings.audit_roots_url).load(service.name, Trust(settings.trust))
        except RootNotTrusted as root:
            raise ConfigError(f"The signed root {root} was not signed by a key of {service.name}.") from root
    database = Database(service.runtime.database.url, pool_size=1, statement_seconds=STATEMENT_SECONDS)
    try:
        with database.connect() as connection:
            findings = verify(connection, roots)
    finally:
        database.close()
    for finding in findings:
        log.error("audit.tampered", kind=finding.kind, link=finding.seq, row=finding.row_id, detail=finding.detail)
    log.info("audit.verified", findings=len(findings), roots=len(roots))
    return not findings
