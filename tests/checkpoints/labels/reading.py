"""Read labels as a model of some classes and a task does."""

import math
from typing import Any

import numpy as np

from dataselect_gui.checkpoints.labels import LabelReader
from dataselect_gui.records.reference import LabelRule
from dataselect_gui.tasks.registry import TASKS
from dataselect_gui.tasks.task import Task
from tests.helpers import CLASSES

SINGLE, BINARY = TASKS["single_label"], TASKS["binary"]
SEVERAL, NUMBER = TASKS["multi_label"], TASKS["regression"]


def read(
    labels: list[str | None],
    model: tuple[str, ...] = CLASSES,
    source_classes: list[str] | None = None,
    task: Task = SINGLE,
    **rule: Any,  # noqa: ANN401
) -> list[Any]:
    """Return the targets, NaN as None."""
    targets = LabelReader(task, model, source_classes, LabelRule(**rule)).targets(labels)
    assert len(targets) == len(labels)
    if targets.dtype == np.int64:
        return list(targets.tolist())
    return [[None if math.isnan(y) else y for y in row] for row in targets.tolist()]
