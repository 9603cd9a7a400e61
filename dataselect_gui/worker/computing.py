"""Compute scores batch by batch. Nothing is written here, and no record decides about another one.

A batch has one size and one of the public shapes of input, whatever its records hold. Where there are
several shapes, as of texts, records wait in their places of batches of their shape until enough of them
have come. A record without an input leaves its place empty, and one whose input has no public
shape is computed by itself. Where a computation fails because of what a record holds, that is the
record's own affair.
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.norms.memory import is_out_of_memory
from dataselect_gui.records.kinds.kind import InputArray
from dataselect_gui.scoring.memory import release_memory
from dataselect_gui.scoring.public_shapes import Shape
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.scoring.synthetic import filler
from dataselect_gui.tasks.answers import Answers
from dataselect_gui.tasks.task import Targets
from dataselect_gui.texts import N_, _
from dataselect_gui.worker.batches import BatchScores
from dataselect_gui.worker.input_loading import (
    InputLoader,
    LoadedBatch,
    LoadedInput,
    LoadedInputs,
    stacked,
)

_DEPTH = 4
"""So many batches of a shape may wait, where there are several: few of their places stay empty."""
_NO_CLASS = N_("Its label is none of the classes that the model tells apart.")
_NO_RESULT = N_("The model cannot be computed for what it holds.")
_OWN_SHAPE = N_("Its input has a shape of its own, {shape}, and the model cannot be computed for that.")
_OWN_MEMORY = N_("Its input has a shape of its own, {shape}, for which there is not enough memory.")
Scores = dict[str, NDArray[np.float64]]
"""The values of some records by each score."""
Hold = Callable[[str | None], AbstractContextManager[None]]
"""Leaves a mark while something is computed: a batch, or a record, by its id, by itself."""


class Computation:
    """Computes the scores of records.

    Parameters
    ----------
    scorer : Scorer
        Made for the scores.
    names : sequence of str
        The scores.
    shapes : sequence of tuple of int
        Those of records' inputs, as everybody may know them; with none every record is computed by
        itself.
    size : int
        How many places a batch has; also an attribute.
    ids : sequence of str
        The ids of the records.
    targets : ndarray
        Of the records, as the checkpoint's task has them, one row per record.
    hold : callable
        See `Hold`.
    places : int
        How many classes or numbers of an answer are kept.
    """

    def __init__(
        self,
        scorer: Scorer,
        names: Sequence[str],
        shapes: Sequence[Shape],
        size: int,
        ids: Sequence[str],
        targets: Targets,
        hold: Hold,
        places: int = 1,
    ) -> None:
        self._scorer, self._names, self.size, self._places = scorer, names, size, places
        self._waiting = {shape: _Waiting(size) for shape in shapes}
        self._fits: dict[Shape, NDArray[np.bool_]] = {}
        self._ids, self._targets, self._hold = ids, targets, hold

    def results(self, loader: InputLoader, batches: NDArray[np.int64]) -> Generator[BatchScores]:
        """Compute batch after batch, reading ahead.

        Parameters
        ----------
        loader : InputLoader
            Reads records.
        batches : ndarray of int64
            See `in_batches`.

        Raises
        ------
        MemoryError, RuntimeError
            Where a batch does not fit into memory; see `is_out_of_memory`.
        """
        # Beside a processor that computes, a second thread would only take its time.
        is_cpu = self._scorer.device.type == "cpu"
        threads = 1 if is_cpu else min(8, os.cpu_count() or 1)
        with closing(loader.ahead(batches, threads)) as loaded:
            for batch in loaded:
                yield from self._results_of(loader, batch)
        for waiting in self._waiting.values():
            while waiting.count:
                yield self.together(waiting.first())

    def _results_of(self, loader: InputLoader, batch: LoadedBatch) -> Iterator[BatchScores]:
        lacking, reasons = list[int](), dict[int, str]()
        handled = 0
        for loaded in batch.inputs:
            fits = self._fits_of(loaded.values.shape[1:])[loaded.rows]
            without = loaded.rows[~fits].tolist()
            lacking += without
            reasons |= dict.fromkeys(without, _(_NO_CLASS))
            handled += len(without)
            yield from self._as_they_come(loaded if fits.all() else loaded.some(fits))
        alone = []
        for record in batch.others:
            if record.is_odd:
                alone.append(record.row)
                continue
            handled += 1
            if record.problem:
                reasons[record.row] = record.problem
            if not record.has_changed:
                lacking.append(record.row)
        if handled:
            yield BatchScores(
                np.array(lacking, dtype=np.int64), *self._nothing(len(lacking)), reasons, handled
            )
        for row in alone:
            yield self._alone(loader.load(row))

    def _as_they_come(self, loaded: LoadedInputs) -> Iterator[BatchScores]:
        """Compute what is read for one batch; where there are several shapes, have it wait for more."""
        if not len(loaded.rows):
            return
        if len(self._waiting) == 1:
            yield self.together(loaded)
            return
        waiting = self._waiting[loaded.values.shape[1:]]
        waiting.add(loaded)
        while waiting.count >= _DEPTH * self.size:
            yield self.together(waiting.first())

    def together(self, loaded: LoadedInputs) -> BatchScores:
        """Compute the records of a batch, by their places in it."""
        inputs, targets = self._empty(loaded.values.shape[1:])
        inputs[loaded.places] = loaded.values
        targets[loaded.places] = self._targets[loaded.rows]
        with self._hold(None):
            scores, answers, failed = self._score(inputs, targets, loaded.places.tolist())
        return BatchScores(
            loaded.rows,
            {name: values[loaded.places] for name, values in scores.items()},
            answers.at(loaded.places),
            {row: _(_NO_RESULT) for row in loaded.rows[failed].tolist()},
            len(loaded.rows),
        )

    def _score(
        self, inputs: InputArray, targets: Targets, places: Sequence[int]
    ) -> tuple[Scores, Answers, list[int]]:
        """Score a batch; returns also which of the records in these places that fails for."""
        try:
            return *self._came_to(inputs, targets), []
        except Exception as error:
            if is_out_of_memory(error):
                raise
        # In its own place, beside empty ones, a record comes to the same digits.
        shape = inputs.shape[1:]
        self._came_to(*self._empty(shape))  # Where this fails, no record is to blame.
        scores, answers = self._nothing(self.size)
        failed = []
        for number, place in enumerate(places):
            own, label = self._empty(shape)
            own[place], label[place] = inputs[place], targets[place]
            try:
                single, answer = self._came_to(own, label)
            except Exception as error:
                if is_out_of_memory(error):
                    raise
                failed.append(number)
                continue
            for name, values in single.items():
                scores[name][place] = values[place]
            answers.put(np.array([place]), answer.at(np.array([place])))
        return scores, answers, failed

    def _came_to(self, inputs: InputArray, targets: Targets) -> tuple[Scores, Answers]:
        return self._scorer.score_and_answer(self._names, inputs, targets, self._places)

    def _nothing(self, records: int) -> tuple[Scores, Answers]:
        """Return what records come to that cannot be computed."""
        scores = {name: np.full(records, np.nan) for name in self._names}
        return scores, Answers.none(records, self._places)

    def _empty(self, shape: Shape) -> tuple[InputArray, Targets]:
        """Return a batch without a record."""
        targets = self._scorer.task.unlabelled(self.size, self._outputs(shape))
        return filler((self.size, *shape), self._scorer.model.vocabulary), targets

    def _outputs(self, shape: Shape) -> int:
        """Return how many numbers the model returns for a record of a batch of a shape."""
        return self._scorer.prepare((self.size, *shape))

    def _fits_of(self, shape: Shape) -> NDArray[np.bool_]:
        """Say of which records the model can predict the label, by the inputs' shape."""
        if shape not in self._fits:
            self._fits[shape] = self._scorer.task.fits(self._targets, self._outputs(shape))
        return self._fits[shape]

    def _alone(self, record: LoadedInput) -> BatchScores:
        """Compute a record whose input has a shape of its own."""
        scores, answers = self._nothing(1)
        reason = record.problem
        if record.values is not None:
            shape = " × ".join(map(str, record.values.shape))
            try:
                with self._hold(self._ids[record.row]):
                    scores, answers, reason = self._score_alone(record.row, record.values[None])
            except Exception as error:  # Whatever it is, it comes of this record's own shape.
                reason = _(_OWN_MEMORY if is_out_of_memory(error) else _OWN_SHAPE, shape=shape)
        if record.values is not None and reason:
            release_memory()
        rows = np.array([] if record.has_changed else [record.row], dtype=np.int64)
        values = {name: column[: len(rows)] for name, column in scores.items()}
        reasons = {record.row: reason} if reason else {}
        return BatchScores(rows, values, answers.at(slice(len(rows))), reasons, handled=1)

    def _score_alone(self, row: int, inputs: InputArray) -> tuple[Scores, Answers, str]:
        label = self._targets[row : row + 1]
        if not self._scorer.task.fits(label, self._scorer.prepare(inputs.shape)).all():
            return *self._nothing(1), _(_NO_CLASS)
        return *self._came_to(inputs, label), ""


class _Waiting:
    """Records of one shape that wait, each in its place, for the batches of that shape.

    Attributes
    ----------
    count : int
        How many there are.
    """

    def __init__(self, size: int) -> None:
        self._at = [deque[tuple[int, InputArray]]() for _place in range(size)]
        self.count = 0

    def add(self, loaded: LoadedInputs) -> None:
        """Take further records."""
        rows, places = loaded.rows.tolist(), loaded.places.tolist()
        for row, place, values in zip(rows, places, loaded.values, strict=True):
            self._at[place].append((row, values))
        self.count += len(rows)

    def first(self) -> LoadedInputs:
        """Take out the first record of each place that has any; there is at least one."""
        taken = [(place, *waiting.popleft()) for place, waiting in enumerate(self._at) if waiting]
        places, rows, values = zip(*taken, strict=True)
        self.count -= len(rows)
        return LoadedInputs(np.array(rows), np.array(places), stacked(values))
