"""Random names of records that are on offer."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints.checkpoint import Member
from dataselect_gui.records.forms.form import Leaving, Written
from dataselect_gui.release.candidates import Candidates
from dataselect_gui.release.kinds.kind import Drawn
from dataselect_gui.release.kinds.selection import SelectionKind
from dataselect_gui.release.sizes import hold_tokens
from dataselect_gui.release.table_check import check_tokens, rows_of
from dataselect_gui.release.tables import write_table
from dataselect_gui.texts import N_, ngettext

if TYPE_CHECKING:
    from dataselect_gui.release.terms import Terms


@dataclass(frozen=True)
class Offers(SelectionKind):
    """Tokens of the records that a mechanism picks; only the owner knows which is which."""

    name: ClassVar[str] = "offers"
    title: ClassVar[str] = N_("A list of what you offer")
    explanation: ClassVar[str] = N_(
        "A list leaves: one random name for each record that you would give. No record leaves, and "
        "only you can tell which name is which."
    )
    question: ClassVar[str] = N_("How records get on the list")
    verb: ClassVar[str] = N_("are offered")
    usefulness: ClassVar[str] = N_(
        "Of 100 records on offer, about {precision} are in your selection. Of 100 picked at random "
        "it would be {random}."
    )
    compared: ClassVar[str] = N_("are on offer")
    heading: ClassVar[str] = N_("Records on offer")
    description: ClassVar[str] = (
        "Random names of records that a data owner offers for the training of a model."
    )
    summary: ClassVar[str] = "random tokens of records on offer"
    guarantee: ClassVar[str] = "ε-DP"
    file: ClassVar[str] = "data/offers.csv"
    columns: ClassVar[tuple[str, ...] | None] = ("token",)
    leaves: ClassVar[tuple[Leaving, ...]] = (
        Leaving(
            "data/offers.csv",
            N_("Random names, one for each record on offer"),
            (("token", N_("a random name that only you can tie to a record")),),
            "9d2e…40",
        ),
    )

    def check_size(self, candidates: Candidates, may_leave: NDArray[np.bool_], model: Member) -> None:
        """Refuse more tokens than a table can hold."""
        del candidates, model
        count = int(may_leave.sum())
        hold_tokens(count, count)

    def write(self, folder: Path, drawn: Drawn) -> Written:
        """Write the tokens, in their order."""
        tokens = sorted(json.loads(drawn.content)["names"].values())
        return write_table(folder, self.file, ("token",), [(token,) for token in tokens])

    def check(self, path: Path, terms: "Terms") -> str:
        """Check the tokens, and return a sentence on their number."""
        lines = rows_of(path, self.file, ("token",))
        return check_tokens(self.file, lines, terms.mechanism.form["count"], None)

    @classmethod
    def count_in_words(cls, count: int) -> str:
        """Return how much a bundle holds."""
        return ngettext("{count:,} name on offer", "{count:,} names on offer", count)
