"""What is known of the demo's records, and what of it a rule leaves out; for the owner alone.

Some records were made wrong on purpose, and the shipped file says which. No score and no rule reads
that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.project.demo import RECORDS, digest_of
from dataselect_gui.project.project import Project
from dataselect_gui.resources import resource
from dataselect_gui.texts import N_, _
from dataselect_gui.workflow.marks import eligible_records
from dataselect_gui.workflow.selecting import selection_of

Truth = Literal["flipped", "foreign", "right"]
"""What is known of a record: its label was changed, it shows something else, or neither."""
Truths: TypeAlias = Mapping[Truth, NDArray[np.bool_]]
"""Which records each of these holds for, shape (n,)."""
_NAMES: dict[Truth, str] = {
    "flipped": N_("wrong labels"),
    "foreign": N_("foreign pictures"),
    "right": N_("records that are right"),
}
_OWN_COUNT = N_(
    "The demo made these records wrong itself, so it can count them. The figures stay with you."
)


@dataclass(frozen=True)
class LeftOut:
    """How many of the demo's records of one kind a rule left out.

    Attributes
    ----------
    truth : str
        What these records are.
    records : int
        How many of them may leave by the owner's word.
    left_out : int
        How many of these the rule leaves out.
    """

    truth: Truth
    records: int
    left_out: int

    @property
    def name(self) -> str:
        """What these records are, in words."""
        return _(_NAMES[self.truth])

    @property
    def stay(self) -> int:
        """How many of them the rule picks."""
        return self.records - self.left_out


def truths_of_demo(project_path: Path) -> Truths:
    """Return what is known of the records of the demo's project; nothing of any other's."""
    project = Project.open(project_path)
    settings = project.settings
    if not settings.demo or settings.table is None or digest_of(project.table.index) != RECORDS:
        return {}
    with np.load(resource("demo/records.npz"), allow_pickle=False) as stored:
        flipped, foreign = stored["flipped"], stored["foreign"]
    return {"flipped": flipped, "foreign": foreign, "right": ~(flipped | foreign)}


def count_left_out(
    truths: Truths, eligible: NDArray[np.bool_], chosen: NDArray[np.bool_]
) -> list[LeftOut]:
    """Count the eligible records that are not chosen, by what is known of them."""
    return [
        LeftOut(truth, int((part & eligible).sum()), int((part & eligible & ~chosen).sum()))
        for truth, part in truths.items()
    ]


def left_out_of_demo(project_path: Path) -> list[LeftOut]:
    """Count what the demo's project leaves out; nothing of any other."""
    truths = truths_of_demo(project_path)
    if not truths:
        return []
    project = Project.open(project_path)
    eligible = eligible_records(project, project.table.index.ids)
    return count_left_out(truths, eligible, selection_of(project, eligible).chosen)


def left_out_sentences(parts: Sequence[LeftOut]) -> list[str]:
    """Return in words what the demo leaves out and what stays; nothing where there are no parts."""
    if not parts:
        return []
    lines = []
    for part in parts:
        figures = _(
            "{left_out:,} of {records:,} left out, {stay:,} stay",
            left_out=part.left_out,
            records=part.records,
            stay=part.stay,
        )
        lines.append(f"  {part.name}: {figures}")
    return [*lines, _(_OWN_COUNT)]


def left_out_line(parts: Sequence[LeftOut]) -> str:
    """Return the same in a line; empty where there are no parts."""
    if not parts:
        return ""
    figures = [
        _(
            "{left_out:,} of {records:,} {name}",
            left_out=part.left_out,
            records=part.records,
            name=part.name,
        )
        for part in parts
    ]
    return _("Left out in the demo: {figures}", figures=" · ".join(figures))
