"""The rule of a study of arms: by which scores it goes, and from where their thresholds are.

Thresholds are made of the consortium's clean rows, or are those of its request. For a distance, means
and covariance are of one half of the clean rows, and all thresholds of the other, as in a calibration.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from dataselect_gui.calibration.calibrating import split_rows
from dataselect_gui.calibration.centres import FoundCentres, centres_of
from dataselect_gui.checkpoints.calibration import Calibration
from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.records.kinds.kind import InputArray
from dataselect_gui.scoring.last_linear import LastLinear, check_features
from dataselect_gui.scoring.model import Model, load_model, to_tensor
from dataselect_gui.selection.calibration import alpha_of_each, class_thresholds
from dataselect_gui.study.arms.given import Given
from dataselect_gui.study.arms.plan import DISTANCE, ArmChoices, CleanTask
from dataselect_gui.study.arms.records import Records
from dataselect_gui.study.arms.task_results import CleanResult
from dataselect_gui.study.stand_ins import BATCH, score_rows
from dataselect_gui.study.store import Store

Advance = Callable[[], None]
Scores = dict[str, NDArray[np.float64]]
SPLIT_SEED = "study"
"""By which clean rows are parted: a study repeated draws the same halves."""


class Judge(ABC):
    """Scores records, and knows the thresholds that they are held against."""

    @abstractmethod
    def scores(self, inputs: InputArray, targets: NDArray[np.int64], advance: Advance) -> Scores:
        """Return the scores of the rule, each of shape (n,).

        Parameters
        ----------
        inputs : ndarray
            Shape (n, …).
        targets : ndarray of int64
            Class indices, shape (n,).
        advance : callable
            Called after each batch; what it raises ends the scoring.
        """

    @property
    @abstractmethod
    def thresholds(self) -> Scores:
        """Score → the threshold of each class, shape (classes,); infinity where there is none."""


def judge_of(given: Given, choices: ArmChoices, store: Store) -> Judge:
    """Return what judges by the rule of a study."""
    if choices.by_request:
        return _ByRequest(given, choices)
    if DISTANCE in choices.judged_by:
        return ByRowsAndDistance(given, choices, store)
    return ByRows(given, choices, store)


class _ByRequest(Judge):
    """The thresholds of the request's calibration."""

    def __init__(self, given: Given, choices: ArmChoices) -> None:
        self._checkpoint, self._classes = given.checkpoint, given.classes
        self._names = choices.judged_by
        calibration = given.checkpoint.request.calibration
        assert calibration is not None
        self._calibration: Calibration = calibration

    def scores(self, inputs: InputArray, targets: NDArray[np.int64], advance: Advance) -> Scores:
        """See `Judge.scores`."""
        return _scored(self._checkpoint, self._names, inputs, targets, advance)

    @cached_property
    def thresholds(self) -> Scores:
        """See `Judge.thresholds`: as the request states them, class by class."""
        by_score: Scores = {}
        for name in self._names:
            stated = self._calibration.scores[name].classes
            there = {
                each: of_class.threshold
                for each, of_class in stated.items()
                if of_class.threshold is not None
            }
            by_score[name] = np.array([there.get(each, np.inf) for each in self._classes])
        return by_score


class ByRows(Judge):
    """Thresholds made of clean rows, whose scores are kept in the study's store."""

    def __init__(self, given: Given, choices: ArmChoices, store: Store) -> None:
        self._given, self._choices, self._store = given, choices, store

    def score_clean(self, advance: Advance) -> None:
        """Score the clean rows, and keep the result."""
        clean = self._clean
        counts = np.bincount(clean.targets, minlength=len(self._given.classes))
        result = CleanResult(counts.tolist())
        self._store.write(CleanTask.name, result, **self._measured(advance))

    def scores(self, inputs: InputArray, targets: NDArray[np.int64], advance: Advance) -> Scores:
        """See `Judge.scores`."""
        names = tuple(name for name in self._choices.judged_by if name != DISTANCE)
        return _scored(self._given.checkpoint, names, inputs, targets, advance)

    @cached_property
    def thresholds(self) -> Scores:
        """See `Judge.thresholds`: each at its part of α."""
        names, used = self._choices.judged_by, self._for_thresholds
        alpha = alpha_of_each(Decimal(self._choices.alpha), len(names))
        classes, targets = len(self._given.classes), self._clean.targets[used]
        return {
            name: class_thresholds(self._kept[name][used], targets, classes, alpha) for name in names
        }

    def _measured(self, advance: Advance) -> Scores:
        return self.scores(self._clean.inputs, self._clean.targets, advance)

    @cached_property
    def _kept(self) -> Scores:
        return self._store.arrays(CleanTask.name)

    @property
    def _for_thresholds(self) -> NDArray[np.bool_]:
        """Which clean rows thresholds are made of, shape (n,)."""
        return np.ones(len(self._clean.targets), dtype=bool)

    @property
    def _clean(self) -> Records:
        assert self._given.clean is not None
        return self._given.clean


class ByRowsAndDistance(ByRows):
    """The same with a distance: means and covariance are of the other half of the clean rows."""

    def scores(self, inputs: InputArray, targets: NDArray[np.int64], advance: Advance) -> Scores:
        """See `Judge.scores`."""
        others = super().scores(inputs, targets, advance)
        features = features_of(self._model, inputs, advance)
        return {**others, DISTANCE: self._centres.distances(features, targets)}

    def _measured(self, advance: Advance) -> Scores:
        clean = self._clean
        others = super().scores(clean.inputs, clean.targets, advance)
        features = features_of(self._model, clean.inputs, advance)
        of_half = np.where(self._for_thresholds, -1, clean.targets)
        centres = centres_of(features, of_half, len(self._given.classes))
        distances = centres.distances(features, clean.targets)
        return {**others, DISTANCE: distances, "means": centres.means, "covariance": centres.covariance}

    @property
    def _for_thresholds(self) -> NDArray[np.bool_]:
        return ~split_rows(len(self._clean.targets), SPLIT_SEED)

    @cached_property
    def _centres(self) -> FoundCentres:
        return FoundCentres(
            self._kept["means"], self._kept["covariance"], int((~self._for_thresholds).sum())
        )

    @cached_property
    def _model(self) -> Model:
        return load_model(self._given.checkpoint.final, torch.device("cpu"))


def features_of(model: Model, inputs: InputArray, advance: Advance) -> NDArray[np.float64]:
    """Return what the last linear layer is given, shape (n, width); NaN where that is not finite.

    Raises
    ------
    UnusableError
        Where the model has no such layer.
    """
    parts: list[NDArray[np.float64]] = []
    check_features(model, _batch(inputs[:2]))
    for at in range(0, len(inputs), BATCH):
        batch = _batch(inputs[at : at + BATCH])
        with torch.no_grad(), LastLinear() as last:
            model(batch)
        parts.append(last.features(len(batch)).double().numpy())
        advance()
    features = np.concatenate(parts)
    features[~np.isfinite(features).all(axis=1)] = np.nan
    return features


def _batch(inputs: NDArray[np.float32] | NDArray[np.int64]) -> torch.Tensor:
    return to_tensor(inputs, torch.device("cpu"), torch.float32)


def _scored(
    checkpoint: Checkpoint,
    names: Sequence[str],
    inputs: InputArray,
    targets: NDArray[np.int64],
    advance: Advance,
) -> Scores:
    if not names:  # The distance alone.
        return {}
    rows = np.arange(len(targets))
    return score_rows(
        checkpoint, names, lambda places: inputs[places], rows, targets, lambda _done: advance()
    )
