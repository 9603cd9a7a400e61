"""What trainings start from, and the inputs that it takes."""

import numpy as np
import torch
from torch import Tensor, nn

from dataselect_gui.checkpoints.checkpoint import Checkpoint
from dataselect_gui.errors import UnusableError
from dataselect_gui.records.kinds.kind import InputArray
from dataselect_gui.scoring.model import load_model
from dataselect_gui.study.arms.given import Given
from dataselect_gui.study.dataset import shrunk
from dataselect_gui.study.plan import WIDTH, Start
from dataselect_gui.study.train import make_network
from dataselect_gui.texts import _


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
    _check_images(given.records.inputs)
    return make_network(given.records.inputs.shape[1], len(given.classes), WIDTH, seed)


def taken(inputs: InputArray, start: Start) -> InputArray:
    """Return inputs as what is trained takes them: images averaged down for the study's own network.

    Raises
    ------
    UnusableError
        Where that network would be for records that are no images.
    """
    if start == "checkpoint":
        return inputs
    _check_images(inputs)
    return np.stack([shrunk(image) for image in inputs.astype(np.float32)])


def _check_images(inputs: InputArray) -> None:
    if inputs.ndim != 4:
        raise UnusableError(
            _("The trainings cannot start from scratch."),
            _("The study's own network is for images; these records are none."),
            _("Let them start from the consortium's model: --start checkpoint."),
        )
