"""A project as a window looks at it: arrays for all records, and a picture of one on demand."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.checkpoints.request import Request
from dataselect_gui.errors import UnusableError
from dataselect_gui.project.project import Project
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import Content, UnreadableRecordError
from dataselect_gui.scoring.catalog import in_order
from dataselect_gui.selection.rules import Rule
from dataselect_gui.workflow.selecting import eligible_records, rule_of


@dataclass(frozen=True)
class Look:
    """What a project holds, at the moment of looking.

    Attributes
    ----------
    folder : Path
        The project.
    name : str
        Its name, for a person.
    source, checkpoint : Path
        Where the records and the checkpoint are.
    unit_column : str or None
        What the units are; None where the record is the unit.
    ids : sequence of str
        In the source's order, shape (n,).
    labels : sequence of str or None
        Shape (n,).
    units : sequence of str or None
        Shape (n,).
    scores : dict
        Score → values, each of shape (n,), NaN where there is none.
    eligible : ndarray of bool
        Shape (n,).
    problems : dict
        Why records have no scores: id → reason.
    rule : Rule or None
        The rule, where there is one.
    request : Request
        The consortium's.
    in_training : str or None
        The remembered answer.
    """

    folder: Path
    name: str
    source: Path
    checkpoint: Path
    unit_column: str | None
    ids: Sequence[str]
    labels: Sequence[str | None]
    units: Sequence[str] | None
    scores: dict[str, NDArray[np.float64]]
    eligible: NDArray[np.bool_]
    problems: dict[str, str]
    rule: Rule | None
    request: Request
    in_training: str | None


def look(project_path: Path) -> Look:
    """Read a project.

    Raises
    ------
    UnusableError
        Where it is none, or holds no scores.
    """
    project = Project.open(project_path)
    table = project.table
    settings = project.settings
    try:
        request = find_checkpoint(Path(settings["checkpoint"]["path"])).request
    except UnusableError:  # The checkpoint moved: scores can still be looked at.
        request = Request()
    return Look(
        folder=project_path,
        name=project_path.stem,
        source=Path(settings["source"]["path"]),
        checkpoint=Path(settings["checkpoint"]["path"]),
        unit_column=settings["source"]["unit_column"],
        ids=table.index.ids,
        labels=table.index.labels,
        units=table.index.units,
        scores={name: table.values(name) for name in in_order(table.columns())},
        eligible=eligible_records(project, table.index.ids),
        problems=table.problems(),
        rule=rule_of(project),
        request=request,
        in_training=settings["in_training"],
    )


class Pictures:
    """Reads records of a project for the eye; safe to use from several threads.

    Parameters
    ----------
    found : Look
        The project.

    Raises
    ------
    UnusableError
        Where the source is not where it was.
    """

    def __init__(self, found: Look) -> None:
        self._source = open_source(found.source, unit_column=found.unit_column)
        rows = {record: row for row, record in enumerate(self._source.ids)}
        self._rows = [rows.get(record) for record in found.ids]

    def picture(self, row: int, most: int | None = None) -> Image.Image:
        """Return a record as an RGB image.

        Parameters
        ----------
        row : int
            Its row in the project.
        most : int or None
            The longer side, at most; None for the size that it has. It is never enlarged.

        Raises
        ------
        UnreadableRecordError
            Where it cannot be read.
        """
        place = self._rows[row]
        if place is None:
            raise UnreadableRecordError("The record is no longer in the source.")
        image = _as_image(self._source.decode(self._source.read(place)))
        if most is not None:
            image.thumbnail((most, most), Image.Resampling.BILINEAR)
        return image


def _as_image(content: Content) -> Image.Image:
    if isinstance(content, Image.Image):
        return content.convert("RGB")
    array = np.asarray(content, dtype=np.float64)
    plane = array.reshape(-1, *array.shape[-2:]).mean(axis=0) if array.ndim > 1 else array[None]
    low, high = float(plane.min()), float(plane.max())
    grey = (plane - low) / ((high - low) or 1.0) * 255
    return Image.fromarray(grey.astype(np.uint8)).convert("RGB")
