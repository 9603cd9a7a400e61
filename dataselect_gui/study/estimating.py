"""How long the work of a study takes on this machine, from a few steps of each kind."""

import copy
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.records.kinds.kind import InputArray
from dataselect_gui.scoring.model import load_model
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.study import libraries
from dataselect_gui.study.dataset import Dataset
from dataselect_gui.study.plan import SCORED, WIDTH, Choices, PickTraining, StandInTraining
from dataselect_gui.study.runner import COMPARED
from dataselect_gui.study.sampling import split
from dataselect_gui.study.stand_ins import BATCH, new_series
from dataselect_gui.study.tasks import (
    CHUNK,
    FlippedLabelsTask,
    LibraryTask,
    ScoringTask,
    compared_scores,
)
from dataselect_gui.study.train import (
    CHECKPOINTS,
    PLAIN_STEPS,
    PRIVATE_BATCH,
    PRIVATE_STEPS,
    account,
    make_network,
    time_step,
)

_SCORED_AT_ONCE = 32


def seconds_by_kind(
    dataset: Dataset,
    checkpoint: Checkpoint,
    choices: Choices,
    records: int,
) -> dict[str, float]:
    """Return how many seconds a task of each kind takes.

    Parameters
    ----------
    dataset : Dataset
        Some of the records, or all.
    checkpoint : Checkpoint
        The consortium's.
    choices : Choices
        The owner's.
    records : int
        How many records are studied.
    """
    count = len(dataset.targets)
    few = np.unique(np.linspace(0, count - 1, PRIVATE_BATCH, dtype=np.int64))
    small, targets = dataset.small[few], dataset.targets[few]
    scored = few[:_SCORED_AT_ONCE]
    by_checkpoint = time_scoring(
        checkpoint, compared_scores(checkpoint), dataset.inputs(scored), dataset.targets[scored]
    )
    network = make_network(small.shape[1], len(dataset.classes), WIDTH, 0)
    with new_series(network, small.shape[1:]) as (write, folder):
        write(1)
        write(2)
        by_series = time_scoring(find_checkpoint(folder), SCORED, small, targets)
    by_series *= CHECKPOINTS / 2
    spent = _timed(lambda: account(2.0, 0.1, PRIVATE_STEPS))
    start, full = network, small
    if choices.start == "checkpoint":
        start, full = load_model(checkpoint.final, torch.device("cpu")), dataset.inputs(few)
    plain, private = (
        time_step(copy.deepcopy(start), full, targets, private=is_private)
        for is_private in (False, True)
    )
    own_plain, own_private = (
        time_step(copy.deepcopy(network), small, targets, private=is_private)
        for is_private in (False, True)
    )
    pool = len(split(dataset.index.units, count, 0).pool) * records / count
    some = min(COMPARED, pool)
    kinds: dict[str, float] = {
        ScoringTask.kind: by_checkpoint * min(CHUNK, records),
        FlippedLabelsTask.kind: by_checkpoint * 0.2 * some,
        LibraryTask.kind: 40e-6 * some * libraries.TESTED,
        StandInTraining(0).kind: own_plain * PLAIN_STEPS + by_series * 1.1 * some,
        StandInTraining(0, epsilon="1").kind: own_private * PRIVATE_STEPS
        + by_series * (1.1 * some + 0.3 * pool)
        + spent,
        PickTraining(0, "", "any", "1").kind: plain * PLAIN_STEPS,
        PickTraining(0, "", "any", "1", "1").kind: private * PRIVATE_STEPS + spent / 3,
    }
    return {kind: round(seconds, 2) for kind, seconds in kinds.items()}


def time_scoring(
    checkpoint: Checkpoint,
    names: Sequence[str],
    inputs: InputArray,
    targets: NDArray[np.int64],
) -> float:
    """Return how many seconds scoring one record takes, loading the model apart."""
    scorer = Scorer(checkpoint, names, torch.device("cpu"))
    some = slice(0, BATCH)
    scorer.score(names, inputs[some], targets[some])
    seconds = _timed(lambda: scorer.score(names, inputs[some], targets[some]))
    return seconds / len(targets[some])


def _timed(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started
