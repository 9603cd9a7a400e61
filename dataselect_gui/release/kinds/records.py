"""Records themselves."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.checkpoints.layout import Member
from dataselect_gui.privacy.mechanisms.mechanism import Mechanism
from dataselect_gui.records.formats.bare import MAX_MEMORY, MAX_PIXELS
from dataselect_gui.release import content_check, limits
from dataselect_gui.release.candidates import Candidates
from dataselect_gui.release.contents import LISTING, Written, listing_line, write_records
from dataselect_gui.release.kinds.kind import Drawn, Leaving, as_selection
from dataselect_gui.release.kinds.selection import SelectionKind
from dataselect_gui.release.sizes import NAMED, hold
from dataselect_gui.texts import N_, _
from dataselect_gui.texts.promises import (
    DISCLOSED,
    FIXED,
    IN_FULL,
    MANY,
    NUMBER_OF_FILES,
    PIXELS,
    READABLE,
    RELATED,
    WITHHELD,
)

if TYPE_CHECKING:
    from dataselect_gui.release.terms import Terms

_FILE = f"{'0' * 32}.png"
"""A name of a file, as long as each is."""


@dataclass(frozen=True)
class Records(SelectionKind):
    """The records that a mechanism lets leave, in full."""

    name: ClassVar[str] = "records"
    title: ClassVar[str] = N_("Records")
    explanation: ClassVar[str] = N_("The records themselves leave, in full, with their labels.")
    question: ClassVar[str] = N_("How records leave")
    nouns: ClassVar[tuple[str, str]] = ("record", "records")
    usefulness: ClassVar[str] = N_(
        "Of 100 records that leave, about {precision} are in your selection. Random: {random}."
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
    leaves: ClassVar[tuple[Leaving, ...]] = (
        Leaving(
            "data/train/",
            N_("Records"),
            (("record", N_("the record itself, in full, without metadata")),),
            "5f0c…e1.png",
        ),
        Leaving(
            LISTING,
            N_("Labels, as corrected"),
            (("file_name", N_("a random name, like 3f9a….png")), ("label", N_("the label"))),
            '{"file_name": "5f0c…e1.png", "label": "cat"}',
        ),
    )

    def check_size(self, candidates: Candidates, may_leave: NDArray[np.bool_], model: Member) -> None:
        """Refuse more than fits into a listing, or into a file of arrays."""
        del model
        rows = np.flatnonzero(may_leave).tolist()
        hold(NAMED * len(rows), limits.MOST_DRAW, "bytes of a draw")
        labels = [candidates.index.labels[row] for row in rows]
        blank = None if candidates.source.kind == "images" else candidates.source.blank
        if isinstance(blank, np.ndarray):
            longest = max((len(label or "") for label in labels), default=0)
            size = blank.nbytes + 4 * max(longest, 1)
            hold(len(rows) * size, limits.MOST_ARRAY_BYTES, "bytes of records and labels")
            return
        if blank is not None:
            # As PNG, beside what it unpacks to; images of a folder are looked at one by one.
            pixels = blank.width * blank.height
            packed = len(blank.getbands()) * pixels
            hold(pixels, MAX_PIXELS, "pixels of an image")
            hold(4 * pixels + packed + (packed >> 6) + (1 << 20), MAX_MEMORY, "bytes of an image")
        lines = {label: len(listing_line(_FILE, label).encode()) for label in set(labels)}
        hold(max(lines.values(), default=0), limits.MOST_LINE, "bytes of a label")
        hold(sum(lines[label] for label in labels), limits.MOST_FILE, "bytes of the list of records")

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
        keeps = as_selection(mechanism).keeps_to_selection
        listed = [IN_FULL, FIXED, *((NUMBER_OF_FILES,) if keeps else (READABLE, MANY)), RELATED]
        return [_(item) for item in listed]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the card says first of what is not protected."""
        return DISCLOSED, PIXELS, WITHHELD

    @property
    def front_matter(self) -> list[str]:
        """What the card says to a hub of data sets."""
        return ["task_categories:", "- image-classification"]
