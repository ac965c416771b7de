"""SQL that finds leads of the pool by words, in the pool's order (LD7.1). `search_rules` chooses the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Subquery,
    Text,
    cast,
    func,
    literal,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from chassis.unit_of_work import Transaction
from leads import tables
from leads.pool.search_rules import PieceShares
from leads.pool.word_rules import Run

t, _words = tables.lead.c, tables.lead_words.c
# As the partial indexes of the pool ask for it.
POOLED = text("state = 'recycled'")
LINE = (t.rank, t.waiting_since, t.lead_id)
# So many leads are looked at along the pool at most, then the guess was wrong and the index is asked.
WALK = 8_000
# Read once for all pieces: the list is long. The last but one of its shares is the smallest, the last one the largest.
_SHARES = text("""
    WITH counted AS MATERIALIZED (
        SELECT most_common_elems::text::text[] AS pieces, most_common_elem_freqs AS shares FROM pg_stats
        WHERE schemaname = current_schema AND tablename = 'lead_words' AND attname = 'pieces'
    )
    SELECT greatest(reltuples, 0)::bigint AS leads, shares[cardinality(shares) - 1] AS least,
        ARRAY(SELECT shares[array_position(pieces, each)] FROM unnest(CAST(:pieces AS text[])) AS each) AS shares
    FROM pg_class LEFT JOIN counted ON true WHERE oid = 'lead_words'::regclass
""")


def piece_shares(tx: Transaction, runs: Sequence[Run]) -> PieceShares:
    """Nothing is known of a table that was never analysed: it is small."""
    pieces = [piece for run in runs for way in run.ways for piece in way]
    row = tx.execute(_SHARES, {"pieces": pieces}).one()
    shares = {piece: share for piece, share in zip(pieces, row.shares, strict=True) if share is not None}
    return PieceShares(row.leads, shares, row.least or 0.0)


def listed(tx: Transaction, conditions: Sequence[ColumnElement[bool]], limit: int) -> Sequence[Row[Any]]:
    """Leads of the pool in its order."""
    return tx.execute(_rows_of(_line(conditions, limit))).all()


def by_pieces(
    tx: Transaction, runs: Sequence[Run], known: PieceShares, conditions: Sequence[ColumnElement[bool]], limit: int
) -> Sequence[Row[Any]]:
    """The index selects by pieces, the comparison decides (Run.in_words), and what is left is put in order."""
    pieces = cast(cast(known.query(runs), Text), TSQUERY)
    found = select(_words.lead_id).where(_words.pieces.op("@@")(pieces), *map(_in_words, runs))
    some = found.cte("found").prefix_with("MATERIALIZED", dialect="postgresql")
    query = select(tables.lead).join(some, some.c.lead_id == t.lead_id).where(POOLED, *conditions)
    return tx.execute(query.order_by(*LINE).limit(limit)).all()


def along_the_pool(
    tx: Transaction, runs: Sequence[Run], conditions: Sequence[ColumnElement[bool]], limit: int, walk: int = WALK
) -> Sequence[Row[Any]] | None:
    """Words of one lead after the other are compared until the page is full. None: too few among the first `walk`."""
    line = _line(conditions, walk)
    # A limit of its own keeps the look at the words behind the line: one by one, in its order.
    has = select(literal(1).label("has")).where(_words.lead_id == line.c.lead_id, *map(_in_words, runs)).limit(1)
    hits = select(line).join(has.lateral("hit"), true()).order_by(*line.c).limit(limit)
    rows = tx.execute(_rows_of(hits.subquery("hits"))).all()
    if len(rows) == limit or tx.execute(select(func.count()).select_from(line)).scalar_one() < walk:
        return rows
    return None


def _line(conditions: Sequence[ColumnElement[bool]], limit: int) -> Subquery:
    return select(*LINE).where(POOLED, *conditions).order_by(*LINE).limit(limit).subquery("line")


def _rows_of(line: Subquery) -> Select[Any]:
    """Whole leads of a few places: the index of the pool has but what is filtered and sorted by."""
    return select(tables.lead).join(line, line.c.lead_id == t.lead_id).order_by(*line.c)


def _in_words(run: Run) -> ColumnElement[bool]:
    columns = {
        "letters": (_words.names, _words.initials, *([_words.sound] if run.is_long else [])),
        "digits": (_words.names, *([_words.phone] if run.is_long else [])),
        "han": (_words.names,),
    }[run.kind]
    return or_(*(column.contains(run.value, autoescape=True) for column in columns))
