"""Read a source into an index, and hold it against what a project knows. No torch here."""

import time
from collections.abc import Callable

import numpy as np

from dataselect_gui.errors import UnusableError
from dataselect_gui.project.project import Project
from dataselect_gui.project.table import Index
from dataselect_gui.records.opening import content_hash
from dataselect_gui.records.source import Source, UnreadableRecordError
from dataselect_gui.worker.messages import Progress, Report

REPORT_SECONDS = 0.25


def read_index(source: Source, stopped: Callable[[], bool], report: Report) -> Index | None:
    """Read every record once and take its content hash; None where it was stopped."""
    count = len(source.ids)
    content = np.zeros((count, 32), dtype=np.uint8)
    told = time.monotonic()
    for row in range(count):
        if time.monotonic() - told > REPORT_SECONDS:
            told = time.monotonic()
            report(Progress("Reading records", row, count))
            if stopped():
                return None
        try:
            content[row] = np.frombuffer(content_hash(source.read(row)), dtype=np.uint8)
        except UnreadableRecordError:
            continue  # The reason is noted when the record is scored.
    return Index(source.ids, source.labels, source.units, content)


def check_same_source(project: Project, source: Source, index: Index) -> None:
    """Accept the project's own source, wherever it lies now; refuse another one.

    A record that could not be read when the project was scored may be readable now. Anywhere but at
    the source's known place every other record has to be there, with the content that was scored.

    Raises
    ------
    UnusableError
        Where the source is not the project's.
    """
    if project.settings["table"] is None or project.settings["source"]["path"] == str(source.path):
        return
    known = project.table.index
    now = dict(zip(index.ids, index.content, strict=True))
    others = sum(
        record not in now or (content.any() and not np.array_equal(now[record], content))
        for record, content in zip(known.ids, known.content, strict=True)
    )
    if others:
        raise UnusableError(
            f"“{source.path.name}” is not the source of this project.",
            f"Of the {len(known.ids):,} records that were scored, {others:,} are missing there or hold "
            "something else.",
            "Show the place of the records as they were scored, or score these into another project.",
        )
