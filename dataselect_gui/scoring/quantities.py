"""What scores are made of, at one checkpoint: each quantity of a batch is computed once."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from dataselect_gui.norms import autograd
from dataselect_gui.norms.gradient_norms import GradientNorms
from dataselect_gui.norms.passes import Pass
from dataselect_gui.scoring.centres import Centres
from dataselect_gui.scoring.direction import ClassDirections, stacked
from dataselect_gui.scoring.last_linear import LastLinear
from dataselect_gui.scoring.model import Model
from dataselect_gui.scoring.scores.base import Quantity
from dataselect_gui.scoring.token_arguments import are_texts
from dataselect_gui.tasks.task import Task

_OF_GRADIENT = frozenset(
    {Quantity.NORM, Quantity.PRODUCT, Quantity.CLASS_PRODUCT, Quantity.SUSCEPTIBILITY}
)
_AT_INPUTS = frozenset({Quantity.INPUT_GRADIENT, Quantity.SUSCEPTIBILITY})


@dataclass
class State:
    """One checkpoint, ready to be measured.

    Attributes
    ----------
    model : Model
        In the precision in force.
    norms : GradientNorms
        Of that model.
    task : Task
        What the model predicts.
    direction : dict
        The consortium's, where products with it are wanted.
    class_directions : ClassDirections or None
        Those of classes, where products with them are wanted.
    centres : Centres or None
        Where the features of classes lie, where distances from there are wanted.
    """

    model: Model
    norms: GradientNorms
    task: Task
    direction: dict[str, Tensor] = field(default_factory=dict)
    class_directions: ClassDirections | None = None
    centres: Centres | None = None

    @cached_property
    def directions(self) -> Mapping[str, Tensor]:
        """All directions as several: the consortium's first, then those of classes."""
        return stacked(self.direction, self.class_directions)


class MeasuredBatch:
    """A batch that ran through one checkpoint.

    Parameters
    ----------
    state : State
        The checkpoint.
    inputs : Tensor
        Shape (batch, …).
    targets : Tensor
        As the task has them.
    needs : frozenset of Quantity
        What is wanted.

    Attributes
    ----------
    logits : Tensor
        Shape (batch, classes).
    """

    def __init__(
        self, state: State, inputs: Tensor, targets: Tensor, needs: frozenset[Quantity]
    ) -> None:
        self._state, self._inputs, self._targets, self._needs = state, inputs, targets, needs
        self._pass: Pass | None = None
        self._traced: tuple[Tensor, Tensor] | None = None
        self._last = LastLinear() if Quantity.CLASS_DISTANCE in needs else None
        with self._last or nullcontext():
            if needs & _OF_GRADIENT:
                self._pass = state.norms.run(
                    inputs, for_inputs=bool(needs & _AT_INPUTS), twice=Quantity.SUSCEPTIBILITY in needs
                )
                self.logits = self._pass.logits.detach()
            elif needs & _AT_INPUTS:
                self._traced = state.norms.trace(inputs)
                self.logits = self._traced[1].detach()
            else:
                with torch.no_grad():
                    self.logits = state.model(inputs)

    def measure(self, watched: Tensor) -> dict[Quantity, Tensor]:
        """Return the quantities that are wanted; the batch is used up by it.

        Parameters
        ----------
        watched : Tensor
            The weights of the logits whose input gradient is wanted, shape (batch, outputs).
        """
        task = self._state.task
        quantities = {Quantity.LOGITS: self.logits, Quantity.TARGETS: self._targets}
        if Quantity.LOSS in self._needs:
            quantities[Quantity.LOSS] = task.losses(self.logits, self._targets)
        if Quantity.DISTANCE in self._needs:
            quantities[Quantity.DISTANCE] = task.distances(self.logits, self._targets)
        if Quantity.MARGIN in self._needs:
            quantities[Quantity.MARGIN] = task.margins(self.logits, self._targets)
        if self._last is not None:
            assert self._state.centres is not None  # They are loaded where distances are wanted.
            features = self._last.features(len(self._inputs))
            quantities[Quantity.CLASS_DISTANCE] = self._state.centres.distances(features, self._targets)
        if Quantity.INPUT_GRADIENT in self._needs:
            gradient = self._input_gradient(watched)
            quantities[Quantity.INPUT_GRADIENT] = at_elements(gradient, self._inputs)
        if self._pass is None:
            return quantities
        directions = self._state.directions
        if Quantity.SUSCEPTIBILITY in self._needs:
            measured, susceptibility = self._pass.susceptibility(
                lambda logits: task.logit_gradients(logits, self._targets), directions
            )
            quantities[Quantity.SUSCEPTIBILITY] = at_elements(susceptibility, self._inputs)
        else:
            at_logits = task.logit_gradients(self.logits, self._targets)
            with_norms = Quantity.NORM in self._needs
            measured = self._pass.measure(at_logits, directions, with_norms=with_norms)
        quantities[Quantity.NORM] = measured.squares.sqrt()
        products = measured.products.reshape(len(self._inputs), -1)
        if Quantity.PRODUCT in self._needs:
            quantities[Quantity.PRODUCT] = products[:, 0]
        if Quantity.CLASS_PRODUCT in self._needs:
            of_classes = self._state.class_directions
            assert of_classes is not None  # They are loaded where products with them are wanted.
            own = of_classes.along_own(products[:, 1:], self._targets)
            quantities[Quantity.CLASS_PRODUCT] = own
        return quantities

    def _input_gradient(self, chosen: Tensor) -> Tensor:
        if self._pass is not None:
            return self._pass.input_gradient(chosen)
        assert self._traced is not None
        inputs, logits = self._traced
        (gradient,) = autograd.gradients(logits, [inputs], chosen)
        return gradient


def at_elements(gradient: Tensor, inputs: Tensor) -> Tensor:
    """Bring a gradient at the inputs into the shape that scores take it in.

    Parameters
    ----------
    gradient : Tensor
        Of the inputs' shape; of texts, at the words' vectors, shape (batch, length, width).
    inputs : Tensor
        The inputs, shape (batch, …).

    Returns
    -------
    Tensor
        Shape (batch, channels, elements…), or (batch, elements). Each number of a word's vector is an
        element: behind a layer norm their gradients add up to 0, so that a mean over them, as over
        channels, would say nothing. NaN at what fills a text up, which is no part of the record; and
        throughout where some number of the record is not finite, so that none is passed over.
    """
    filled = torch.zeros((), dtype=torch.bool, device=gradient.device)
    if are_texts(inputs):
        filled = (inputs[:, 1, :, None] == 0).expand_as(gradient).flatten(start_dim=1)
        gradient = gradient.flatten(start_dim=1)
    is_broken = ~(gradient.isfinite() | filled).flatten(start_dim=1).all(dim=1)
    return gradient.masked_fill(filled | is_broken.reshape(-1, *(1,) * (gradient.dim() - 1)), torch.nan)
