"""Projects whose request brings a calibration, and in which no score was shown yet."""

from collections.abc import Sequence
from pathlib import Path

from tests.helpers import hugging_face_folder, write_json
from tests.projects import owner_records, scored_project

ALPHA = 0.1
THRESHOLDS = {"bird": 0.5, "cat": 0.5, "dog": 0.5}
WRONG = {"conditions": [{"score": "loss", "most": THRESHOLDS, "otherwise": "keep"}]}
"""The rule of that calibration, by hand."""
SURE = "50"
"""An ε by which a count is as good as exact."""


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
