"""The sum of the clipped gradients of records, in whole numbers: what a release adds noise to.

One record at a time, in evaluation mode, so that what a record adds depends on nothing but that record
and the checkpoint. Its gradient is clipped to the norm C, brought to whole steps of C/R by rounding
towards zero, and only then added: the vector that is added has a norm of at most R steps, held in exact
whole numbers. So replacing m records of a unit moves the sum by at most 2mR, whatever rounding did.
"""

import math
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dataselect_gui.checkpoints.task import check_outputs
from dataselect_gui.errors import UnusableError
from dataselect_gui.norms import autograd
from dataselect_gui.norms.single_record import SingleRecord
from dataselect_gui.scoring.arithmetic import flushed_denormals
from dataselect_gui.scoring.model import PREFIX, Model
from dataselect_gui.tasks.task import Targets, Task
from dataselect_gui.texts import _, ngettext

_SHRINK = 1 - 2.0**-30


class ClippedSum:
    """A running sum of clipped gradients of the loss.

    Parameters
    ----------
    model : Model
        In evaluation mode.
    task : Task
        What it predicts, by which the loss is chosen.
    classes : int
        How many classes the checkpoint names.
    clip : float
        C, the norm that each gradient is clipped to.
    steps : int
        R, into how many steps that norm is divided; R² must fit 62 bits.

    Attributes
    ----------
    layout : list of (str, list of int)
        The parameters' names in the checkpoint's files, and their shapes, in the order in which the sum
        has them.
    total : ndarray of int64
        The sum so far, in steps, shape (parameters,).

    Raises
    ------
    UnusableError
        Where the model has nothing to train, or something that has no name in the files.
    """

    def __init__(self, model: Model, task: Task, classes: int, clip: float, steps: int) -> None:
        self._model, self._task, self._clip, self._steps = model, task, clip, steps
        self._classes = classes
        trained = trained_parameters(model)
        self._parameters = list(trained.values())
        self.layout = layout_of(trained)
        self.total = np.zeros(sum(p.numel() for p in self._parameters), dtype=np.int64)

    def add(self, record: Tensor, target: Targets) -> None:
        """Add a record.

        Parameters
        ----------
        record : Tensor
            Its input, shape (1, …).
        target : ndarray
            That of the one record, as the task has them. One that the model cannot predict adds
            nothing.
        """
        self.total += in_steps(self.gradient(record, target), self._clip, self._steps)

    @flushed_denormals()
    def check(self, record: Tensor) -> None:
        """See that a gradient can be taken at all, of a made-up record of shape (1, …).

        Raises
        ------
        UnusableError
            Where the model does not take it, or returns something else than its task says.
        """
        with torch.no_grad():
            outputs = self._model(record).shape[1]
        check_outputs(self._task, outputs, self._classes)
        self.gradient(record, self._task.made_up(1, outputs))

    @flushed_denormals()
    def gradient(self, record: Tensor, target: Targets) -> NDArray[np.float64]:
        """Return a record's gradient, shape (parameters,); `add` says of what."""
        with SingleRecord():
            logits = self._model(record)
        if not self._task.fits(target, logits.shape[1]).all():
            return np.zeros(len(self.total))
        targets = torch.from_numpy(target).to(record.device)
        at_logits = self._task.logit_gradients(logits.detach(), targets).to(logits.dtype)
        gradients = autograd.gradients(logits, self._parameters, at_logits)
        return np.concatenate([gradient.double().cpu().numpy().ravel() for gradient in gradients])


def trained_parameters(model: Model) -> dict[str, nn.Parameter]:
    """Return the parameters that a gradient consists of, by their names in the checkpoint's files.

    Raises
    ------
    UnusableError
        Where the model has nothing to train, or something that has no name in the files.
    """
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    if not named:
        raise UnusableError(
            _("The checkpoint has no gradient that could be released."),
            _("None of its parameters is meant to be trained."),
            _("Ask the consortium for the model as it is trained."),
        )
    stored_names = model.stored_names
    unnamed = [name.removeprefix(PREFIX) for name, _parameter in named if name not in stored_names]
    if unnamed:
        raise UnusableError(
            _("The gradient of this checkpoint could not be used by anybody."),
            ngettext(
                "{count} parameter of the model, like “{name}”, is stored in the checkpoint's "
                "files together with others, in one tensor: its gradient has no name there.",
                "{count} parameters of the model, like “{name}”, are stored in the checkpoint's "
                "files together with others, in one tensor: their gradient has no names there.",
                len(unnamed),
                name=unnamed[0],
            ),
            _(
                "Ask the consortium to load and save the checkpoint with the transformers library "
                "(model.save_pretrained(folder, save_original_format=False))."
            ),
        )
    return {stored_names[name]: parameter for name, parameter in named}


def layout_of(parameters: Mapping[str, nn.Parameter]) -> list[tuple[str, list[int]]]:
    """Return the names and shapes of parameters, in their order."""
    return [(name, list(parameter.shape)) for name, parameter in parameters.items()]


def in_steps(gradient: NDArray[np.float64], clip: float, steps: int) -> NDArray[np.int64]:
    """Clip a vector to a norm and bring it to whole steps, its norm at most `steps` of them.

    Parameters
    ----------
    gradient : ndarray of float64
        Shape (n,). One that holds anything but finite numbers becomes zero.
    clip : float
        The norm to clip to.
    steps : int
        Into how many steps that norm is divided.

    Returns
    -------
    ndarray of int64
        Shape (n,); the sum of its squares is at most ``steps`` squared, as whole numbers.
    """
    largest = float(np.abs(gradient).max(initial=0.0))
    if largest == 0 or not math.isfinite(largest):
        return np.zeros(len(gradient), dtype=np.int64)
    unit = gradient / largest  # So that no square overflows or vanishes.
    length = float(np.linalg.norm(unit))
    shares = unit / length if largest * length >= clip else gradient / clip
    whole = np.trunc(shares * steps)
    while _squares(whole) > steps**2:  # Rounding of the norm itself: by a few units in the last place.
        shares = shares * _SHRINK
        whole = np.trunc(shares * steps)
    return whole.astype(np.int64)


def _squares(whole: NDArray[np.float64]) -> int:
    """Return the sum of squares of whole numbers, exactly."""
    numbers = whole.astype(np.int64)
    return int((numbers * numbers).sum())
