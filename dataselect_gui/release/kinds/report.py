"""Counts with noise: a histogram of the score, how many lie beyond a threshold or pass the rule."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints.checkpoint import Member
from dataselect_gui.errors import FaultError, UsageError
from dataselect_gui.plain import to_cell, visible
from dataselect_gui.privacy.amounts import exact, stated_number
from dataselect_gui.privacy.mechanisms.mechanism import Mechanism, NoiseMechanism, Query
from dataselect_gui.privacy.usefulness import Width
from dataselect_gui.records.forms import limits as file_limits
from dataselect_gui.records.forms.form import Leaving, Written
from dataselect_gui.release import limits
from dataselect_gui.release.candidates import Candidates
from dataselect_gui.release.kinds.kind import (
    Drawn,
    Kind,
    KindAnswer,
    KindForm,
    KindOptions,
    Material,
    as_noise,
)
from dataselect_gui.release.sizes import hold
from dataselect_gui.release.table_check import check_cells, line_of, rows_of
from dataselect_gui.release.tables import write_table
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.texts.promises import NOT_WORTH

if TYPE_CHECKING:
    from dataselect_gui.release.terms import Terms

OTHER = "other"
"""The class of a report for labels that the checkpoint does not name, and for records without one."""
_COLUMNS = ("table", "class", "from", "to", "count")
_COUNT = 24
"""Bytes of a count, at most."""


@dataclass(frozen=True)
class Report(Kind):
    """Noised counts.

    Attributes
    ----------
    bins : tuple of Decimal or None
        The public edges of a histogram, ascending.
    classes : tuple of str or None
        The checkpoint's classes, where the histogram and the number that pass are by class.
    count_threshold : Decimal or None
        The public threshold, where the records beyond it are counted.
    passing : bool
        Whether the records that the rule picks are counted, by class where there are `classes`.
    """

    name: ClassVar[str] = "report"
    title: ClassVar[str] = N_("Report")
    explanation: ClassVar[str] = N_(
        "Only counts leave, each changed a little by chance: how many of your records score how "
        "high, or are picked by your rule. No record leaves."
    )
    usefulness: ClassVar[str] = N_(
        "Chance changes each count: 95 times in 100 by no more than {width}. An average count is "
        "{against}."
    )
    compared: ClassVar[str] = N_("Average count")
    heading: ClassVar[str] = N_("Counts of records, with noise")
    description: ClassVar[str] = (
        "Counts of a data owner's records by the score of a model, each with noise."
    )
    summary: ClassVar[str] = (
        "counts: how many records pass the rule (`--passing --by-class`), a histogram over fixed bins "
        "(`--bins 0,0.5,1`), and how many lie beyond a threshold (`--count-threshold T`)"
    )
    guarantee: ClassVar[str] = "(ε, δ)-DP"
    takes: ClassVar[frozenset[KindAnswer]] = frozenset(
        {"bins", "by_class", "count_threshold", "passing"}
    )
    file: ClassVar[str] = "data/report.csv"
    columns: ClassVar[tuple[str, ...] | None] = _COLUMNS
    leaves: ClassVar[tuple[Leaving, ...]] = (
        Leaving(
            "data/report.csv",
            N_("Counts with noise"),
            (
                ("table", N_("histogram, count or passing")),
                ("class", N_("one of the checkpoint's classes, or other; empty where not by class")),
                ("from", N_("the lower edge of the cell, public; empty of those passing")),
                ("to", N_("the upper edge of the cell, public; empty of those passing")),
                ("count", N_("the count with noise")),
            ),
            "histogram,cat,0.1,0.2,417",
        ),
    )

    bins: tuple[Decimal, ...] | None = None
    classes: tuple[str, ...] | None = None
    count_threshold: Decimal | None = None
    passing: bool = False

    @classmethod
    def of_options(cls, options: KindOptions) -> Self:
        """Return a report over the cells that the owner names."""
        if options.bins is None and options.count_threshold is None and not options.passing:
            raise UsageError(
                _("Choose what is to be counted."),
                _(
                    "It can be how many your rule picks, how many lie in each range of the score, "
                    "how many reach one score, or several of these."
                ),
                _("Add --passing, --bins 0,0.1,0.2 (public edges), or --count-threshold T."),
            )
        classes = options.classes
        if options.by_class and not (
            classes and len(classes) <= limits.MOST_CLASSES and all(map(is_class_name, classes))
        ):
            raise UsageError(
                _("Counting by class is not possible here."),
                _(
                    "The checkpoint names no classes, or too many, or by names that a table "
                    "cannot hold: longer than {most} characters, or with some that "
                    "cannot be seen.",
                    most=limits.MOST_CLASS_NAME,
                ),
                _("Leave --by-class out."),
            )
        beyond = options.count_threshold
        return cls(
            None if options.bins is None else _edges(options.bins),
            classes if options.by_class else None,
            None if beyond is None else stated_number(beyond, "--count-threshold"),
            options.passing,
        )

    @property
    def form(self) -> KindForm:
        """The written form of its own parameters."""
        beyond = self.count_threshold
        return {
            "bins": None if self.bins is None else tuple(map(exact, self.bins)),
            "classes": self.classes,
            "count_threshold": None if beyond is None else exact(beyond),
            "passing": self.passing,
        }

    @classmethod
    def of_form(cls, form: KindForm) -> Self:
        """Return the kind whose parameters were written down."""
        bins, beyond = form["bins"], form["count_threshold"]
        return cls(
            None if bins is None else tuple(map(Decimal, bins)),
            form["classes"],
            None if beyond is None else Decimal(beyond),
            form["passing"],
        )

    @property
    def goes_by_rule(self) -> bool:
        """Whether those that the rule picks are counted."""
        return self.passing

    def query(self, mechanism: type[Mechanism]) -> Query:
        """Return the counts: a record leaves one cell of the histogram and enters another.

        It is also counted beyond the threshold, or not; and among those that pass in one class, then in
        another.
        """
        if not issubclass(mechanism, NoiseMechanism):
            raise TypeError(f"{mechanism.name} adds no noise to counts")
        steps = mechanism.steps_per_count
        moves = 2 * (self.bins is not None) + (self.count_threshold is not None)
        moves += self.passing * (1 if self.classes is None else 2)
        return Query("per_count", steps, l1=moves * steps, squared_l2=moves * steps**2)

    # The cells

    def cells(self, *, lowest: bool) -> list[tuple[str, str | None, str, str]]:
        """Return all cells, which are public: table, class, from, to.

        Names of classes are escaped for spreadsheets.
        """
        listed: list[tuple[str, str | None, str, str]] = []
        if self.bins is not None:
            edges = ["-inf", *map(exact, self.bins), "inf"]
            listed += [
                ("histogram", name, low, high) for name in self._names for low, high in pairwise(edges)
            ]
        if self.count_threshold is not None:
            beyond = exact(self.count_threshold)
            listed.append(("count", None, *(("-inf", beyond) if lowest else (beyond, "inf"))))
        if self.passing:
            listed += [("passing", name, "", "") for name in self._names]
        return listed

    @property
    def _names(self) -> list[str | None]:
        """The classes that are counted apart, as they are written; None for all records together."""
        return [None] if self.classes is None else [*map(to_cell, self.classes), OTHER]

    @property
    def cell_count(self) -> int:
        """How many cells there are."""
        names = 1 if self.classes is None else len(self.classes) + 1
        in_histogram = 0 if self.bins is None else names * (len(self.bins) + 1)
        return in_histogram + (self.count_threshold is not None) + self.passing * names

    def count(
        self,
        scores: NDArray[np.float64],
        classes: Sequence[int] | None,
        picked: NDArray[np.bool_],
        *,
        lowest: bool,
    ) -> NDArray[np.int64]:
        """Count the records of each cell; one without a score is in none, but may pass the rule.

        A cell holds the scores from its lower edge on and below its upper one; the count of the lowest
        holds its threshold too.

        Parameters
        ----------
        scores : ndarray of float64
            Shape (n,); read for a histogram or a count beyond a threshold alone.
        classes : sequence of int or None
            The class of each, −1 for none or another; needed where counts are by class.
        picked : ndarray of bool
            Whether the rule picks it, shape (n,).
        lowest : bool
            Whether the lowest scores are beyond the threshold.
        """
        counts: list[NDArray[np.int64]] = []
        group, number = np.zeros(len(picked), dtype=np.int64), 1
        if self.classes is not None:
            assert classes is not None
            given = np.asarray(classes, dtype=np.int64)
            group, number = np.where(given < 0, len(self.classes), given), len(self.classes) + 1
        if self.bins is not None:
            edges = np.array([float(edge) for edge in self.bins])
            width = len(edges) + 1
            place = np.searchsorted(edges, scores, side="right") + width * group
            there = place[~np.isnan(scores)]
            counts.append(np.bincount(there, minlength=width * number).astype(np.int64))
        if self.count_threshold is not None:
            edge = float(self.count_threshold)
            beyond = scores <= edge if lowest else scores >= edge
            counts.append(np.array([beyond.sum()], dtype=np.int64))
        if self.passing:
            counts.append(np.bincount(group[picked], minlength=number).astype(np.int64))
        return np.concatenate(counts)

    # From the draw to the check

    def noised(self, counts: NDArray[np.int64], mechanism: Mechanism) -> NDArray[np.int64]:
        """Return counts with noise, in the mechanism's steps."""
        noise = as_noise(mechanism)
        return noise.add_noise(counts * noise.query.steps)

    def check_size(self, candidates: Candidates, may_leave: NDArray[np.bool_], model: Member) -> None:
        """Refuse more cells than a report can hold."""
        del candidates, may_leave, model
        hold(self.cell_count, limits.MOST_CELLS, _("cells of a report"))
        hold(self._most_bytes, file_limits.MOST_FILE, _("bytes of a report"))

    @property
    def _most_bytes(self) -> int:
        """How many bytes a report has at most."""
        header, total = 64, 0
        if self.bins is not None:
            names = [name or "" for name in self._names]
            edges = len("-inf") + len("inf") + 2 * sum(len(exact(edge)) for edge in self.bins)
            cells = len(self.bins) + 1
            named = sum(len(line_of(("histogram", name, "", "", "")).encode()) for name in names)
            total += cells * (named + _COUNT * len(names)) + len(names) * edges
        if self.count_threshold is not None:
            beyond = exact(self.count_threshold)
            total += len(line_of(("count", "", "-inf", beyond, "")).encode()) + _COUNT
        if self.passing:
            lines = (line_of(("passing", name or "", "", "", "")) for name in self._names)
            total += sum(len(line.encode()) + _COUNT for line in lines)
        return header + total

    def draw(self, material: Material) -> bytes:
        """Draw a noised count for each cell."""
        candidates, rows = material.candidates, material.rows
        classes = None if candidates.classes is None else np.asarray(candidates.classes)[rows].tolist()
        scores, picked = candidates.scores[rows], material.picked()
        counts = self.count(scores, classes, picked, lowest=material.terms.lowest)
        noised = self.noised(counts, material.terms.mechanism)
        return json.dumps({"values": noised.tolist()}).encode()

    def write(self, folder: Path, drawn: Drawn) -> Written:
        """Write the counts, in the order of the cells."""
        values, steps = json.loads(drawn.content)["values"], as_noise(drawn.terms.mechanism).query.steps
        cells = self.cells(lowest=drawn.terms.lowest)
        rows = [
            (table, name or "", low, high, str(value) if steps == 1 else f"{value / steps:.3f}")
            for (table, name, low, high), value in zip(cells, values, strict=True)
        ]
        return write_table(folder, self.file, _COLUMNS, rows)

    def check(self, path: Path, terms: "Terms") -> str:
        """Check that all cells are there, and return a sentence on their number."""
        # Counted before they are listed: more cells can be declared than fit into memory.
        if self.cell_count > limits.MOST_CELLS:
            raise FaultError(_("The report has more cells than a report can have."))
        lines, steps = rows_of(path, self.file, _COLUMNS), as_noise(terms.mechanism).query.steps
        return check_cells(lines, self.cells(lowest=terms.lowest), steps)

    def expect(self, mechanism: Mechanism, records: int, selected: int) -> Width:
        """Return the expected width of a count's noise."""
        counted = selected if self.passing else records
        return Width(as_noise(mechanism).width(), counted / self.cell_count)

    @classmethod
    def count_in_words(cls, count: int) -> str:
        """Return how much a bundle holds."""
        return ngettext("{count:,} count with noise", "{count:,} counts with noise", count)

    def how_drawn(self, terms: "Terms") -> str:
        """Return how it was drawn, as a sentence."""
        return _("Every count got {noise}.", noise=as_noise(terms.mechanism).noise)

    def remarks(self, terms: "Terms") -> list[str]:
        """Return sentences on what is counted."""
        lines = []
        if self.bins is not None:
            lines.append(
                "A histogram over fixed bins with an open one at each end; each cell holds its lower "
                "edge. Records without a score are in no cell. Counts with noise may be negative."
            )
        if self.count_threshold is not None:
            side = "at or below" if terms.lowest else "at or above"
            lines.append(f"A count of the records {side} {exact(self.count_threshold)}.")
        if self.passing:
            lines += [
                "How many records the rule picks"
                + (", by class. " if self.classes is not None else ". ")
                + "Counts with noise may be negative.",
                _(NOT_WORTH),
            ]
        return lines


def _edges(stated: str) -> tuple[Decimal, ...]:
    """Read the edges of a histogram's bins."""
    edges = [stated_number(text, "--bins") for text in stated.split(",")]
    is_ascending = all(low < high for low, high in pairwise(map(float, edges)))
    if not is_ascending or len(edges) > limits.MOST_EDGES:
        raise UsageError(
            _("The ranges of the score are not clear."),
            _(
                "They are given by their edges in ascending order, {most} at most.",
                most=limits.MOST_EDGES,
            ),
            _("Give them like --bins 0,0.1,0.2,0.5."),
        )
    return tuple(edges)


def is_class_name(name: object) -> bool:
    """Say whether a class can be named in a report: plain text of a sensible length."""
    return (
        isinstance(name, str)
        and len(name) <= limits.MOST_CLASS_NAME
        and name.isprintable()
        and visible(name) == name
    )
