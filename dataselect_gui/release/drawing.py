"""What is drawn for each kind of release. Pure functions but for the noise and the sealed secrets.

A draw is bytes: what the ledger keeps, so that the same release again is the same draw.
"""

import json
import math
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.plain import to_cell
from dataselect_gui.privacy.mechanisms import (
    add_gaussian,
    add_laplace,
    draw_quantile,
    one_sided_cut,
    randomize,
)
from dataselect_gui.project.table import Index
from dataselect_gui.records.scored import ScoredRecords
from dataselect_gui.records.source import Source
from dataselect_gui.release.terms import COUNT_STEPS, SCORE_STEPS, Terms

Layout: TypeAlias = Sequence[tuple[str, Sequence[int]]]
"""The names and shapes of a model's parameters, in their order."""
Summed: TypeAlias = tuple[Layout, NDArray[np.int64]]
"""A sum of clipped gradients, in steps: the layout of the parameters, and all values in a row."""
OTHER = "other"
"""The class of a report for labels that the checkpoint does not name, and for records without one."""
QUANTILE_STEPS = 1000
"""Into how many steps the range of a score is divided where a threshold is bought."""


@dataclass(frozen=True)
class Candidates:
    """What a release chooses from.

    Attributes
    ----------
    source : Source
        Where the records are.
    index : Index
        The records as they were scored, in the source's order.
    scores : ndarray of float64
        The frozen scores of the rule, shape (n,).
    eligible, chosen : ndarray of bool
        The owner's word, and the rule's; shape (n,).
    unit_column : str or None
        What the units are; None where the record is the unit.
    scored_by : str
        The version of the program that computed the scores.
    part : ndarray of bool or None
        Which records enter the mechanism at all: the eligible ones, at most m of a unit. Shape (n,);
        None while the m were not chosen.
    classes : sequence of int or None
        The index of each record's class among the checkpoint's, −1 for none or another.
    """

    source: Source
    index: Index
    scores: NDArray[np.float64]
    eligible: NDArray[np.bool_]
    chosen: NDArray[np.bool_]
    unit_column: str | None
    scored_by: str
    part: NDArray[np.bool_] | None = None
    classes: Sequence[int] | None = None

    @cached_property
    def records(self) -> ScoredRecords:
        """Reads them as they were scored."""
        return ScoredRecords(self.source, self.index.ids, self.index.content)


def draw(
    candidates: Candidates,
    keys: Sequence[bytes],
    terms: Terms,
    secrets_of: Callable[[Sequence[bytes]], NDArray[np.int64]],
    summed: Summed | None = None,
) -> bytes:
    """Draw a release.

    Parameters
    ----------
    candidates : Candidates
        What to draw from.
    keys : sequence of bytes
        The ledger's key of each record, shape (n,).
    terms : Terms
        How.
    secrets_of : callable
        Returns the sealed secrets of records.
    summed : tuple or None
        For a gradient: the sum of those of the records that are chosen.
    """
    assert candidates.part is not None
    rows = np.flatnonzero(candidates.part)
    match terms.mechanism:
        case "exact":
            return _names(keys, rows[candidates.chosen[rows]])
        case "one-sided":
            cut = one_sided_cut(Decimal(str(terms.epsilon)), terms.per_unit)
            stays = secrets_of(keys) >= cut
            return _names(keys, rows[candidates.chosen[rows] & ~stays[rows]])
        case "randomized-response":
            bits = randomize(candidates.chosen[rows], Decimal(str(terms.epsilon)), terms.per_unit)
            return _names(keys, rows[bits])
        case "noisy-top-k":
            noised = noised_scores(candidates.scores[rows], terms)
            return _names(keys, rows[top(noised, int(terms.count or 0))])
        case "laplace":
            return _tokens(keys, rows, noised_scores(candidates.scores[rows], terms), terms)
        case _ if terms.kind == "report":
            counts = true_counts(candidates, rows, terms)
            return json.dumps({"values": noised_counts(counts, terms).tolist()}).encode()
        case _:
            assert summed is not None
            layout, values = summed
            steps = add_gaussian(values, _scale(terms))
            return json.dumps(layout).encode() + b"\n" + steps.astype("<i8").tobytes()


def read_gradient(drawn: bytes) -> Summed:
    """Return what the draw of a gradient holds: its layout and its values, in steps."""
    layout, _, values = drawn.partition(b"\n")
    return json.loads(layout), np.frombuffer(values, dtype="<i8")


def noised_scores(scores: NDArray[np.float64], terms: Terms) -> NDArray[np.int64]:
    """Return scores on the grid between their bounds, with noise; the highest are wanted.

    A record without a score is taken for one with the least wanted score.
    """
    return add_laplace(on_grid(scores, terms, SCORE_STEPS), _scale(terms))


def on_grid(scores: NDArray[np.float64], terms: Terms, steps: int) -> NDArray[np.int64]:
    """Bring scores to whole steps between their bounds, rounded down, clipped; NaN to 0.

    For ``noisy-top-k`` of the lowest scores the range is turned round, so that the highest steps are
    wanted in any case.
    """
    assert terms.bounds is not None
    low, high = (float(bound) for bound in terms.bounds)
    turned = terms.lowest and terms.mechanism != "laplace"
    shares = (high - scores if turned else scores - low) / (high - low)
    scaled = np.clip(np.nan_to_num(shares, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)
    gridded: NDArray[np.int64] = np.floor(scaled * steps).astype(np.int64)
    return gridded


def top(values: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return the places of the highest values; equal ones in their order."""
    order = np.argsort(-values, kind="stable")[:count]
    return order.astype(np.int64)


def score_at(step: float, terms: Terms) -> float:
    """Return the score that a step of the grid of scores stands for."""
    assert terms.bounds is not None
    low, high = (float(bound) for bound in terms.bounds)
    return low + step * (high - low) / SCORE_STEPS


def cells(terms: Terms) -> list[tuple[str, str | None, str, str]]:
    """Return the cells of a report: table, class, from, to. Public, and always all of them.

    The classes are the consortium's words, written for spreadsheets.
    """
    listed: list[tuple[str, str | None, str, str]] = []
    if terms.bins is not None:
        edges = ["-inf", *terms.bins, "inf"]
        names = [None] if terms.classes is None else [*map(to_cell, terms.classes), OTHER]
        listed += [("histogram", name, low, high) for name in names for low, high in pairwise(edges)]
    if terms.count_threshold is not None:
        interval = ("-inf", terms.count_threshold) if terms.lowest else (terms.count_threshold, "inf")
        listed.append(("count", None, *interval))
    return listed


def cell_count(terms: Terms) -> int:
    """Return how many cells a report has."""
    names = 1 if terms.classes is None else len(terms.classes) + 1
    in_histogram = 0 if terms.bins is None else names * (len(terms.bins) + 1)
    return in_histogram + (terms.count_threshold is not None)


def true_counts(candidates: Candidates, rows: NDArray[np.int64], terms: Terms) -> NDArray[np.int64]:
    """Count the records of each cell of a report; a record without a score is in none.

    A cell holds the scores from its lower edge on and below its upper one; the count of the lowest
    holds its threshold too.
    """
    scores = candidates.scores[rows]
    counts: list[NDArray[np.int64]] = []
    if terms.bins is not None:
        edges = np.array([float(edge) for edge in terms.bins])
        width, classes = len(edges) + 1, 1
        place = np.searchsorted(edges, scores, side="right")
        if terms.classes is not None:
            assert candidates.classes is not None
            given = np.asarray(candidates.classes, dtype=np.int64)[rows]
            classes = len(terms.classes) + 1
            place = place + width * np.where(given < 0, len(terms.classes), given)
        there = place[~np.isnan(scores)]
        counts.append(np.bincount(there, minlength=width * classes).astype(np.int64))
    if terms.count_threshold is not None:
        edge = float(terms.count_threshold)
        beyond = scores <= edge if terms.lowest else scores >= edge
        counts.append(np.array([beyond.sum()], dtype=np.int64))
    return np.concatenate(counts)


def noised_counts(counts: NDArray[np.int64], terms: Terms) -> NDArray[np.int64]:
    """Return counts with noise: whole counts with Laplace, in steps with Gaussian noise."""
    if terms.mechanism == "discrete-laplace":
        return add_laplace(counts, _scale(terms))
    return add_gaussian(counts * COUNT_STEPS, _scale(terms))


def buy_threshold(scores: NDArray[np.float64], share: Fraction, terms: Terms, scale: float) -> Decimal:
    """Draw a threshold beyond which about a share of the records lies.

    Parameters
    ----------
    scores : ndarray of float64
        Of the records that take part, shape (n,); n is public.
    share : Fraction
        The wanted share.
    terms : Terms
        With the public bounds, of which a grid is made.
    scale : float
        Of the noise.
    """
    assert terms.bounds is not None
    low, high = (Decimal(bound) for bound in terms.bounds)
    turned = terms.lowest
    steps = on_grid(scores, terms, QUANTILE_STEPS)
    grid = range(QUANTILE_STEPS + 1)
    step = draw_quantile(steps, float(1 - share), grid, scale)
    # Rounded to the digits that a threshold is compared with.
    width = (high - low) * step / QUANTILE_STEPS
    return (high - width if turned else low + width).quantize(Decimal(1).scaleb(_digits(high - low)))


def _digits(width: Decimal) -> int:
    return math.floor(math.log10(width)) - 6


def _names(keys: Sequence[bytes], rows: NDArray[np.int64]) -> bytes:
    names = {keys[row].hex(): secrets.token_hex(16) for row in rows.tolist()}
    return json.dumps({"names": names}).encode()


def _tokens(
    keys: Sequence[bytes], rows: NDArray[np.int64], noised: NDArray[np.int64], terms: Terms
) -> bytes:
    """Give each noised score a token; rows that pad look like records of the lowest score."""
    tokens = [secrets.token_hex(16) for _ in rows]
    values = dict(zip(tokens, noised.tolist(), strict=True))
    padding = max(0, (terms.padded or 0) - len(rows))
    blank = noised_scores(np.full(padding, np.nan), terms)
    values.update((secrets.token_hex(16), value) for value in blank.tolist())
    names = {keys[row].hex(): token for row, token in zip(rows.tolist(), tokens, strict=True)}
    return json.dumps({"names": names, "values": values}).encode()


def _scale(terms: Terms) -> float:
    assert terms.noise_scale is not None
    return terms.noise_scale
