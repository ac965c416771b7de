"""SQL of names that are nearly the same: an index selects, near_rules decides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ARRAY, Row, Uuid, any_, bindparam, delete, exists, select, text

from chassis import rows
from chassis.unit_of_work import Transaction
from leads import tables
from leads.duplicates.near_rules import LONG, Named
from leads.lead.rules import OPEN
from leads.normalise.name_rules import parent_key

_lead, _name, _form = tables.lead.c, tables.lead_name.c, tables.lead_form.c
_OPEN = ", ".join(f"'{each.value}'" for each in sorted(OPEN))
_UNNAMED = select(_lead.lead_id, _lead.city, _lead.name_key, _lead.company_name, _lead.uscc, _lead.import_id).where(
    _lead.lead_id == any_(bindparam("ids", type_=ARRAY(Uuid(as_uuid=False)))),
    ~exists().where(_name.lead_id == _lead.lead_id),
)
_ADD = text(
    rows.insertion(tables.lead_name, [each.name for each in tables.lead_name.columns]) + " ON CONFLICT DO NOTHING"
)
_ADD_FORMS = text(rows.insertion(tables.lead_form, ("form", "lead_id")) + " ON CONFLICT DO NOTHING")
_SOUGHT = "jsonb_to_recordset(CAST(:sought AS jsonb)) AS sought (ref text, city text, length int, forms bigint[])"
_MOST = 100
# Literals, so that the plan may use the partial index. Of very many alike some are enough.
_CANDIDATES = text(f"""
    SELECT sought.ref, near.* FROM {_SOUGHT}, LATERAL (
        SELECT DISTINCT lead.lead_id, name.city, name.name_key, name.parent_key, lead.uscc
        FROM unnest(sought.forms) AS form JOIN lead_form USING (form) JOIN lead USING (lead_id)
            JOIN lead_name AS name USING (lead_id)
        WHERE lead.state IN ({_OPEN}) LIMIT {_MOST}
    ) AS near
    UNION
    SELECT sought.ref, lead.lead_id, name.city, name.name_key, name.parent_key, lead.uscc
    FROM {_SOUGHT}, lead_name AS name JOIN lead USING (lead_id)
    WHERE sought.length >= {LONG} AND name.length >= {LONG} AND name.city = sought.city
        AND abs(name.length - sought.length) <= 0.08 * (name.length + sought.length) AND lead.state IN ({_OPEN})
""")  # noqa: S608 - fixed names
_PARENTS = text(f"""
    UPDATE lead SET parent_lead_id = parent.lead_id
    FROM lead_name AS branch, LATERAL (
        SELECT name.lead_id FROM lead_name AS name JOIN lead AS known USING (lead_id)
        WHERE name.name_key = branch.parent_key AND name.parent_key IS NULL AND known.state IN ({_OPEN})
        ORDER BY name.city = branch.city DESC, name.lead_id LIMIT 1
    ) AS parent
    WHERE lead.lead_id = branch.lead_id AND lead.parent_lead_id IS NULL AND branch.parent_key IS NOT NULL
        AND (branch.lead_id = ANY(CAST(:ids AS uuid[])) OR branch.parent_key = ANY(CAST(:names AS text[])))
""")  # noqa: S608 - fixed names


def add_names(tx: Transaction, lead_ids: Collection[str]) -> list[tuple[Named, str | None]]:
    """Leads that were not indexed yet, each with its import."""
    found = [(_named(row), row.import_id) for row in tx.execute(_UNNAMED, {"ids": list(lead_ids)})]
    new = [
        {
            "lead_id": each.record_id,
            "city": each.city,
            "name_key": each.name_key,
            "parent_key": each.parent_key,
            "length": len(each.name_key),
        }
        for each, _ in found
    ]
    if new:
        tx.execute(_ADD, {"rows": rows.document(new)})
        forms = [{"form": form, "lead_id": each.record_id} for each, _ in found for form in each.forms]
        tx.execute(_ADD_FORMS, {"rows": rows.document(forms)})
    return found


def forget_name(tx: Transaction, lead_id: str) -> bool:
    """Whether there was one. Its forms are worked out again: they are found by number, not by lead."""
    gone = delete(tables.lead_name).where(_name.lead_id == lead_id)
    row = tx.execute(gone.returning(_name.city, _name.name_key, _name.parent_key)).one_or_none()
    if row is None:
        return False
    forms = Named(lead_id, row.city, row.name_key, row.parent_key, uscc="").forms
    tx.execute(delete(tables.lead_form).where(_form.form.in_(forms), _form.lead_id == lead_id))
    return True


def candidates(tx: Transaction, sought: Iterable[Named]) -> dict[str, list[Named]]:
    """Open leads that may be near, by the sought one's id; near_rules decides."""
    asked = [
        {"ref": each.record_id, "city": each.city, "length": len(each.name_key), "forms": each.forms}
        for each in sought
        if each.city
    ]
    found: dict[str, list[Named]] = defaultdict(list)
    for row in tx.execute(_CANDIDATES, {"sought": rows.document(asked)}) if asked else ():
        found[row.ref].append(Named(str(row.lead_id), row.city, row.name_key, row.parent_key, row.uscc))
    return found


def link_branches(tx: Transaction, new: Sequence[Named]) -> None:
    """A branch (分公司) knows its parent, in whatever order the two come in; never merged (LD1.3)."""
    names = sorted({each.name_key for each in new})
    if new:
        tx.execute(_PARENTS, {"ids": [each.record_id for each in new], "names": names})


def _named(row: Row[Any]) -> Named:
    return Named(row.lead_id, row.city, row.name_key, parent_key(row.company_name), row.uscc)
