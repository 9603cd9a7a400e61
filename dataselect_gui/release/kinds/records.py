"""Records themselves."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints.checkpoint import Member
from dataselect_gui.errors import FaultError
from dataselect_gui.records.forms.form import Leaving, Written, WrittenForm
from dataselect_gui.records.forms.image_files import LISTING
from dataselect_gui.records.kinds import form_in
from dataselect_gui.release import limits
from dataselect_gui.release.candidates import Candidates
from dataselect_gui.release.contents import write_records
from dataselect_gui.release.kinds.kind import Drawn, as_selection
from dataselect_gui.release.kinds.selection import SelectionKind
from dataselect_gui.release.sizes import NAMED, hold
from dataselect_gui.texts import N_, _, ngettext
from dataselect_gui.texts.promises import (
    DISCLOSED,
    FIXED,
    IN_FULL,
    MANY,
    MANY_PASS,
    NUMBER_OF_FILES,
    NUMBER_PASSING,
    READABLE,
    READABLE_AND_FIT,
    RELATED,
    WITHHELD,
)

if TYPE_CHECKING:
    from dataselect_gui.release.terms import Terms


@dataclass(frozen=True)
class Records(SelectionKind):
    """The records that a mechanism lets leave, in full."""

    name: ClassVar[str] = "records"
    title: ClassVar[str] = N_("Records")
    explanation: ClassVar[str] = N_("The records leave in full, with their labels.")
    question: ClassVar[str] = N_("How records leave")
    usefulness: ClassVar[str] = N_(
        "Of 100 records that leave, about {precision} are in your selection. Of 100 picked at "
        "random it would be {random}."
    )
    compared: ClassVar[str] = N_("leave")
    heading: ClassVar[str] = N_("A selection of records")
    description: ClassVar[str] = "Records that a data owner contributes to the training of a model."
    summary: ClassVar[str] = "records themselves"
    guarantee: ClassVar[str] = (
        "of units that stay wholly out: their absence tells little. Nothing of records that leave"
    )
    discloses: ClassVar[bool] = True
    promise: ClassVar[str] = N_(
        "If none of someone's records is in this bundle, that hardly tells the receiver what their "
        "records hold: it can shift the odds of anything about them by at most a factor of {odds}."
    )
    file: ClassVar[str] = LISTING

    @classmethod
    def leaves_of(cls, form: WrittenForm, features: Sequence[str]) -> tuple[Leaving, ...]:
        """Return what the form of the records says of it."""
        return form.leaves(features)

    def check_size(self, candidates: Candidates, may_leave: NDArray[np.bool_], model: Member) -> None:
        """Refuse more records than their written form can hold."""
        del model
        rows = np.flatnonzero(may_leave).tolist()
        hold(NAMED * len(rows), limits.MOST_DRAW, _("bytes of a draw"))
        source, wanted = candidates.source, [candidates.labels[row] for row in rows]
        for size, most, noun in source.kind.form(source).sizes(source, rows, wanted):
            hold(size, most, noun)

    def write(self, folder: Path, drawn: Drawn) -> Written:
        """Write the records under their random names."""
        rows = {key.hex(): row for row, key in enumerate(drawn.keys)}
        names = {rows[record]: name for record, name in json.loads(drawn.content)["names"].items()}
        return write_records(folder, drawn.candidates, names, drawn.report)

    def check(self, path: Path, terms: "Terms") -> str:
        """Check the records, and return a sentence on them."""
        del terms
        return _form_in(path).check(path)

    def check_metadata(self, path: Path) -> str:
        """Check that the records' files hold nothing but pixels or numbers."""
        return _form_in(path).check_metadata(path)

    @classmethod
    def count_in_words(cls, count: int) -> str:
        """Return how much a bundle holds."""
        return ngettext("{count:,} record", "{count:,} records", count)

    def not_protected(self, terms: "Terms") -> list[str]:
        """Return what no ε covers."""
        keeps = as_selection(terms.mechanism).keeps_to_selection
        if terms.marks is not None:
            listed = [IN_FULL, FIXED, READABLE_AND_FIT]
        elif terms.rule is not None:
            listed = [IN_FULL, FIXED, READABLE, NUMBER_PASSING if keeps else MANY_PASS, RELATED]
        else:
            listed = [IN_FULL, FIXED, *((NUMBER_OF_FILES,) if keeps else (READABLE, MANY)), RELATED]
        return [_(item) for item in listed]

    def warnings(self, form: WrittenForm | None) -> tuple[str, ...]:
        """Return what leaves with records of a form, among what is not protected."""
        return (DISCLOSED, *(() if form is None else (form.warning,)), WITHHELD)

    def front_matter(self, form: WrittenForm | None) -> list[str]:
        """Return what records of a form are for."""
        return [] if form is None else ["task_categories:", f"- {form.category}"]


def _form_in(path: Path) -> WrittenForm:
    form = form_in(path)
    if form is None:
        raise FaultError(_("The bundle holds no records in a form that is known."))
    return form
