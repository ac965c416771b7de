"""A logistic model whose parts add up: log-odds of winning = base + one part per field (LD11.1).

Fitted with a ridge by Newton's method (iteratively reweighted least squares; Hastie, Tibshirani, Friedman, "The
Elements of Statistical Learning", 4.4.1), calibrated on a later period by a line through the log-odds (Platt 1999). A
line keeps the parts additive, which steps (isotonic regression) would not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leads.scoring.field_rules import FIELDS, Fields

Column = NDArray[np.float64]
_ROUNDS = 50
_SMALL = 1e-9
# Log-odds are kept within what a probability of six places can tell.
_LIMIT = 12.0


@dataclass(frozen=True)
class Model:
    """Log-odds of the average lead, and by how much a level of a field moves them; a level not named, by nothing."""

    base: float
    weights: Mapping[str, Mapping[str, float]]

    def parts(self, fields: Fields) -> dict[str, float]:
        return {name: levels.get(fields.get(name, ""), 0.0) for name, levels in self.weights.items()}

    def log_odds(self, fields: Fields) -> float:
        return self.base + sum(self.parts(fields).values())

    def probability(self, fields: Fields) -> float:
        return float(_sigmoid(np.array(self.log_odds(fields))))

    def stretched(self, slope: float, shift: float) -> Model:
        """Calibrated: every log-odds multiplied by `slope` and moved by `shift`."""
        levels = {
            name: {level: slope * weight for level, weight in each.items()} for name, each in self.weights.items()
        }
        return Model(slope * self.base + shift, levels)


def fit(rows: Sequence[Fields], won: Sequence[bool], *, ridge: float, least: int) -> Model:
    """A level seen less than `least` times has no part of its own. `ridge` pulls weights to 0, the base never."""
    known = _known_levels(rows, least)
    places = {pair: at for at, pair in enumerate(known, start=1)}
    design = np.zeros((len(rows), len(known) + 1))
    design[:, 0] = 1.0
    for at, row in enumerate(rows):
        for pair in row.items():
            if pair in places:
                design[at, places[pair]] = 1.0
    penalty = np.full(len(known) + 1, ridge)
    penalty[0] = _SMALL
    weights = _newton(design, np.asarray(won, dtype=np.float64), penalty, np.zeros(len(known) + 1))
    return _centred(design, weights, known)


def calibrated(model: Model, rows: Sequence[Fields], won: Sequence[bool]) -> Model:
    """On leads that the fit has not seen. The line is drawn to slope 1 with the weight of some ten leads."""
    raw = np.array([model.log_odds(row) for row in rows])
    design = np.column_stack([np.ones(len(rows)), raw])
    penalty = np.array([_SMALL, 2.5 * max(float(np.var(raw)), _SMALL)])
    shift, slope = _newton(design, np.asarray(won, dtype=np.float64), penalty, np.array([0.0, 1.0]))
    return model.stretched(float(slope), float(shift))


def _known_levels(rows: Sequence[Fields], least: int) -> list[tuple[str, str]]:
    counts = Counter((each.name, row.get(each.name, "")) for row in rows for each in FIELDS)
    return sorted(pair for pair, count in counts.items() if count >= least)


def _newton(design: Column, won: Column, penalty: Column, start: Column) -> Column:
    """The weights that maximise the likelihood less half the penalised squares of their distance from `start`."""
    weights = start.copy()
    for _ in range(_ROUNDS):
        expected = _sigmoid(design @ weights)
        slope = design.T @ (won - expected) - penalty * (weights - start)
        curve = (design.T * (expected * (1.0 - expected))) @ design + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        weights = weights + step
        if float(np.max(np.abs(step))) < _SMALL:
            break
    return weights


def _centred(design: Column, weights: Column, known: Sequence[tuple[str, str]]) -> Model:
    """A part says how a lead differs from the average one: the mean part of each field goes into the base."""
    share = design.mean(axis=0)
    base, levels = float(weights[0]), dict[str, dict[str, float]]()
    for field in FIELDS:
        places = [(at, level) for at, (name, level) in enumerate(known, start=1) if name == field.name]
        mean = float(sum(weights[at] * share[at] for at, _ in places) / max(sum(share[at] for at, _ in places), _SMALL))
        base += mean
        levels[field.name] = {level: float(weights[at]) - mean for at, level in places}
    return Model(base, levels)


def _sigmoid(log_odds: Column) -> Column:
    return 1.0 / (1.0 + np.exp(-np.clip(log_odds, -_LIMIT, _LIMIT)))
