"""What a release is drawn from: the owner's records with their scores, or a sum of gradients."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.project.table import Index
from dataselect_gui.records.scored import ScoredRecords
from dataselect_gui.records.source import Source

Layout: TypeAlias = Sequence[tuple[str, Sequence[int]]]
"""The names and shapes of a model's parameters, in their order."""
Summed: TypeAlias = tuple[Layout, NDArray[np.int64]]
"""A sum of clipped gradients, in steps: the layout of the parameters, and all values in a row."""


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
        The frozen scores of the rule: shape (n,) of a cut, else (n, k) of the k scores that it reads.
    eligible, chosen : ndarray of bool
        The records that may take part, and those that the rule picks, shape (n,).
    unit_column : str or None
        The column that names the units; None where each record is a unit.
    scored_by : str
        The version of the program that computed the scores.
    part : ndarray of bool or None
        The records that enter the mechanism: the eligible ones, at most m of a unit, shape (n,); None
        as long as these were not chosen.
    classes : sequence of int or None
        The index of each record's class among the checkpoint's, −1 for none or another.
    labels : sequence of str or None
        The labels as they leave, in the consortium's spelling.
    columns : str
        By which columns of a table its rows are known, as JSON; empty where records are no rows.
    label_rule : str or None
        How the owner has labels read, as JSON; None for the usual way.
    unwritable : mapping or None
        The records that can be read but not cleaned: row → reason; None where cleaning was not tried.
    rule : str or None
        The rule as JSON, where it is no cut.
    keep : ndarray of int64 or None
        The step of its coin below which a chosen record is kept, see `Selection.keep`; shape (n,).
    """

    source: Source
    index: Index
    scores: NDArray[np.float64]
    eligible: NDArray[np.bool_]
    chosen: NDArray[np.bool_]
    unit_column: str | None
    scored_by: str
    labels: Sequence[str | None]
    columns: str = ""
    label_rule: str | None = None
    part: NDArray[np.bool_] | None = None
    classes: Sequence[int] | None = None
    unwritable: Mapping[int, str] | None = None
    rule: str | None = None
    keep: NDArray[np.int64] | None = None

    @cached_property
    def records(self) -> ScoredRecords:
        """Reads them as they were scored."""
        return ScoredRecords(self.source, self.index.ids, self.index.content)
