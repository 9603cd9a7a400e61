"""The work of a study, task by task; the result of each is kept before the next begins."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import numpy as np
import torch
from msgspec import structs
from numpy.typing import NDArray
from torch import nn

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.privacy.mechanisms.randomized_response import RandomizedResponse
from dataselect_gui.release.registry import MECHANISMS
from dataselect_gui.scoring.model import Model, load_model
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.study import libraries
from dataselect_gui.study.dataset import Dataset
from dataselect_gui.study.evaluation import Evaluation
from dataselect_gui.study.findings import Findings
from dataselect_gui.study.plan import (
    COST,
    SCORED,
    WIDTH,
    Choices,
    PickTraining,
    StandInTraining,
    reference_epsilons,
)
from dataselect_gui.study.release_draws import draw_release, public_bounds
from dataselect_gui.study.sampling import Split, flip, pick, split
from dataselect_gui.study.stand_ins import BATCH, new_series, score_rows
from dataselect_gui.study.store import Store
from dataselect_gui.study.task_results import (
    FlippedLabelsResult,
    HeldOutResult,
    LibraryResult,
    PickResult,
    ScoringTaskResult,
    StandInResult,
)
from dataselect_gui.study.tasks import (
    CHUNK,
    GIVEN,
    FlippedLabelsTask,
    LibraryTask,
    ScoringTask,
    Task,
    chunks,
    compared_scores,
    groups_of,
)
from dataselect_gui.study.train import (
    LEARNING_RATE,
    RECIPE,
    make_network,
    predict,
    recalls,
    train,
)

COMPARED = 1_000
"""How many records of the pool, at most, scores are compared on."""

Advance = Callable[[], None]
"""Called now and then; what it raises ends the task, and nothing of it is kept."""


@dataclass(frozen=True)
class _Left:
    """What a release left of a pick; see `PickResult`."""

    leaving: int | None = None
    right: int | None = None
    expected: float | None = None


class Runner:
    """Does a study.

    Parameters
    ----------
    dataset : Dataset
        The records.
    checkpoint : Checkpoint
        The consortium's.
    choices : Choices
        The owner's.
    store : Store
        Takes the results.
    """

    def __init__(
        self, dataset: Dataset, checkpoint: Checkpoint, choices: Choices, store: Store
    ) -> None:
        self._dataset, self._checkpoint = dataset, checkpoint
        self._choices, self._store = choices, store
        self.names = compared_scores(checkpoint)
        self._groups = groups_of(choices, self.names)
        self._cost = StandInTraining(0, epsilon=reference_epsilons(choices)[-1])

    def do(self, task: Task, advance: Advance) -> None:
        """Do a task, and keep its result.

        Parameters
        ----------
        task : Task
            One of `tasks_of`.
        advance : callable
            Called now and then; what it raises ends the task, and nothing of it is kept.
        """
        advance()
        match task:
            case ScoringTask():
                self._score_given(task, advance)
            case FlippedLabelsTask():
                self._score_flips(task, advance)
            case LibraryTask():
                self._ask_other(task)
            case StandInTraining():
                self._train_reference(task, advance)
            case PickTraining():
                self._train_picked(task)

    def findings(self) -> Findings:
        """Return what came of it, once all the work is done."""
        return Evaluation(self._dataset, self._choices, self._store, self.given).findings()

    # Tasks

    def _score_given(self, task: ScoringTask, advance: Advance) -> None:
        dataset, start = self._dataset, task.number * CHUNK
        places = np.arange(len(dataset.targets))[start : start + CHUNK]
        arrays = score_rows(
            self._checkpoint,
            self._groups[task.group],
            dataset.inputs,
            places,
            dataset.targets[places],
            lambda _: advance(),
        )
        if task.group == GIVEN:
            model = load_model(self._checkpoint.final, torch.device("cpu"))
            arrays["probabilities"] = predict(model, dataset.inputs(places))
        self._store.write(task.name, ScoringTaskResult(len(places)), **arrays)

    @cached_property
    def given(self) -> dict[str, NDArray[np.float64]]:
        """The scores of all records by the checkpoint, and the ``probabilities`` of the classes."""
        scores: dict[str, NDArray[np.float64]] = {}
        for group in self._groups:
            parts = [
                self._store.arrays(ScoringTask(group, number).name)
                for number in range(chunks(len(self._dataset.targets)))
            ]
            scores |= {name: np.concatenate([arrays[name] for arrays in parts]) for name in parts[0]}
        return scores

    def _score_flips(self, task: FlippedLabelsTask, advance: Advance) -> None:
        """Score some flipped records by the checkpoint, each score on its own, for the times."""
        places = self._compared(task.seed)
        labels, flipped = self._flipped(task.seed)
        some, given = places[flipped], labels[flipped]
        scorer = Scorer(self._checkpoint, self.names, torch.device("cpu"))
        inputs = self._dataset.inputs(some)
        scores = {name: self.given[name][places] for name in self.names}
        seconds = {}
        for name in self.names:
            started, parts = time.monotonic(), []
            for at in range(0, len(some), BATCH):
                advance()
                parts.append(
                    scorer.score([name], inputs[at : at + BATCH], given[at : at + BATCH])[name]
                )
            scores[name][flipped] = np.concatenate(parts)
            seconds[name] = (time.monotonic() - started) / len(some) * 1000
        self._store.write(task.name, FlippedLabelsResult(seconds), flipped=flipped, **scores)

    def _ask_other(self, task: LibraryTask) -> None:
        seed = task.seed
        places, held_out = self._compared(seed), self._split(seed).held_out
        held_out = np.random.default_rng((seed, 5)).permutation(held_out)[: libraries.TESTED]
        labels, flipped = self._flipped(seed)
        probabilities = self.given["probabilities"]
        judged = libraries.LIBRARIES[task.library](
            probabilities[places], labels, probabilities[held_out], self._dataset.targets[held_out]
        )
        seconds = judged.seconds / len(places) * 1000
        self._store.write(
            task.name, LibraryResult(seconds), flipped=flipped, suspicion=judged.suspicion
        )

    def _train_reference(self, training: StandInTraining, advance: Advance) -> None:
        dataset, parts = self._dataset, self._split(training.seed)
        network = self._network(training.width, training.seed)
        names = self._names_of(training.epsilon)
        places = self._compared(training.seed)
        labels, flipped = self._flipped(training.seed)
        started = time.monotonic()
        with new_series(network, dataset.small.shape[1:]) as (write, folder):
            privacy = train(
                network,
                dataset.small[parts.reference],
                dataset.targets[parts.reference],
                seed=training.seed,
                epsilon=_number(training.epsilon),
                on_checkpoint=write,
            )
            if privacy is not None:
                write.state(privacy)

            def score(
                some: list[str], rows: NDArray[np.int64], targets: NDArray[np.int64]
            ) -> dict[str, NDArray[np.float64]]:
                return score_rows(folder, some, self._small_inputs, rows, targets, lambda _: advance())

            scores = score(names, places, dataset.targets[places])
            again = score(names, places[flipped], labels[flipped])
            wrong = predict(network, dataset.small[places]).argmax(axis=1) != dataset.targets[places]
            arrays = {
                "wrong": wrong,
                "places": places,
                "flipped": flipped,
                **scores,
                **{f"flipped {name}": values for name, values in again.items()},
            }
            if training.epsilon == self._cost.epsilon:
                costs = score(["privacy_loss"], parts.pool, dataset.targets[parts.pool])
                arrays["cost"] = costs["privacy_loss"]
        result = StandInResult(
            **structs.asdict(self._tested(network, training.seed)),
            parameters=sum(p.numel() for p in network.parameters()),
            privacy=privacy,
            seconds=time.monotonic() - started,
        )
        self._store.write(training.name, result, **arrays)

    def _train_picked(self, training: PickTraining) -> None:
        started = time.monotonic()
        parts = self._split(training.seed)
        places, left = self._places(training)
        network = self._start(training.seed)
        privacy = None
        if len(places):
            privacy = train(
                network,
                self._trained_inputs(places),
                self._dataset.targets[places],
                seed=training.seed,
                epsilon=_number(training.epsilon),
                rate=LEARNING_RATE[self._choices.start],
            )
        cost = None
        if training.score == COST:
            costs = self._store.arrays(self._cost_of(training.seed).name)["cost"]
            cost = float(costs[np.isin(parts.pool, places)].mean())
        result = PickResult(
            **structs.asdict(self._tested(network, training.seed)),
            leaving=left.leaving,
            right=left.right,
            expected=left.expected,
            cost=cost,
            records=len(places),
            privacy=privacy,
            seconds=time.monotonic() - started,
        )
        self._store.write(training.name, result)

    def _places(self, training: PickTraining) -> tuple[NDArray[np.int64], _Left]:
        """Return which records a training sees, and what came of a release."""
        pool = self._split(training.seed).pool
        if training.mechanism is None:
            return pool[
                pick(self._scores(training, pool), training.place, training.share, training.seed)
            ], _Left()
        first = PickTraining(training.seed, self._choices.scores[0], "top", training.share)
        scores = self._scores(first, pool)
        chosen = pick(scores, "top", training.share, training.seed)
        given = self.given[first.score]
        bounds = public_bounds(given[self._split(training.seed).reference])
        assert training.release_epsilon is not None
        mechanism = MECHANISMS[training.mechanism]
        leaving, part = draw_release(
            self._dataset, pool, scores, chosen, mechanism, training.release_epsilon, bounds
        )
        if training.score == "random":
            order = np.random.default_rng((training.seed, 2)).permutation(len(pool))
            return pool[np.sort(order[: int(leaving.sum())])], _Left()
        expected = None
        if mechanism is RandomizedResponse:
            at = RandomizedResponse(max_contributions=1, epsilon=Decimal(training.release_epsilon))
            expected = at.expect(int(part.sum()), int((part & chosen).sum())).precision
        return pool[leaving], _Left(int(leaving.sum()), int((leaving & chosen).sum()), expected)

    def _scores(self, training: PickTraining, pool: NDArray[np.int64]) -> NDArray[np.float64]:
        if training.score == "random":
            return np.zeros(len(pool))
        if training.score == COST:
            costs: NDArray[np.float64] = self._store.arrays(self._cost_of(training.seed).name)["cost"]
            return costs
        return self.given[training.score][pool]

    def _tested(self, network: nn.Module, seed: int) -> HeldOutResult:
        held_out = self._split(seed).held_out
        targets = self._dataset.targets[held_out]
        is_consortiums = isinstance(network, Model)
        inputs = self._trained_inputs(held_out) if is_consortiums else self._small_inputs(held_out)
        predicted = predict(network, inputs).argmax(axis=1)
        by_class = recalls(predicted, targets, len(self._dataset.classes))
        there = [recall for recall in by_class if recall is not None]
        return HeldOutResult(
            accuracy=float((predicted == targets).mean()),
            balanced=sum(there) / len(there),
            recalls=by_class,
        )

    # What they are made of

    def _names_of(self, epsilon: str | None) -> list[str]:
        return [*SCORED, *(["privacy_loss"] if epsilon is not None else [])]

    def _cost_of(self, seed: int) -> StandInTraining:
        return StandInTraining(seed, epsilon=self._cost.epsilon)

    def _split(self, seed: int) -> Split:
        return split(self._dataset.index.units, len(self._dataset.targets), seed)

    def _compared(self, seed: int) -> NDArray[np.int64]:
        pool = self._split(seed).pool
        order = np.random.default_rng((seed, 3)).permutation(len(pool))
        return np.sort(pool[order[:COMPARED]])

    def _flipped(self, seed: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        targets = self._dataset.targets[self._compared(seed)]
        return flip(targets, len(self._dataset.classes), seed)

    def _network(self, width: int, seed: int) -> nn.Module:
        channels = self._dataset.small.shape[1]
        return make_network(channels, len(self._dataset.classes), width, seed)

    def _start(self, seed: int) -> nn.Module:
        """Return what a training on picked records starts from."""
        if self._choices.start == "scratch":
            return self._network(WIDTH, seed)
        return load_model(self._checkpoint.final, torch.device("cpu"))

    def _trained_inputs(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        if self._choices.start == "scratch":
            return self._small_inputs(places)
        return self._whole_inputs[places]

    @cached_property
    def _whole_inputs(self) -> NDArray[np.float32]:
        return self._dataset.inputs(np.arange(len(self._dataset.targets)))

    @property
    def _small_inputs(self) -> Callable[[NDArray[np.int64]], NDArray[np.float32]]:
        return lambda places: self._dataset.small[places]


def setting_of(checkpoint: Checkpoint, choices: Choices, limit: int) -> dict[str, object]:
    """Return what every result of a study depends on, beside its records."""
    return {
        "checkpoint": checkpoint.digest(),
        "most records": limit,
        "start": choices.start,
        "training": RECIPE,
        "compared": COMPARED,
    }


def _number(epsilon: str | None) -> float | None:
    return None if epsilon is None else float(epsilon)
