"""The work of a study of arms, task by task; the result of each is kept before the next begins."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Self, assert_never

import numpy as np
import torch
from msgspec import structs
from numpy.typing import NDArray
from torch import Tensor, nn

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.records.kinds.kind import InputArray, ToInput
from dataselect_gui.scoring.model import load_model
from dataselect_gui.selection.calibration import (
    alpha_of_each,
    class_thresholds,
    kept_by_thresholds,
)
from dataselect_gui.study import libraries
from dataselect_gui.study.arms.choosing import Judged, chosen_by
from dataselect_gui.study.arms.plan import (
    LIBRARIES,
    ArmChoices,
    ArmTask,
    ArmTraining,
    CleanTask,
    JudgingTask,
)
from dataselect_gui.study.arms.planting import Pool, plant, read_planting
from dataselect_gui.study.arms.records import ArmSplit, Records, Strangers, in_length, split_arms
from dataselect_gui.study.arms.task_results import (
    MIXED_ROWS,
    ArmTaskResult,
    CleanResult,
    JudgedResult,
    MixedRows,
)
from dataselect_gui.study.dataset import shrunk
from dataselect_gui.study.plan import WIDTH, Start
from dataselect_gui.study.stand_ins import score_rows
from dataselect_gui.study.store import Store, other_study
from dataselect_gui.study.task_results import HeldOutResult
from dataselect_gui.study.train import (
    LEARNING_RATE,
    RECIPE,
    make_network,
    predict,
    recalls,
    train,
)
from dataselect_gui.texts import _

JUDGED_BY = ("loss",)
"""The scores of the rule; α is split evenly among them."""

Advance = Callable[[], None]
"""Called now and then; what it raises ends the task, and nothing of it is kept."""


@dataclass(frozen=True)
class Given:
    """What a study of arms is given.

    Attributes
    ----------
    records : Records
        The owner's.
    clean : Records or None
        Clean rows of the consortium that its model was not trained on.
    rows : Records or None
        Rows of the consortium that are mixed in.
    strangers : Strangers or None
        Records of something else, to be planted.
    checkpoint : Checkpoint
        The consortium's.
    classes : tuple of str
        Their names by index.
    """

    records: Records
    clean: Records | None
    rows: Records | None
    strangers: Strangers | None
    checkpoint: Checkpoint
    classes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        records: Records,
        clean: Records | None,
        rows: Records | None,
        strangers: Strangers | None,
        checkpoint: Checkpoint,
        names: Sequence[str],
        to_input: ToInput,
    ) -> Self:
        """Return it with inputs of one shape, and a name for every class.

        Raises
        ------
        UnusableError
            Where inputs of two sources have different shapes.
        """
        there = [each for each in (records, clean, rows, strangers) if each is not None]
        longest = max(each.inputs.shape[-1] for each in there)
        records = replace(records, inputs=in_length(records.inputs, longest, to_input))
        if clean is not None:
            clean = replace(clean, inputs=in_length(clean.inputs, longest, to_input))
        if rows is not None:
            rows = replace(rows, inputs=in_length(rows.inputs, longest, to_input))
        if strangers is not None:
            strangers = replace(strangers, inputs=in_length(strangers.inputs, longest, to_input))
        for other in (clean, rows, strangers):
            if other is not None and other.inputs.shape[1:] != records.inputs.shape[1:]:
                raise UnusableError(
                    _("The sources do not go together."),
                    _("The checkpoint's processor makes inputs of another size of each."),
                    _("Name sources of the same kind and size."),
                )
        largest = max(int(each.targets.max()) for each in (records, clean, rows) if each is not None)
        classes = tuple(names) or tuple(str(index) for index in range(largest + 1))
        return cls(records, clean, rows, strangers, checkpoint, classes)


def arms_setting(given: Given, choices: ArmChoices, limit: int) -> dict[str, object]:
    """Return what every result of a study of arms depends on."""
    return {
        "question": "arms",
        "records": given.records.digest,
        "clean rows": None if given.clean is None else given.clean.digest,
        "foreign records": None if given.strangers is None else given.strangers.digest,
        "checkpoint": given.checkpoint.digest(),
        "most records": limit,
        "start": choices.start,
        "planted": choices.plant,
        "alpha": choices.alpha,
        "rule": list(JUDGED_BY),
        "training": RECIPE,
        "seeds of chance": "the numbers of the repetitions, from 0 on",
    }


def check_rows(given: Given, store: Store) -> None:
    """Hold the rows that are mixed in against those of earlier runs, in which there may have been none.

    Raises
    ------
    OtherStudyError
        Where they were others.
    """
    if given.rows is None:
        return
    mixed = MixedRows(given.rows.digest)
    if not store.has(MIXED_ROWS):
        store.write(MIXED_ROWS, mixed)
    elif store.read(MIXED_ROWS, MixedRows) != mixed:
        raise other_study(store.folder)


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
                self._score_clean(task, advance)
            case JudgingTask():
                self._judge(task, advance)
            case ArmTraining():
                self._train(task)
            case never:
                assert_never(never)

    # Tasks

    def _score_clean(self, task: CleanTask, advance: Advance) -> None:
        clean = self._clean
        scores = self._scores(clean.inputs, clean.targets, advance)
        counts = np.bincount(clean.targets, minlength=len(self._given.classes))
        self._store.write(task.name, CleanResult(counts.tolist()), **scores)

    def _judge(self, task: JudgingTask, advance: Advance) -> None:
        pool = self._pool(task.seed, planted=task.planted)
        scores = self._scores(pool.inputs, pool.targets, advance)
        kept = kept_by_thresholds(scores, pool.targets, self._thresholds)
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

    def _scores(
        self, inputs: InputArray, targets: NDArray[np.int64], advance: Advance
    ) -> dict[str, NDArray[np.float64]]:
        rows = np.arange(len(targets))
        return score_rows(
            self._given.checkpoint,
            JUDGED_BY,
            lambda places: inputs[places],
            rows,
            targets,
            lambda _done: advance(),
        )

    @cached_property
    def _thresholds(self) -> dict[str, NDArray[np.float64]]:
        scores = self._store.arrays(CleanTask.name)
        alpha = alpha_of_each(Decimal(self._choices.alpha), len(JUDGED_BY))
        return {
            name: class_thresholds(scores[name], self._clean.targets, len(self._given.classes), alpha)
            for name in JUDGED_BY
        }

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


class _TwoLogits(nn.Module):
    """A model of one logit f, as the same model of the logits (0, f)."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits, shape (batch, 2)."""
        logit: Tensor = self.inner(inputs)
        return torch.cat([torch.zeros_like(logit), logit], dim=1)


def consortium_model(checkpoint: Checkpoint) -> nn.Module:
    """Return the final model with a logit for each class, anew at each call.

    Raises
    ------
    UnusableError
        Where it has nothing that could be trained.
    """
    model = load_model(checkpoint.final, torch.device("cpu"))
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise UnusableError(
            _("The consortium's model cannot be trained."),
            _("None of its numbers are parameters that a training would change."),
            _("Let the trainings start from scratch: --start scratch."),
        )
    return _TwoLogits(model) if checkpoint.task.name == "binary" else model


def start_of(given: Given, start: Start, seed: int) -> nn.Module:
    """Return what a training starts from, anew at each call.

    Raises
    ------
    UnusableError
        Where a network from scratch would be for records that are no images.
    """
    if start == "checkpoint":
        return consortium_model(given.checkpoint)
    if given.records.inputs.ndim != 4:
        raise UnusableError(
            _("The trainings cannot start from scratch."),
            _("The study's own network is for images; these records are none."),
            _("Let them start from the consortium's model: --start checkpoint."),
        )
    return make_network(given.records.inputs.shape[1], len(given.classes), WIDTH, seed)


def taken(inputs: InputArray, start: Start) -> InputArray:
    """Return inputs as what is trained takes them: images averaged down for the study's own network."""
    if start == "checkpoint":
        return inputs
    return np.stack([shrunk(image) for image in inputs.astype(np.float32)])
