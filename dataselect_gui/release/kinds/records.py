"""Records themselves."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from dataselect_gui.privacy.mechanisms.mechanism import Mechanism
from dataselect_gui.release import content_check
from dataselect_gui.release.contents import LISTING, Written, write_records
from dataselect_gui.release.kinds.kind import FIXED, MANY, RELATED, Drawn, Leaving, as_selection
from dataselect_gui.release.kinds.selection import SelectionKind

if TYPE_CHECKING:
    from dataselect_gui.release.terms import Terms

DISCLOSED = (
    "Records that leave are disclosed by the owner's decision. No mechanism protects them, and the "
    "program does not know whether the people in them agreed."
)
PIXELS = "Pixels leave unchanged: a name or date written into an image leaves too."
WITHHELD = (
    "The owner may have withheld records. They never leave; someone who knows of one sees only that "
    "it is missing. If the owner withheld a record because of another, ε does not cover that."
)


@dataclass(frozen=True)
class Records(SelectionKind):
    """The records that a mechanism lets leave, in full."""

    name: ClassVar[str] = "records"
    title: ClassVar[str] = "Records"
    explanation: ClassVar[str] = "The records themselves leave, in full, with their labels."
    question: ClassVar[str] = "How records leave"
    nouns: ClassVar[tuple[str, str]] = ("record", "records")
    usefulness: ClassVar[str] = (
        "Of 100 records that leave, about {precision} are in your selection. Random: {random}."
    )
    compared: ClassVar[str] = "leave"
    heading: ClassVar[str] = "A selection of records"
    description: ClassVar[str] = "Records that a data owner contributes to the training of a model."
    summary: ClassVar[str] = "records themselves"
    guarantee: ClassVar[str] = (
        "of units that stay wholly out: their absence tells little. Nothing of records that leave"
    )
    discloses: ClassVar[bool] = True
    promise: ClassVar[str] = (
        "If none of someone's records is in this bundle, that hardly tells the receiver what their "
        "records hold: it can shift the odds of anything about them by at most a factor of {odds}."
    )
    file: ClassVar[str] = LISTING
    leaves: ClassVar[tuple[Leaving, ...]] = (
        Leaving(
            "data/train/",
            "Records",
            (("record", "the record itself, in full, without metadata"),),
            "5f0c…e1.png",
        ),
        Leaving(
            LISTING,
            "Labels, as corrected",
            (("file_name", "a random name, like 3f9a….png"), ("label", "the label")),
            '{"file_name": "5f0c…e1.png", "label": "cat"}',
        ),
    )

    def write(self, folder: Path, drawn: Drawn) -> Written:
        """Write the records under their random names."""
        rows = {key.hex(): row for row, key in enumerate(drawn.keys)}
        names = {rows[record]: name for record, name in json.loads(drawn.content)["names"].items()}
        return write_records(folder, drawn.candidates, names, drawn.report)

    def check(self, path: Path, terms: "Terms") -> str:
        """Say which records are there."""
        del terms
        return content_check.records(path)

    def check_metadata(self, path: Path) -> str:
        """Say that the records' files are built of nothing but pixels or numbers."""
        return content_check.metadata(path)

    def not_protected(self, mechanism: Mechanism) -> list[str]:
        """Return what no ε covers."""
        listed = ["the records in this bundle, in full", FIXED]
        if as_selection(mechanism).keeps_to_selection:
            listed.append(
                "roughly how many records scored beyond the threshold, by the number of files"
            )
        else:
            listed += ["which records can be read at all", MANY]
        return [*listed, RELATED]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the card says first of what is not protected."""
        return DISCLOSED, PIXELS, WITHHELD

    @property
    def front_matter(self) -> list[str]:
        """What the card says to a hub of data sets."""
        return ["task_categories:", "- image-classification"]
