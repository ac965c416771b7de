"""Splits, caps, groups and budgets. A database made from today's tables has them already.

What was earned before, without any of them, is the whole of what its rule gave.
"""

from __future__ import annotations

from alembic import op

from incentives.tables import award, award_step, budget_change, budget_exhaustion, deal_split, metadata

revision = "0003"
down_revision = "0002"

NEW = [deal_split, award, award_step, budget_change, budget_exhaustion]
COLUMNS = (
    ("rule_version", "terms", "jsonb NOT NULL DEFAULT '{}'"),
    ("deal", "manager_id", "text NOT NULL DEFAULT ''"),
    ("deal", "director_id", "text NOT NULL DEFAULT ''"),
    ("deal", "unknown_people", "jsonb NOT NULL DEFAULT '[]'"),
    ("slip", "lines", "jsonb NOT NULL DEFAULT '[]'"),
)
INDEXES = (
    "deal_manager ON deal (manager_id, signed_at)",
    "deal_director ON deal (director_id, signed_at)",
    "deal_unknown_people ON deal (deal_key) WHERE unknown_people <> '[]'::jsonb",
    "slip_rule ON slip (rule_id, slip_id)",
)
AWARDS = """
INSERT INTO award (deal_key, rule_id, rule_version, group_name, result_fen, formula, formula_zh, lines, split_lines)
SELECT DISTINCT ON (deal_key, rule_id) deal_key, rule_id, rule_version, '', amount_fen - adjusted_fen, formula,
       formula_zh, '[]'::jsonb, '{}'::jsonb
FROM slip WHERE original_slip_id IS NULL ORDER BY deal_key, rule_id, taken_back_at DESC NULLS FIRST, slip_id DESC
ON CONFLICT DO NOTHING;
INSERT INTO award_step (deal_key, rule_id, beneficiary_id, effective_at, signed_at, group_name, share_fen, granted_fen,
                        held_fen)
SELECT deal_key, rule_id, employee_id, effective_at, deal.signed_at, '', sum(entry.amount_fen), sum(entry.amount_fen), 0
FROM ledger_entry AS entry JOIN deal USING (deal_key)
WHERE kind IN ('earn', 'claw_back') AND deal.signed_at IS NOT NULL
GROUP BY deal_key, rule_id, employee_id, effective_at, deal.signed_at HAVING sum(entry.amount_fen) <> 0
ON CONFLICT DO NOTHING;
"""


def upgrade() -> None:
    for table, name, kind in COLUMNS:
        op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {name} {kind}")
    for index in INDEXES:
        op.execute(f"CREATE INDEX IF NOT EXISTS {index}")
    metadata.create_all(op.get_bind(), tables=NEW)
    op.execute(AWARDS)


def downgrade() -> None:
    metadata.drop_all(op.get_bind(), tables=NEW)
    for table, name, _ in COLUMNS:
        op.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
    op.execute("DROP INDEX slip_rule")
