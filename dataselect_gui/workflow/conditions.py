"""How the scores of a project are computed, as it is kept with them."""

from dataselect_gui.project.project import Project
from dataselect_gui.release.terms import Scoring


def scoring_of(project: Project, score: str) -> Scoring:
    """Return how a score was computed; the size of batches only where it was fixed beforehand."""
    known = project.scores[score]
    device = known["device"]
    return Scoring(
        program=known["program"],
        precision=known.get("precision"),
        device=None if device == "none" else device,
        batch=known.get("batch") if known.get("fixed") else None,
    )


def precision_of(project: Project) -> str | None:
    """Return what the scores of a project are computed with; None where there are none of a model."""
    # A project of an earlier version chose by itself, and goes on as it began.
    earlier: str | None = (project.settings.get("run") or {}).get("precision")
    stated = (one.get("precision") for one in project.scores.values())
    return next((one for one in stated if one is not None), earlier)


def device_of(project: Project) -> str:
    """Return where the scores of a project are computed; ``auto`` where there are none of a model."""
    devices = (one["device"] for one in project.scores.values())
    return next((device for device in devices if device != "none"), "auto")
