"""Score batches of inputs with the checkpoints: scores asked for together share their passes."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dataselect_gui.checkpoints.checkpoint import Checkpoint, Member
from dataselect_gui.checkpoints.task import check_outputs
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.norms.gradient_norms import GradientNorms
from dataselect_gui.records.kinds.kind import InputArray
from dataselect_gui.scoring.answering import answers_of
from dataselect_gui.scoring.arithmetic import flushed_denormals
from dataselect_gui.scoring.catalog import find_mapped_score, find_model_score
from dataselect_gui.scoring.centres import load_centres
from dataselect_gui.scoring.direction import load_class_directions, load_direction
from dataselect_gui.scoring.last_linear import check_features
from dataselect_gui.scoring.memory import Need, PeakMemory
from dataselect_gui.scoring.model import Model, in_precision, load_model, to_tensor
from dataselect_gui.scoring.names import Precision
from dataselect_gui.scoring.parts import Measured, Parts, joined, parts_of, quantities_of
from dataselect_gui.scoring.quantities import MeasuredBatch, State
from dataselect_gui.scoring.scores.base import ModelScore, Quantity
from dataselect_gui.scoring.synthetic import synthetic
from dataselect_gui.tasks.answers import Answers
from dataselect_gui.tasks.task import Targets
from dataselect_gui.texts import _, ngettext

COMPANY_TOLERANCE = 1e-4
"""How far a record's logits may move with its company, relative to the largest: rounding, no more."""
_SCORE_TOLERANCE = 5e-2
"""How far its other scores may: rounding at a kink of the network moves a gradient by a hundredth."""

TRIED = 2, 6
"""How many records the batches have whose memory is measured."""
_MET = 4
"""How many made-up records are tried in each other's company."""
_PASSES = 3
"""After so many, no further parameter can turn out to have no rule."""

Maps = dict[str, NDArray[np.float64]]


class Scorer:
    """The models that a set of scores needs, loaded and ready.

    Parameters
    ----------
    checkpoint : Checkpoint
        The consortium's.
    names : sequence of str
        The scores to compute.
    device : torch.device
        Where to compute.
    precision : str
        ``float32`` or ``float64``.

    Attributes
    ----------
    device : torch.device
        Where it is computed.
    precision : str
        ``float32`` or ``float64``.
    task : Task
        What the model predicts.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        names: Sequence[str],
        device: torch.device,
        precision: Precision = "float32",
    ) -> None:
        self._checkpoint, self.device = checkpoint, device
        self._scores = {name: find_model_score(name) for name in names}
        self._request, self.task = checkpoint.request, checkpoint.task
        self.precision = precision
        self._dtype = {"float32": torch.float32, "float64": torch.float64}[precision]
        if self._dtype == torch.float64 and device.type == "mps":
            raise UsageError(
                _("Scores cannot be computed in float64 on this device."),
                _("GPUs of Apple have no float64."),
                _("Use --device cpu, or leave the precision out."),
            )
        self._prepared: dict[tuple[int, ...], int] = {}
        self._met: set[tuple[int, ...]] = set()
        self._load()

    @property
    def model(self) -> Model:
        """The final checkpoint's, in that precision."""
        return self._final.model

    @property
    def paths(self) -> dict[str, str]:
        """How each parameter's norm is computed; complete after a batch with gradients."""
        return self._final.norms.paths

    @property
    def operations(self) -> set[str]:
        """What the models are made of; complete after a batch with gradients."""
        return set().union(*(state.norms.operations for state in self._states))

    def _load(self) -> None:
        """Load every state that a score reads, once; the final one is the first."""
        members, self._places = [self._checkpoint.final], dict[str, list[int]]()
        for name, score in self._scores.items():
            read = self._read_by(score)
            members += [member for member in read if member not in members]
            self._places[name] = [members.index(member) for member in read]
        self._states = [self._state(member, place) for place, member in enumerate(members)]

    def _read_by(self, score: ModelScore) -> list[Member]:
        """Return the states that a score reads, in the order that it takes them in."""
        checkpoint = self._checkpoint
        if score.is_over_series:
            return [checkpoint.series[place] for place in score.members(len(checkpoint.series))]
        if score.reads_reference:
            assert checkpoint.reference is not None  # The score needs it.
            return [checkpoint.final, checkpoint.reference]
        return [checkpoint.final]

    def _reading(self, scores: Iterable[ModelScore], place: int) -> list[ModelScore]:
        """Return those of some scores that read a state."""
        return [score for score in scores if place in self._places[score.name]]

    def _state(self, member: Member, place: int) -> State:
        model = in_precision(load_model(member, self.device), self._dtype)
        state = State(model, GradientNorms(model, model.embedding), self.task)
        needs = quantities_of(self._reading(self._scores.values(), place))
        if Quantity.PRODUCT in needs:
            state.direction = load_direction(self._checkpoint.read_direction(), model)
        if Quantity.CLASS_PRODUCT in needs:
            state.class_directions = load_class_directions(self._checkpoint.read_calibration(), model)
        if Quantity.CLASS_DISTANCE in needs:
            content, shrinkage = self._checkpoint.read_calibration(), self._request.shrinkage
            state.centres = load_centres(content, shrinkage, self.device)
        return state

    @property
    def _final(self) -> State:
        return self._states[0]

    def prepare(self, shape: Sequence[int]) -> int:
        """Find out on made-up records how batches of a shape are computed, and keep to it.

        So no record decides how another one is computed. `score` does it where it was not done.

        Parameters
        ----------
        shape : sequence of int
            That of a whole batch, (batch, …).

        Returns
        -------
        int
            How many numbers the model returns for a record of such a batch.

        Raises
        ------
        UnusableError
            Where the model does not take such a batch, mixes its records, comes to no finite number, or
            returns something else than its task says.
        """
        shape = tuple(shape)
        if shape in self._prepared:
            return self._prepared[shape]
        inputs = synthetic(shape, self.model.vocabulary)
        size = torch.Size((1, *shape[1:]) if self._goes_one_at_a_time else shape)
        outputs = self._count_outputs(inputs[:_MET])
        check_outputs(self.task, outputs, len(self._checkpoint.labels))
        targets = self.task.made_up(len(inputs), outputs)
        for state in self._states:
            if state.centres is not None:
                check_features(state.model, self._tensor(inputs[:_MET]))
        if len(inputs) > 1 and shape[1:] not in self._met:
            self.check_independence(inputs[:_MET], targets[:_MET])
            self._met.add(shape[1:])
        norms = [state.norms for state in self._states]
        for _pass in range(_PASSES):
            self._score(list(self._scores), inputs, targets)
            if all(each.is_settled(size) for each in norms):
                break
        for each in norms:
            each.settle(size)
        self._prepared[shape] = outputs
        return outputs

    @property
    def _goes_one_at_a_time(self) -> bool:
        """Whether some state's graph does something that has no rule for several records."""
        return any(state.model.batching == "one at a time" for state in self._states)

    @flushed_denormals()
    def _count_outputs(self, inputs: InputArray) -> int:
        with torch.no_grad():
            logits = self._final.model(self._tensor(inputs))
        if not logits.isfinite().all(dim=1).any():
            raise _no_numbers()
        return int(logits.shape[1])

    def need(self, shape: Sequence[int]) -> Need:
        """Find out how much memory a batch takes, by scoring two small ones of made-up records.

        Parameters
        ----------
        shape : sequence of int
            Of one record's input.
        """
        peaks = []
        for rows in TRIED:
            inputs = synthetic((rows, *shape), self.model.vocabulary)
            targets = self.task.made_up(rows, self.prepare(inputs.shape))
            with PeakMemory() as memory:
                self.score(list(self._scores), inputs, targets)
            peaks.append(memory.peak)
        (few, many), (low, high) = TRIED, peaks
        per_record = max(0, high - low) // (many - few)
        return Need(max(0, low - few * per_record), per_record)

    def check_independence(self, inputs: InputArray, targets: Targets) -> None:
        """Refuse a model for which a record's result plainly depends on the records beside it.

        This tells of honest mistakes early. No promise rests on it: a graph may mix on a sign that no
        made-up record gives.

        A graph may mix records in its gradients alone, or where its logits are drowned by a large one;
        so the scores themselves are held against those of two of the records alone, too.

        Parameters
        ----------
        inputs : ndarray
            A few made-up records, shape (batch, …); at least two.
        targets : ndarray
            As `score` takes them.

        Raises
        ------
        UnusableError
            Where the model mixes the records of a batch, does not take these inputs, or returns finite
            numbers for none of them.
        """
        batch = self._tensor(inputs)
        for state in self._states:
            with torch.no_grad():
                together = state.model(batch)
                alone = torch.cat([state.model(record[None]) for record in batch])
            if not together.isfinite().all(dim=1).any():
                raise _no_numbers()
            scale = float(together[together.isfinite()].abs().max())
            if not torch.allclose(
                together, alone, rtol=0.0, atol=COMPANY_TOLERANCE * scale, equal_nan=True
            ):
                raise _mixing()
        names = list(self._scores)
        scores = self._score(names, inputs, targets)
        for row in (0, len(inputs) - 1):
            place = slice(row, row + 1)
            own = self._score(names, inputs[place], targets[place])
            for name, values in scores.items():
                score = self._scores[name]
                tolerance = _SCORE_TOLERANCE if score.is_of_gradients else COMPANY_TOLERANCE
                # What is close to zero by chance counts by its size on the whole.
                sizes = np.abs(values) if score.is_signed else np.abs(values[place])
                allowed = tolerance * float(np.nan_to_num(sizes).max())
                if _differ(float(own[name][0]), float(values[row]), allowed):
                    raise _mixing()

    def score(
        self, names: Sequence[str], inputs: InputArray, targets: Targets
    ) -> dict[str, NDArray[np.float64]]:
        """Score one batch.

        Parameters
        ----------
        names : sequence of str
            Some of the scores that the scorer was made for.
        inputs : ndarray
            Shape (batch, …), of equal shape.
        targets : ndarray
            As the task has them, one row per record.

        Returns
        -------
        dict
            For each score an array of shape (batch,); NaN where a score needs a label and there is
            none, or where it comes to no finite number.

        Raises
        ------
        UnusableError
            As `prepare` does; or where a label is none that the model can predict.
        """
        return self.score_and_answer(names, inputs, targets)[0]

    def score_and_answer(
        self, names: Sequence[str], inputs: InputArray, targets: Targets, places: int = 1
    ) -> tuple[dict[str, NDArray[np.float64]], Answers]:
        """Score one batch, and say what the final checkpoint answers: the same pass tells both.

        Parameters
        ----------
        names, inputs, targets
            As `score` takes them; without names the batch goes forward alone.
        places : int
            How many classes or numbers of an answer are kept.

        Returns
        -------
        dict
            See `score`.
        Answers
            One for each record.
        """
        self.prepare(inputs.shape)
        measured = self._measure_all(names, inputs, targets)
        scores = self._values(names, measured.parts, targets)
        return scores, answers_of(self.task, measured.logits, targets, places)

    def _score(
        self, names: Sequence[str], inputs: InputArray, targets: Targets
    ) -> dict[str, NDArray[np.float64]]:
        return self._values(names, self._measure_all(names, inputs, targets).parts, targets)

    def _measure_all(self, names: Sequence[str], inputs: InputArray, targets: Targets) -> Measured:
        wanted = [self._scores[name] for name in names]
        given = torch.from_numpy(targets).to(self.device)
        return self._measure(wanted, self._tensor(inputs), given)

    def _values(
        self, names: Sequence[str], parts: list[Parts], targets: Targets
    ) -> dict[str, NDArray[np.float64]]:
        wanted = [self._scores[name] for name in names]
        scored = {
            score.name: score.values(self._parts_of(score, parts), self._request).double().cpu().numpy()
            for score in wanted
        }
        for score in wanted:
            if score.needs_label:
                scored[score.name][~self.task.is_labelled(targets)] = np.nan
            scored[score.name][~np.isfinite(scored[score.name])] = np.nan
        return scored

    def maps(self, names: Sequence[str], inputs: InputArray, targets: Targets) -> Maps:
        """Return maps for a few records.

        Parameters
        ----------
        names : sequence of str
            Scores that have one.
        inputs, targets
            As `score` takes them.

        Returns
        -------
        dict
            For each score an array of shape (batch, …): as the input's, without its channels.
        """
        self.prepare(inputs.shape)
        wanted = [find_mapped_score(name) for name in names]
        given = torch.from_numpy(targets).to(self.device)
        parts = self._measure(wanted, self._tensor(inputs), given).parts
        return {score.name: score.map(self._parts_of(score, parts)).cpu().numpy() for score in wanted}

    @flushed_denormals()
    def _measure(self, wanted: Sequence[ModelScore], batch: Tensor, given: Tensor) -> Measured:
        """Return what the scores keep of each state, and the logits at the final one."""
        if len(batch) > 1 and self._goes_one_at_a_time:
            alone = zip(batch.split(1), given.split(1), strict=True)
            return joined([self._measure(wanted, *record) for record in alone])
        reading = [self._reading(wanted, place) for place in range(len(self._states))]
        final = MeasuredBatch(self._final, batch, given, quantities_of(reading[0]))
        self._check_labels(final.logits, given)
        watched = self.task.watched(final.logits, given)
        parts = [parts_of(reading[0], final, watched)]
        for state, scores in zip(self._states[1:], reading[1:], strict=True):
            measured = MeasuredBatch(state, batch, given, quantities_of(scores)) if scores else None
            parts.append({} if measured is None else parts_of(scores, measured, watched))
        return Measured(final.logits, parts)

    def _parts_of(self, score: ModelScore, parts: list[Parts]) -> list[Tensor]:
        """Return what a score keeps of each checkpoint that it reads."""
        return [parts[place][score.base] for place in self._places[score.name]]

    def _check_labels(self, logits: Tensor, given: Tensor) -> None:
        fits = self.task.fits(given.cpu().numpy(), logits.shape[1])
        if not fits.all():
            raise UnusableError(
                _("The labels do not match what the model predicts."),
                ngettext(
                    "It returns {count} number for a record, and a label speaks of another one.",
                    "It returns {count} numbers for a record, and a label speaks of another one.",
                    logits.shape[1],
                ),
                _("Name another label column, or ask the consortium for its class names."),
            )

    def _tensor(self, inputs: InputArray) -> Tensor:
        return to_tensor(inputs, self.device, self._dtype)


def _differ(alone: float, together: float, allowed: float) -> bool:
    if math.isnan(alone) or math.isnan(together):
        return math.isnan(alone) != math.isnan(together)
    return abs(alone - together) > allowed


def _mixing() -> UnusableError:
    return UnusableError(
        _("The checkpoint cannot be used for scoring."),
        _(
            "Its result for a record depends on the other records of the batch (batch statistics, for "
            "example), so a score would speak of other people's records."
        ),
        _("Ask the consortium for the model in evaluation mode (model.eval() before torch.export)."),
    )


def _no_numbers() -> UnusableError:
    return UnusableError(
        _("The checkpoint cannot be used for scoring."),
        _(
            "Of made-up inputs between 0 and 1 it makes no finite number: its weights are damaged, or "
            "it takes inputs of another kind."
        ),
        _("Ask the consortium for a checkpoint that works, with its preprocessor_config.json."),
    )
