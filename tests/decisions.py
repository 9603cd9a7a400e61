"""Projects whose request brings a calibration, and in which no score was shown yet."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dataselect_gui import workflow
from dataselect_gui.project.project import Project
from dataselect_gui.workflow import CountAnswers, Decision, LeaveOut
from tests.helpers import array_file, hugging_face_folder, write_json
from tests.projects import owner_records, scored_project
from tests.releases import release

ALPHA = 0.1
THRESHOLDS = {"bird": 0.5, "cat": 0.5, "dog": 0.5}
WRONG = {"conditions": [{"score": "loss", "most": THRESHOLDS, "otherwise": "keep"}]}
"""The rule of that calibration, by hand."""
SURE = "50"
"""An ε by which a count is as good as exact."""
ANSWERS = CountAnswers(in_training="no", budget="100")
EVERY = {"epsilon": None, "budget": None, "acknowledge_disclosure": True}
"""What a release of everything is asked with."""


def calibration(alpha: float = ALPHA, **thresholds: float | None) -> dict[str, object]:
    """Return a calibration of the loss by class."""
    by_class = thresholds or THRESHOLDS
    return {
        "alpha": alpha,
        "scores": {
            "loss": {
                "alpha": alpha,
                "classes": {
                    name: {"count": 50} if limit is None else {"count": 50, "threshold": limit}
                    for name, limit in by_class.items()
                },
            }
        },
        "split": {"statistics": 0, "thresholds": 150},
        "seen_in_training": "no",
    }


def losses(wrong: int, count: int = 40) -> list[float]:
    """Return losses of which so many, the first, lie above every threshold."""
    return [0.9] * wrong + [0.1] * (count - wrong)


def undecided(
    folder: Path,
    scores: Sequence[float],
    *,
    name: str = "p",
    unit_column: str | None = None,
    seed: int = 0,
    **request: object,
) -> Path:
    """Make a project of forty records whose request has a calibration, and no rule of its own."""
    made = folder / "consortium"
    if not made.exists():
        hugging_face_folder(made)
        stated = {"calibration": calibration(), **request}
        write_json(
            made / "dataselect.json", {key: value for key, value in stated.items() if value is not None}
        )
    records = folder / f"r{seed}.npz"
    if not records.exists():
        owner_records(records, len(scores), seed=seed)
    return scored_project(
        folder / f"{name}.dataselect", records, made, list(scores), unit_column=unit_column
    )


def decide(
    project: Path, leave_out: LeaveOut, epsilon: str = SURE, answers: CountAnswers = ANSWERS
) -> Decision:
    """Decide what is left out; a count is asked with ε."""
    decision = workflow.decide(project, leave_out, epsilon if leave_out == "count" else None, answers)
    assert decision is not None
    return decision


def ids_of(project: Path) -> list[str]:
    """Return the ids of a project's records, in their order."""
    return list(Project.open(project).table.index.ids)


def claims(project: Path, to: Path, **asked: object) -> bool:
    """Release, and say whether the bundle claims what it promises."""
    return not release(project, to, **asked).conditional


def arrays_of(source: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a source."""
    with np.load(source) as stored:
        return {name: stored[name] for name in stored}


def of_rows(folder: Path, *parts: dict[str, np.ndarray], name: str) -> Path:
    """Make a project of records that are put together from the rows of several sources."""
    joined = {
        key: parts[0][key] if key == "classes" else np.concatenate([part[key] for part in parts])
        for key in parts[0]
    }
    source = array_file(folder / f"{name}.npz", **joined)
    count = len(joined["x"])
    return scored_project(
        folder / f"{name}.dataselect", source, folder / "consortium", losses(17, count)
    )
