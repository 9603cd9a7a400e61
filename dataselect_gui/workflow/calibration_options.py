"""What is wanted of a calibration, as it was typed, and read."""

import re
import secrets
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Literal

from dataselect_gui.calibration.calibrating import CALIBRATED, SIGNED
from dataselect_gui.calibration.private import PrivateQueries
from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.errors import UsageError
from dataselect_gui.privacy.amounts import positive_amount, probability_of, stated_number
from dataselect_gui.records.reference import SourceRef
from dataselect_gui.scoring.catalog import find_score
from dataselect_gui.tasks.names import TaskName
from dataselect_gui.tasks.registry import TASKS
from dataselect_gui.tasks.task import Task
from dataselect_gui.texts import _

Seen = Literal["no", "unknown", "compared"]
MOST_ALPHA = Decimal("0.5")
_SEED = re.compile(r"[0-9a-f]{1,64}")


@dataclass(frozen=True)
class CalibrationOptions:
    """What is wanted, as it was typed.

    Attributes
    ----------
    alpha : str
        At most so large a share of clean records is left out.
    scores : sequence of str or None
        What gets thresholds; None for loss and, where its covariance may leave, distance.
    epsilon, delta : str or None
        What may be learnt of a row; None for no protection.
    directions : bool
        Whether directions of the classes are wanted.
    out : Path or None
        Where it is written; None for beside the checkpoint.
    in_training : str or None
        Whether the rows took part in training: ``no``, ``yes`` or ``unknown``.
    training_records : SourceRef or None
        The training's rows.
    validation_loss : str or None
        The mean loss on rows that were not in training, as it was recorded.
    public_records : SourceRef or None
        Rows that everybody may see, for means and covariance.
    device : str
        Where it is computed.
    seed : str or None
        By which the rows are parted, to repeat a calibration: digits 0 to 9 and a to f. None draws it.
    """

    alpha: str = "0.05"
    scores: tuple[str, ...] | None = None
    epsilon: str | None = None
    delta: str | None = None
    directions: bool = False
    out: Path | None = None
    in_training: str | None = None
    training_records: SourceRef | None = None
    validation_loss: str | None = None
    public_records: SourceRef | None = None
    device: str = "auto"
    seed: str | None = None


@dataclass(frozen=True)
class Options:
    """The same, read.

    Attributes
    ----------
    alpha : Fraction
        Exactly as stated.
    scores : tuple of str
        What gets thresholds, each at α over their number.
    queries : PrivateQueries or None
        What may be asked; None where nothing is protected.
    splits : bool
        Whether the rows are parted.
    seen_in_training : str
        See `Calibration`.
    validation_loss : float or None
        As it was recorded.
    leaves_out_distance : bool
        Whether the default's distance is left out, because its covariance would tell of the rows.
    unused_delta : bool
        Whether a δ was stated that nothing spends.
    seed : str
        By which the rows are parted.
    """

    alpha: Fraction
    scores: tuple[str, ...]
    queries: PrivateQueries | None
    splits: bool
    seen_in_training: Seen
    validation_loss: float | None
    leaves_out_distance: bool
    unused_delta: bool
    seed: str

    @classmethod
    def of(cls, stated: CalibrationOptions, checkpoint: Checkpoint) -> "Options":
        """Read what was typed.

        Raises
        ------
        UsageError
            Where it makes no sense, or an answer is missing.
        """
        _check_task(checkpoint)
        alpha = stated_number(stated.alpha, _("α"))
        if not 0 < alpha <= MOST_ALPHA:
            raise UsageError(
                _("α cannot be {alpha}.", alpha=stated.alpha),
                _("It is the share of clean records that may be left out: above 0, at most 0.5."),
                _("Leave it out for 0.05."),
            )
        is_private = stated.epsilon is not None
        hides_covariance = is_private and stated.public_records is None
        scores = stated.scores or (("loss",) if hides_covariance else ("loss", "distance"))
        _check_scores(scores, checkpoint, is_private=is_private)
        if hides_covariance and "distance" in scores:
            raise UsageError(
                _("The distance cannot be calibrated under differential privacy."),
                _("Its means and its covariance would tell of single rows."),
                _("Take them from public rows, or leave out the distance."),
            )
        if stated.directions and not checkpoint.request.states("max_grad_norm"):
            raise UsageError(
                _("Directions need the clip norm of the training."),
                _("The request does not state max_grad_norm."),
                _("Write it into dataselect.json, or leave directions out."),
            )
        own_features = "distance" in scores and stated.public_records is None
        return cls(
            alpha=Fraction(alpha),
            scores=tuple(dict.fromkeys(scores)),
            queries=_queries(stated, len(set(scores))),
            splits=own_features or (stated.directions and not is_private),
            seen_in_training=_seen(stated),
            validation_loss=_loss(stated),
            leaves_out_distance=hides_covariance and not stated.scores,
            unused_delta=stated.delta is not None and not (is_private and stated.directions),
            seed=_seed(stated.seed),
        )


def calibration_obstacle(task: TaskName) -> str:
    """Return why a model for a task cannot be calibrated, as sentences; empty where it can."""
    refusal = _refusal_of(TASKS[task])
    return "" if refusal is None else str(refusal)


def _check_task(checkpoint: Checkpoint) -> None:
    refusal = _refusal_of(checkpoint.task)
    if refusal is not None:
        raise refusal


def _refusal_of(task: Task) -> UsageError | None:
    if task.has_classes:
        return None
    return UsageError(
        _("This model cannot be calibrated."),
        _(
            "Thresholds are those of classes that exclude each other, and the model is for {task}.",
            task=_(task.meaning),
        ),
        _("Agree on a threshold otherwise, and write it as a rule into dataselect.json."),
    )


def _check_scores(scores: tuple[str, ...], checkpoint: Checkpoint, *, is_private: bool) -> None:
    for name in scores:
        find_score(name)
        if name not in CALIBRATED:
            raise UsageError(
                _("“{name}” is not calibrated.", name=name),
                _("A high value of it does not say that a record looks wrong."),
                _("Name some of {names}.", names=", ".join(CALIBRATED)),
            )
        if is_private and name in SIGNED:
            raise UsageError(
                _("“{name}” cannot be calibrated under differential privacy.", name=name),
                _("The public grid of thresholds holds numbers above 0 alone."),
                _("Leave it out."),
            )
        missing = [
            key
            for key in find_score(name).needs
            if not key.startswith("calibration") and not checkpoint.request.states(key)
        ]
        if missing:
            raise UsageError(
                _("“{name}” cannot be computed.", name=name),
                _("The consortium's request does not state {keys}.", keys=", ".join(missing)),
                _("Write it into dataselect.json, or leave this score out."),
            )


def _queries(stated: CalibrationOptions, scores: int) -> PrivateQueries | None:
    if stated.epsilon is None:
        if stated.delta is not None:
            raise UsageError(
                _("δ is stated without ε."),
                _("Alone it promises nothing."),
                _("Add --epsilon, or leave --delta out."),
            )
        return None
    if stated.directions and stated.delta is None:
        raise UsageError(
            _("Directions need a δ."),
            _("Their noise is Gaussian, which keeps its promise but for a small chance."),
            _("State a δ, or leave directions out."),
        )
    delta = Decimal(0) if stated.delta is None else probability_of(stated.delta, _("δ"))
    epsilon = positive_amount(stated.epsilon, _("ε"))
    return PrivateQueries(epsilon, delta, scores, with_directions=stated.directions)


def _seen(stated: CalibrationOptions) -> Seen:
    answer = stated.in_training
    if answer not in {None, "no", "yes", "unknown"}:
        raise UsageError(
            _("--in-training cannot be “{text}”.", text=answer),
            _("It is no, yes or unknown."),
            _("Give one of these."),
        )
    if answer == "yes":
        raise UsageError(
            _("These rows cannot calibrate the model."),
            _("It was trained on them and finds them easier than others: thresholds would be too low."),
            _("Give rows that it was not trained on."),
        )
    if stated.training_records is not None:
        return "compared"
    if answer is None and stated.validation_loss is None:
        raise UsageError(
            _("One answer is missing: did these rows help to train this checkpoint?"),
            _("Thresholds from rows that it was trained on would leave out far more than α."),
            _(
                "Add --in-training no or unknown; or --training-records with the training's rows, or "
                "--validation-loss with the loss on rows that it was not trained on."
            ),
        )
    return "no" if answer == "no" else "unknown"


def _seed(stated: str | None) -> str:
    if stated is None:
        return secrets.token_hex(16)
    if not _SEED.fullmatch(stated):
        raise UsageError(
            _("The seed cannot be “{text}”.", text=stated),
            _("It is 1 to 64 digits: 0 to 9, and a to f."),
            _("Give another, or leave it out."),
        )
    return stated


def _loss(stated: CalibrationOptions) -> float | None:
    if stated.validation_loss is None:
        return None
    return float(stated_number(stated.validation_loss, _("The validation loss")))
