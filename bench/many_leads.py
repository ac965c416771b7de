"""Many leads without waiting for them: one that came in by the door is repeated by SQL under other ids and phones."""

from __future__ import annotations

from hashlib import md5
from uuid import UUID

from sqlalchemy import text

from bench.captures import Captures, by_grpc
from bench.people import rep
from bench.stand import Stand
from leads.tables import lead

PHONE = "'+86139' || lpad(n::text, 8, '0')"
NAME = "'压测库存' || n || '号公司'"
OWNER = "'E' || lpad((n % :reps)::text, 6, '0')"
UNIT = "'/HQ/R' || (n % :reps) / 400 || '/T' || (n % :reps) / 20 || '/'"
# Those that make a lead its own; generated columns can't be written.
OWN = {
    # The same in every database.
    "lead_id": "CAST(md5('lead' || n) AS uuid)",
    "phone": PHONE,
    "company_name": NAME,
    "name_key": "'压测库存' || n || '号'",
    "owner_id": OWNER,
    "unit": UNIT,
    "captured_at": "captured_at - n * interval '1 second'",
    # Not due in this run, and nobody's clock.
    "recycle_due_at": "NULL",
}


def fill(stand: Stand, count: int, reps: int, lead_id: str) -> None:
    """`count` assigned leads, spread over the reps. What each rep carries stays as it was: they are for reading."""
    columns = [each.name for each in lead.columns if each.computed is None]
    values = ", ".join(OWN.get(name, name) for name in columns)
    repeat = text(f"""
        INSERT INTO lead ({", ".join(columns)})
        SELECT {values} FROM lead, generate_series(1, :count) AS n WHERE lead_id = CAST(:lead_id AS uuid)
    """)
    with stand.databases["leads"].begin() as connection:
        connection.execute(repeat, {"count": count, "reps": reps, "lead_id": lead_id})
    with stand.databases["leads"].connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE lead"))


def tell_activity(stand: Stand, count: int, reps: int) -> None:
    """As its projection would hold them."""
    known = text(f"""
        INSERT INTO lead (lead_id, owner_id, unit, company_name, phone, wecom_external_id, assigned_at)
        SELECT md5('lead' || n)::uuid::text, {OWNER}, {UNIT}, {NAME}, {PHONE}, '', now()
        FROM generate_series(1, :count) AS n
    """)
    with stand.databases["activity"].begin() as connection:
        connection.execute(known, {"count": count, "reps": reps})


def lead_of(number: int, nth: int, reps: int) -> str:
    """The id of the nth filled lead of this rep, from 1 on."""
    digest = md5(f"lead{number + nth * reps}".encode(), usedforsecurity=False).hexdigest()
    return str(UUID(digest))


def first_lead(stand: Stand) -> str:
    """The id of one that came in by the door and has its owner."""
    with by_grpc(stand, channels=1) as (stub,):
        answer = stub.CaptureLead(Captures(90).request(0))
    assert answer.lead.owner_id.startswith(rep(0)[0]), "nobody got it"
    return str(answer.lead.lead_id)
