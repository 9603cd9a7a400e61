"""The work of a study of arms, task by task; the result of each is kept before the next begins."""

import time
from collections.abc import Callable
from functools import cached_property
from typing import assert_never

import numpy as np
from msgspec import structs
from numpy.typing import NDArray
from torch import nn

from dataselect_gui.selection.calibration import kept_by_thresholds
from dataselect_gui.study import libraries
from dataselect_gui.study.arms.choosing import Judged, chosen_by
from dataselect_gui.study.arms.given import Given
from dataselect_gui.study.arms.judging import ByRows, Judge, judge_of
from dataselect_gui.study.arms.plan import (
    LIBRARIES,
    ArmChoices,
    ArmTask,
    ArmTraining,
    CleanTask,
    JudgingTask,
)
from dataselect_gui.study.arms.planting import Pool, plant, read_planting
from dataselect_gui.study.arms.records import ArmSplit, Records, split_arms
from dataselect_gui.study.arms.starts import consortium_model, start_of, taken
from dataselect_gui.study.arms.task_results import (
    ArmTaskResult,
    JudgedResult,
)
from dataselect_gui.study.store import Store
from dataselect_gui.study.task_results import HeldOutResult
from dataselect_gui.study.train import (
    LEARNING_RATE,
    predict,
    recalls,
    train,
)

Advance = Callable[[], None]
"""Called now and then; what it raises ends the task, and nothing of it is kept."""


class ArmRunner:
    """Does a study of arms.

    Parameters
    ----------
    given : Given
        Records and checkpoint.
    choices : ArmChoices
        What is compared.
    store : Store
        Takes the results.
    """

    def __init__(self, given: Given, choices: ArmChoices, store: Store) -> None:
        self._given, self._choices, self._store = given, choices, store
        self._pools: dict[tuple[int, bool], Pool] = {}

    def do(self, task: ArmTask, advance: Advance) -> None:
        """Do a task, and keep its result.

        Parameters
        ----------
        task : ArmTask
            One of `arm_tasks`.
        advance : callable
            Called now and then; what it raises ends the task, and nothing of it is kept.
        """
        advance()
        match task:
            case CleanTask():
                assert isinstance(self._judging, ByRows)
                self._judging.score_clean(advance)
            case JudgingTask():
                self._judge(task, advance)
            case ArmTraining():
                self._train(task)
            case never:
                assert_never(never)

    # Tasks

    def _judge(self, task: JudgingTask, advance: Advance) -> None:
        pool = self._pool(task.seed, planted=task.planted)
        scores = self._judging.scores(pool.inputs, pool.targets, advance)
        kept = kept_by_thresholds(scores, pool.targets, self._judging.thresholds)
        suspicions = {}
        for name in self._choices.libraries:
            advance()
            suspicions[name] = libraries.LIBRARIES[name](
                predict(self._model, pool.inputs), pool.targets, *self._tested_clean
            ).suspicion
        result = JudgedResult(records=len(kept), left_out=int((~kept).sum()))
        self._store.write(task.name, result, kept=kept, dirt=pool.dirt, **suspicions)

    def _train(self, training: ArmTraining) -> None:
        started, cell = time.process_time(), training.cell
        pool = self._pool(training.seed, planted=cell.planted)
        places = chosen_by(
            training.arm, self._judged(training), seed=training.seed, planted=cell.planted
        )
        inputs, targets = pool.inputs[places], pool.targets[places]
        if cell.mixed:
            rows = self._given.rows
            assert rows is not None
            inputs = np.concatenate([inputs, rows.inputs])
            targets = np.concatenate([targets, rows.targets])
        network, privacy = start_of(self._given, self._choices.start, training.seed), None
        if len(targets) and training.arm.kind != "untouched":
            privacy = train(
                network,
                taken(inputs, self._choices.start),
                targets,
                seed=training.seed,
                epsilon=None if cell.epsilon is None else float(cell.epsilon),
                rate=LEARNING_RATE[self._choices.start],
            )
        result = ArmTaskResult(
            **structs.asdict(self._tested(network, training.seed)),
            records=len(places),
            privacy=privacy,
            seconds=time.process_time() - started,
        )
        self._store.write(training.name, result)

    def _judged(self, training: ArmTraining) -> Judged:
        """Return what is known of the records of a pool when an arm chooses."""
        pool = self._pool(training.seed, planted=training.cell.planted)
        units = self._given.records.units
        whose = None
        if units is not None:
            whose = np.unique(np.array(units), return_inverse=True)[1][pool.origins]
        if not self._choices.has_rule:
            return Judged(pool.dirt, None, {}, whose)
        task = JudgingTask(training.seed, training.cell.planted)
        arrays = self._store.arrays(task.name)
        suspicions: dict[str, NDArray[np.float64]] = {
            name: arrays[name] for name in LIBRARIES if name in arrays
        }
        return Judged(pool.dirt, arrays["kept"], suspicions, whose)

    def _tested(self, network: nn.Module, seed: int) -> HeldOutResult:
        records, held_out = self._given.records, self._split(seed).held_out
        targets = records.targets[held_out]
        predicted = predict(network, taken(records.inputs[held_out], self._choices.start)).argmax(
            axis=1
        )
        by_class = recalls(predicted, targets, len(self._given.classes))
        there = [recall for recall in by_class if recall is not None]
        return HeldOutResult(
            accuracy=float((predicted == targets).mean()),
            balanced=sum(there) / len(there),
            recalls=by_class,
        )

    # What they are made of

    def _split(self, seed: int) -> ArmSplit:
        records = self._given.records
        return split_arms(records.units, len(records.targets), seed)

    def _pool(self, seed: int, *, planted: bool) -> Pool:
        """Return the records that arms choose from; the last ones are kept."""
        key = (seed, planted)
        if key not in self._pools:
            records, places = self._given.records, self._split(seed).pool
            clean = np.zeros(len(places), dtype=np.int8)
            pool = Pool(records.inputs[places], records.targets[places], places, clean)
            if planted:
                planting, strangers = read_planting(self._choices.plant), self._given.strangers
                pool = plant(
                    pool,
                    planting,
                    seed,
                    self._confused_with(pool, is_needed=planting.confusable > 0),
                    None if strangers is None else strangers.inputs,
                )
            self._pools = {key: pool}
        return self._pools[key]

    def _confused_with(self, pool: Pool, *, is_needed: bool) -> NDArray[np.int64]:
        """Return of each class the one that the checkpoint gives most weight to beside it."""
        classes = len(self._given.classes)
        if not is_needed:
            return (np.arange(classes) + 1) % classes
        probabilities = predict(self._model, pool.inputs)
        weights = np.zeros((classes, classes))
        np.add.at(weights, pool.targets, probabilities[:, :classes])
        np.fill_diagonal(weights, -1)
        confused: NDArray[np.int64] = weights.argmax(axis=1)
        return confused

    @cached_property
    def _judging(self) -> Judge:
        return judge_of(self._given, self._choices, self._store)

    @property
    def _clean(self) -> Records:
        assert self._given.clean is not None
        return self._given.clean

    @cached_property
    def _tested_clean(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the probabilities and classes of some of the clean rows."""
        clean = self._clean
        order = np.random.default_rng(0).permutation(len(clean.targets))[: libraries.TESTED]
        return predict(self._model, clean.inputs[order]), clean.targets[order]

    @cached_property
    def _model(self) -> nn.Module:
        return consortium_model(self._given.checkpoint)
