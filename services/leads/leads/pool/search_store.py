"""SQL that finds leads of the pool by words, in the pool's order (LD7.1). `search_rules` chooses the way.

Both ways read `pool_words` alone: what a search costs is mostly how many pages it reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, Select, Text, cast, exists, func, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import TSQUERY

from chassis.unit_of_work import Transaction
from leads import tables
from leads.pool.search_rules import Part, PieceShares, pieces_of
from leads.pool.word_rules import Run
from leads.tables.leads import POOL_FACETS, POOL_LINE
from leads.tables.pool import WORDS

# As the partial indexes of the pool ask for it.
POOLED = text("state = 'recycled'")
# So many leads are looked at along the pool at most, then the guess was wrong and the index is asked.
WALK = 20_000
# Read once for all pieces: the list is long. The last but one of its shares is the smallest, the last one the largest.
_SHARES = text("""
    WITH counted AS MATERIALIZED (
        SELECT most_common_elems::text::text[] AS pieces, most_common_elem_freqs AS shares FROM pg_stats
        WHERE schemaname = current_schema AND tablename = 'pool_words' AND attname = 'pieces'
    )
    SELECT greatest(reltuples, 0)::bigint AS leads, shares[cardinality(shares) - 1] AS least,
        ARRAY(SELECT shares[array_position(pieces, each)] FROM unnest(CAST(:pieces AS text[])) AS each) AS shares
    FROM pg_class LEFT JOIN counted ON true WHERE oid = 'pool_words'::regclass
""")


def piece_shares(tx: Transaction, runs: Sequence[Run], part: Part) -> PieceShares:
    """Nothing is known of a table that was never analysed: it is small."""
    pieces = pieces_of(runs, part)
    row = tx.execute(_SHARES, {"pieces": pieces}).one()
    shares = {piece: share for piece, share in zip(pieces, row.shares, strict=True) if share is not None}
    return PieceShares(row.leads, shares, row.least or 0.0)


def listed(tx: Transaction, part: Part) -> Sequence[Row[Any]]:
    """Leads of the pool in its order."""
    lead = tables.lead
    line = select(*_line(lead)).where(POOLED, *_reach(lead, part), *_facets(lead, part))
    return _told(tx, line.order_by(*_line(lead)).limit(part.limit))


def by_pieces(tx: Transaction, runs: Sequence[Run], part: Part, known: PieceShares) -> Sequence[Row[Any]]:
    """The index selects by pieces, the comparison decides (Run.in_words), and what is left is put in order."""
    pool, pieces = tables.pool_words, cast(cast(known.query(runs, part), Text), TSQUERY)
    columns = [pool.c[name] for name in (*POOL_LINE, *POOL_FACETS)]
    has = select(*columns).where(pool.c.pieces.op("@@")(pieces), *(_in_words(pool, each) for each in runs))
    # Behind a wall: the index of the line is no help in finding words, though it knows ranks.
    found = has.cte("found").prefix_with("MATERIALIZED", dialect="postgresql")
    hits = select(*_line(found)).where(*_reach(found, part), *_facets(found, part))
    return _told(tx, hits.order_by(*_line(found)).limit(part.limit))


def along_the_pool(tx: Transaction, runs: Sequence[Run], part: Part, walk: int = WALK) -> Sequence[Row[Any]] | None:
    """One lead after the other is compared until the page is full. None: too few among the first `walk`."""
    pool = tables.pool_words
    columns = [pool.c[name] for name in (*POOL_LINE, *POOL_FACETS, *WORDS)]
    walked = select(*columns).where(*_reach(pool, part)).order_by(*_line(pool)).limit(walk).subquery("walked")
    hits = select(*_line(walked)).where(*_facets(walked, part), *(_in_words(walked, each) for each in runs))
    rows = _told(tx, hits.order_by(*_line(walked)).limit(part.limit))
    if len(rows) == part.limit or tx.execute(select(func.count()).select_from(walked)).scalar_one() < walk:
        return rows
    return None


def _told(tx: Transaction, places: Select[Any]) -> Sequence[Row[Any]]:
    """Whole leads of a few places."""
    line, lead = places.subquery("line"), tables.lead
    query = select(lead).join(line, line.c.lead_id == lead.c.lead_id).where(POOLED)
    return tx.execute(query.order_by(*_line(line))).all()


def _line(of: FromClause) -> list[ColumnElement[Any]]:
    return [of.c[name] for name in POOL_LINE]


def _reach(of: FromClause, part: Part) -> list[ColumnElement[bool]]:
    """Where in the line: what is before and behind is not walked."""
    reach: list[ColumnElement[bool]] = [] if part.ranks is None else [of.c.rank.between(*part.ranks)]
    return reach if part.after is None else [*reach, tuple_(*_line(of)) > part.after]


def _facets(of: FromClause, part: Part) -> list[ColumnElement[bool]]:
    return [of.c[name].in_(values) for name, values in part.facets.items()]


def _in_words(of: FromClause, run: Run) -> ColumnElement[bool]:
    words = tables.lead_words
    too_long = exists().where(words.c.lead_id == of.c.lead_id, _has(words, run))
    return _has(of, run) | (of.c.names.is_(None) & too_long)


def _has(of: FromClause, run: Run) -> ColumnElement[bool]:
    columns = {
        "letters": ("names", "initials", *(["sound"] if run.is_long else [])),
        "digits": ("names", *(["phone"] if run.is_long else [])),
        "han": ("names",),
    }[run.kind]
    return or_(*(of.c[name].contains(run.value, autoescape=True) for name in columns))
