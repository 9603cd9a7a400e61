"""How the scores of a project are computed, as it is kept with them."""

from dataselect_gui.project.project import Project
from dataselect_gui.release.terms import Scoring
from dataselect_gui.scoring.catalog import Precision


def scoring_of(project: Project, score: str) -> Scoring:
    """Return how a score was computed; the size of batches only where it was fixed beforehand."""
    known = project.scores[score]
    return Scoring(
        program=known.program,
        precision=known.precision,
        device=None if known.device == "none" else known.device,
        batch=known.batch if known.fixed else None,
    )


def precision_of(project: Project) -> Precision | None:
    """Return what the scores of a project are computed with; None where there are none of a model."""
    # A project of an earlier version chose by itself, and goes on as it began.
    run = project.settings.run
    earlier = None if run is None else run.precision
    stated = (conditions.precision for conditions in project.scores.values())
    return next((precision for precision in stated if precision is not None), earlier)


def device_of(project: Project) -> str:
    """Return where the scores of a project are computed; ``auto`` where there are none of a model."""
    devices = (conditions.device for conditions in project.scores.values())
    return next((device for device in devices if device != "none"), "auto")
