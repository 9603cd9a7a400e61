"""The conditions that the scores of a project were computed under."""

from collections.abc import Sequence

from dataselect_gui.project.project import Project
from dataselect_gui.release.terms import Scoring
from dataselect_gui.scoring.names import Precision


def scoring_of(project: Project, scores: Sequence[str]) -> Scoring:
    """Return how scores were computed; the batch size only where it was fixed beforehand.

    Where they were computed in several ways, no way is stated.
    """
    ways = {
        Scoring(
            program=known.program,
            precision=known.precision,
            device=None if known.device == "none" else known.device,
            batch=known.batch if known.fixed else None,
        )
        for known in (project.scores[score] for score in scores)
    }
    return ways.pop() if len(ways) == 1 else Scoring()


def precision_of(project: Project) -> Precision | None:
    """Return the floating-point precision of a project's scores; None where no score needs a model."""
    # Projects of earlier versions hold the precision of the run instead.
    run = project.settings.run
    earlier = None if run is None else run.precision
    stated = (conditions.precision for conditions in project.scores.values())
    return next((precision for precision in stated if precision is not None), earlier)


def device_of(project: Project) -> str:
    """Return the device of a project's scores; ``auto`` where no score needs a model."""
    devices = (conditions.device for conditions in project.scores.values())
    return next((device for device in devices if device != "none"), "auto")
