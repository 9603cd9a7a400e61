"""Score, and get in the way of it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.project.project import Project
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.worker.batches import BatchScores
from dataselect_gui.worker.computing import Computation

COUNT = 21


def score(scans: Path, series: Path, project: Path, **options: Any) -> dict[str, list[Any]]:  # noqa: ANN401
    options = {"precision": "float64", **options}
    workflow.score(scans, series, JobContext(), project_path=project, **options)
    return workflow.scores(project)


def disturb(monkeypatch: pytest.MonkeyPatch, before: Callable[[int], None]) -> list[int]:
    """Have something happen before each batch with records is scored; return the sizes of these."""
    sizes: list[int] = []
    original = Computation.together

    def computed(computation: Computation, *records: Any) -> BatchScores:  # noqa: ANN401
        before(computation.size)
        sizes.append(computation.size)
        return original(computation, *records)

    monkeypatch.setattr(Computation, "together", computed)
    return sizes


def disturb_trials(monkeypatch: pytest.MonkeyPatch, before: Callable[[int], None]) -> None:
    """Have something happen before a shape of batches is tried on made-up records."""
    original = Scorer.prepare

    def prepared(scorer: Scorer, shape: Sequence[int]) -> int:
        before(shape[0])
        return original(scorer, shape)

    monkeypatch.setattr(Scorer, "prepare", prepared)


def size_of(project: Path) -> int:
    """Return the size of a project's batches, which all its scores have in common."""
    (size,) = {
        conditions["batch"] for conditions in settings_of(project).values() if "batch" in conditions
    }
    return int(size)


def settings_of(project: Path) -> dict[str, dict[str, Any]]:
    settings: dict[str, dict[str, Any]] = msgspec.to_builtins(Project.open(project).scores)
    return settings


def close(some: dict[str, list[Any]], others: dict[str, list[Any]]) -> bool:
    return all(
        np.allclose(some[name], others[name], rtol=1e-9)
        for name in ("loss", "grad_norm", "vog", "plis")
    )
