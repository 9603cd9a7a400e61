"""One score with noise for each record."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints.checkpoint import Member
from dataselect_gui.errors import UsageError
from dataselect_gui.privacy.mechanisms.mechanism import Mechanism, Query
from dataselect_gui.privacy.usefulness import Agreement
from dataselect_gui.records.forms.form import Leaving, Written
from dataselect_gui.release import limits
from dataselect_gui.release.candidates import Candidates
from dataselect_gui.release.grid import SCORE_STEPS, SCORES, on_grid, score_at
from dataselect_gui.release.kinds.kind import (
    Drawn,
    Kind,
    KindAnswer,
    KindForm,
    KindOptions,
    Material,
    as_noise,
)
from dataselect_gui.release.sizes import hold_tokens
from dataselect_gui.release.table_check import check_tokens, is_on_grid, rows_of
from dataselect_gui.release.tables import write_table
from dataselect_gui.texts import N_, _, ngettext

if TYPE_CHECKING:
    from dataselect_gui.release.terms import Terms

_COLUMNS = ("token", "score")


@dataclass(frozen=True)
class Scores(Kind):
    """Noised scores under random names.

    Attributes
    ----------
    padded : int or None
        The declared number of rows that they are padded to.
    """

    name: ClassVar[str] = "scores"
    title: ClassVar[str] = N_("Scores")
    explanation: ClassVar[str] = N_(
        "A score leaves for each record that may take part, changed by chance and under a random "
        "name. No record leaves."
    )
    usefulness: ClassVar[str] = N_(
        "Of 100 records that look best by what leaves, about {precision} are in your selection. Of "
        "100 picked at random it would be {random}."
    )
    compared: ClassVar[str] = N_("look best")
    heading: ClassVar[str] = N_("Scores of records, with noise")
    description: ClassVar[str] = (
        "One score per record of a data owner, each with noise, under random names."
    )
    summary: ClassVar[str] = "one noised score per eligible record, under random tokens (`--pad-to N`)"
    guarantee: ClassVar[str] = "ε-DP, and so for whatever is made of them"
    takes: ClassVar[frozenset[KindAnswer]] = frozenset({"pad_to"})
    file: ClassVar[str] = "data/scores.csv"
    columns: ClassVar[tuple[str, ...] | None] = _COLUMNS
    leaves: ClassVar[tuple[Leaving, ...]] = (
        Leaving(
            "data/scores.csv",
            N_("Scores with noise"),
            (
                ("token", N_("a random name that only you can tie to a record")),
                ("score", N_("the clipped score with noise")),
            ),
            "9d2e…40,0.318",
        ),
    )

    padded: int | None = None

    @classmethod
    def of_options(cls, options: KindOptions) -> Self:
        """Return scores that are padded to as many rows as the owner declares."""
        padded = options.pad_to
        if padded is not None and padded < options.taking_part:
            raise UsageError(
                _("There are too few rows in the file."),
                _("More records take part than there are rows."),
                _("Declare more rows, with --pad-to."),
            )
        if padded is not None and padded > limits.MOST_ROWS:
            raise UsageError(
                _("--pad-to cannot be {padded}.", padded=padded),
                _("No more than {most} rows are written.", most=limits.MOST_ROWS),
                _("Declare fewer rows."),
            )
        return cls(padded)

    @property
    def form(self) -> KindForm:
        """The written form of its own parameters."""
        return {"padded": self.padded}

    @classmethod
    def of_form(cls, form: KindForm) -> Self:
        """Return the kind whose parameters were written down."""
        return cls(form["padded"])

    def query(self, mechanism: type[Mechanism]) -> Query:
        """Return the scores."""
        del mechanism
        return SCORES

    def noised(self, scores: NDArray[np.float64], terms: "Terms") -> NDArray[np.int64]:
        """Return scores with noise, in steps; a missing score counts as the lowest."""
        return as_noise(terms.mechanism).add_noise(on_grid(scores, terms.bounds, SCORE_STEPS))

    def check_size(self, candidates: Candidates, may_leave: NDArray[np.bool_], model: Member) -> None:
        """Refuse more rows than a table can hold."""
        del candidates, model
        count = int(may_leave.sum())
        hold_tokens(count, max(count, self.padded or 0))

    def draw(self, material: Material) -> bytes:
        """Draw a noised score for each record, and give each a token.

        Rows of padding look like records of the lowest score.
        """
        rows, terms = material.rows, material.terms
        noised = self.noised(material.candidates.scores[rows], terms)
        tokens = [secrets.token_hex(16) for _ in rows]
        values = dict(zip(tokens, noised.tolist(), strict=True))
        padding = max(0, (self.padded or 0) - len(rows))
        blank = self.noised(np.full(padding, np.nan), terms)
        values.update((secrets.token_hex(16), value) for value in blank.tolist())
        names = {
            material.keys[row].hex(): token for row, token in zip(rows.tolist(), tokens, strict=True)
        }
        return json.dumps({"names": names, "values": values}).encode()

    def write(self, folder: Path, drawn: Drawn) -> Written:
        """Write the scores, in the order of their tokens."""
        values, bounds = json.loads(drawn.content)["values"], drawn.terms.bounds
        rows = [(token, f"{score_at(step, bounds):.9g}") for token, step in sorted(values.items())]
        return write_table(folder, self.file, _COLUMNS, rows)

    def check(self, path: Path, terms: "Terms") -> str:
        """Check the scores, and return a sentence on their number."""
        return check_tokens(
            self.file,
            rows_of(path, self.file, _COLUMNS),
            self.padded,
            lambda text: is_on_grid(text, lambda step: score_at(step, terms.bounds), SCORE_STEPS),
        )

    def expect(self, mechanism: Mechanism, records: int, selected: int) -> Agreement:
        """Return how well the best by noised scores will agree with the selection."""
        agreement = as_noise(mechanism).expect(records, selected)
        if agreement is None:
            raise TypeError(f"{mechanism.name} does not say how well scores agree")
        return agreement

    @classmethod
    def count_in_words(cls, count: int) -> str:
        """Return how much a bundle holds."""
        return ngettext("{count:,} score with noise", "{count:,} scores with noise", count)

    def how_drawn(self, terms: "Terms") -> str:
        """Return how it was drawn, as a sentence."""
        return _(
            "Every score was clipped to its bounds and got {noise} steps of {steps} between the "
            "bounds.",
            noise=as_noise(terms.mechanism).noise,
            steps=SCORE_STEPS,
        )

    def remarks(self, terms: "Terms") -> list[str]:
        """Return a sentence on the number of rows."""
        del terms
        padded = (
            "There is one row per eligible record"
            if self.padded is None
            else f"The rows were padded to {self.padded}, which was declared, with rows that look like "
            "records of the lowest score"
        )
        return [f"{padded}; the tokens are random."]
