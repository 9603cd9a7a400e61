"""How long the work of a study of arms takes on this machine, from a few steps of each kind."""

import time

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.records.kinds.kind import InputArray
from dataselect_gui.study.arms.given import Given
from dataselect_gui.study.arms.plan import (
    DISTANCE,
    EVERYTHING,
    UNTOUCHED,
    UNTRAINED,
    ArmChoices,
    ArmTraining,
    Cell,
    JudgingTask,
)
from dataselect_gui.study.arms.records import split_arms
from dataselect_gui.study.arms.starts import start_of, taken
from dataselect_gui.study.estimating import time_scoring
from dataselect_gui.study.train import (
    PLAIN_STEPS,
    PRIVATE_BATCH,
    PRIVATE_STEPS,
    account,
    predict,
    time_step,
)

_EPSILON = "2"


def seconds_by_kind(given: Given, choices: ArmChoices) -> dict[str, float]:
    """Return how many seconds a task of each kind takes.

    Parameters
    ----------
    given : Given
        Records and checkpoint.
    choices : ArmChoices
        What is compared.
    """
    records = given.records
    count = len(records.targets)
    few = np.unique(np.linspace(0, count - 1, PRIVATE_BATCH, dtype=np.int64))
    inputs, targets = records.inputs[few], records.targets[few]
    fitting = taken(inputs, choices.start)
    parts = split_arms(records.units, count, 0)
    started = time.monotonic()
    account(float(_EPSILON), 0.1, PRIVATE_STEPS)
    accounted = time.monotonic() - started
    network = start_of(given, choices.start, 0)
    started = time.monotonic()
    predict(network, fitting)
    testing = (time.monotonic() - started) / len(few) * len(parts.held_out)
    plain, private = (
        time_step(start_of(given, choices.start, 0), fitting, targets, private=is_private)
        for is_private in (False, True)
    )
    judging = _time_judging(given, choices, inputs, targets)
    kinds = {
        JudgingTask(0, planted=False).kind: judging * len(parts.pool),
        ArmTraining(0, UNTOUCHED, UNTRAINED).kind: testing,
        ArmTraining(0, EVERYTHING, UNTRAINED).kind: plain * PLAIN_STEPS + testing,
        ArmTraining(0, EVERYTHING, Cell(False, False, _EPSILON)).kind: private * PRIVATE_STEPS
        + testing
        + accounted,
    }
    return {kind: round(seconds, 2) for kind, seconds in kinds.items()}


def _time_judging(
    given: Given, choices: ArmChoices, inputs: InputArray, targets: NDArray[np.int64]
) -> float:
    """Return how many seconds judging one record takes, by a rule or without any."""
    if choices.by_request:
        return time_scoring(given.checkpoint, choices.judged_by, inputs, targets)
    names = [name for name in choices.judged_by if name != DISTANCE] or ["loss"]
    seconds = time_scoring(given.checkpoint, names, inputs, targets)
    # Features take a pass of their own, as the loss does.
    return 2 * seconds if DISTANCE in choices.judged_by else seconds
