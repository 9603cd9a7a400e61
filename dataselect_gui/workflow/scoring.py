"""Score the records of a source into a project."""

import hashlib
import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dataselect_gui import __version__
from dataselect_gui.checkpoints.labels import match_labels
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.errors import InterruptedByPersonError, UnusableError
from dataselect_gui.privacy.identity import source_marks
from dataselect_gui.project.project import SUFFIX, Project
from dataselect_gui.records.opening import open_source
from dataselect_gui.scoring.catalog import SCORES, applicable
from dataselect_gui.worker.handle import Stop, run_job
from dataselect_gui.worker.messages import Report, ScoreJob
from dataselect_gui.workflow.home import ledger_of

DEFAULT_BATCH_SIZE = 64


DEFAULT_BATCH_SIZE = 64


@dataclass(frozen=True)
class Scored:
    """What a scoring run came to.

    Attributes
    ----------
    project : Path
        The project's folder.
    scored : int
        How many records have scores.
    problems : dict
        Why others have none: id → reason.
    seconds : float
        How long it took.
    device : str
        Where it ran.
    names : list of str
        The scores that there are now.
    """

    project: Path
    scored: int
    problems: dict[str, str]
    seconds: float
    device: str
    names: list[str]


def project_name(source: Path) -> str:
    """Return what a new project of a source is called."""
    return f"{source.stem if source.is_file() else source.name}{SUFFIX}"


def score(
    source_path: Path,
    checkpoint_path: Path,
    report: Report,
    *,
    names: Sequence[str] | None = None,
    project_path: Path | None = None,
    device: str = "auto",
    batch_size: int | None = None,
    limit: int | None = None,
    label_column: str | None = None,
    unit_column: str | None = None,
    stop: Stop | None = None,
    demo: bool = False,
) -> Scored:
    """Score the records of a source into a project, going on where an earlier run stopped.

    Parameters
    ----------
    source_path, checkpoint_path : Path
        What to score, and with what.
    report : callable
        Takes progress.
    names : sequence of str or None
        The scores; None for all that apply.
    project_path : Path or None
        The project; by default ``./<name of the source>.dataselect``.
    device, batch_size, limit, label_column, unit_column
        As the command line has them.
    stop : Stop or None
        By which another thread can stop the work.
    demo : bool
        Whether a new project is the demo's, with a ledger of its own beside it.

    Raises
    ------
    DataSelectError
        Where something cannot be used, or the work was stopped.
    """
    started = time.monotonic()
    source_path, checkpoint_path = source_path.resolve(), checkpoint_path.resolve()
    folder = project_path or Path(project_name(source_path))
    checkpoint = find_checkpoint(checkpoint_path)
    project = Project.open(folder) if (folder / "project.json").is_file() else None
    if project is not None:
        known = project.settings["source"]
        label_column = label_column or known["label_column"]
        unit_column = unit_column or known["unit_column"]
    source = open_source(source_path, label_column, unit_column)
    labelled = any(label is not None for label in source.labels)
    wanted = applicable(
        names,
        series=len(checkpoint.series),
        labelled=labelled,
        request=checkpoint.request.stated,
    )
    match_labels(source.labels, source.classes, checkpoint.labels)
    described = {
        "path": str(source_path),
        "kind": source.kind,
        "label_column": label_column,
        "unit_column": unit_column,
    }
    model = {"path": str(checkpoint_path), "digest": checkpoint.digest()}
    if project is None:
        project = Project.create(folder, described, model, demo=demo)
    else:
        _settle(project, described, model)
    job = ScoreJob(
        project=str(folder.resolve()),
        source=str(source_path),
        checkpoint=str(checkpoint_path),
        label_column=label_column,
        unit_column=unit_column,
        names=[one.name for one in wanted if one.needs_model],
        device=device,
        batch_size=batch_size or DEFAULT_BATCH_SIZE,
        limit=limit,
    )
    finished = run_job(job, report, stop)
    if finished.stopped:
        raise InterruptedByPersonError(
            "Scoring was stopped.",
            "You asked for it.",
            "What was scored is kept; the same command goes on from there.",
        )
    project = Project.open(folder)
    scored = finished.scored
    if any(not one.needs_model for one in wanted):
        rows = _score_random(project, limit)
        scored = scored if job.names else rows
    table = project.table
    return Scored(
        folder,
        scored,
        table.problems(),
        time.monotonic() - started,
        finished.device,
        table.columns(),
    )


def _settle(project: Project, source: dict[str, Any], checkpoint: dict[str, Any]) -> None:
    """Hold an existing project against what it is asked to score."""
    with project.exclusive():
        settings = project.settings
        if settings["table"] is None:  # Nothing was read yet: the first try may have been a mistake.
            settings["source"] = source
            settings["checkpoint"] = checkpoint
        elif settings["checkpoint"]["digest"] != checkpoint["digest"]:
            raise UnusableError(
                f"The project “{project.folder.name}” was scored with another checkpoint.",
                "Scores of different checkpoints cannot stand side by side.",
                "Name another project with --project.",
            )
        else:
            settings["checkpoint"] = checkpoint
            settings["source"] = {**source, "path": settings["source"]["path"]}
        project.save()


def _score_random(project: Project, limit: int | None) -> int:
    """Write the random baseline: the first 8 bytes of HMAC-SHA-256(secret, id), over 2⁶⁴."""
    with project.exclusive():
        table = project.table
        rows = np.arange(len(table.index.ids))[:limit]
        column = table.column("random")
        if not column.done[rows].all():
            ledger = ledger_of(project)
            account = ledger.claim(source_marks(table.index.content, table.index.units))
            # The demo's records are public, and everybody's demo shows the same numbers.
            secret = b"demo" if project.settings["demo"] else ledger.secret(account)
            digests = (
                hmac.digest(secret, table.index.ids[row].encode(), hashlib.sha256) for row in rows
            )
            column.write(rows, np.array([int.from_bytes(d[:8]) / 2**64 for d in digests]))
            column.mark_done(rows)
        project.settings["scores"]["random"] = {
            "variant": SCORES["random"].variant,
            "program": __version__,
            "device": "none",
        }
        project.save()
        return len(rows)
