"""A company as large as a measurement wants it: the first team is hired as HR's feed hires, the others by one statement
in each database, since a hundred thousand by the feed take longer than what is to be measured.
"""

from __future__ import annotations

from sqlalchemy import text

from bench.people import CITIES, TEAM, hire, place, renew
from bench.stand import Stand

_PLACES = ", ".join(f"({at}, '{p}', '{c}', {lat}, {lon})" for at, (p, c, lat, lon) in enumerate(CITIES))
_PEOPLE = f"""
    SELECT 'E' || lpad(n::text, 6, '0') AS employee_id, '员工E' || lpad(n::text, 6, '0') AS name,
        '/HQ/R' || n / 400 || '/T' || n / {TEAM} || '/' AS unit, 'M' || lpad((n / {TEAM})::text, 5, '0') AS manager_id,
        'sales_rep' AS position, ARRAY['rep'] AS duties, province, city,
        latitude + (random() - 0.5) * 0.6 AS latitude, longitude + (random() - 0.5) * 0.6 AS longitude
    FROM generate_series(CAST(:first AS integer), CAST(:last AS integer)) AS n
    JOIN (VALUES {_PLACES}) AS place (at, province, city, latitude, longitude) ON at = n % {len(CITIES)}
"""
_HIRE = {
    "integration": f"""
        INSERT INTO employee (employee_id, version, name, status, unit, manager_id, position, hired_on, duties)
        SELECT employee_id, 1, name, 'active', unit, manager_id, position, '2023-01-01', duties FROM ({_PEOPLE}) AS p
    """,
    "leads": f"""
        INSERT INTO rep (employee_id, version, name, status, unit, team, manager_id, position, duties, hired_on, as_of,
            latitude, longitude, radius_km, province, city)
        SELECT employee_id, 1, name, 'active', unit, unit, manager_id, position, duties, '2023-01-01', now(),
            latitude, longitude, 20, province, city FROM ({_PEOPLE}) AS p
    """,
}


def grow(stand: Stand, count: int, there: int = 0) -> None:
    """To `count` reps with territories, from the `there` that an earlier call made; and one at headquarters (HQ)."""
    if there == 0:
        there = min(count, TEAM)
        hire(stand, there)
        place(stand, there)
    if count > there:
        for service, statement in _HIRE.items():
            with stand.databases[service].begin() as connection:
                connection.execute(text("SET LOCAL statement_timeout = '5min'"))
                connection.execute(text(statement), {"first": there, "last": count - 1})
        for service in _HIRE:
            with (
                stand.databases[service].engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection
            ):
                connection.execute(text("SET statement_timeout = '5min'"))
                connection.execute(text("ANALYZE"))
    renew(stand)
