"""A batch that ran through a model, and what is measured of its records' gradients."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from dataselect_gui.norms import autograd
from dataselect_gui.norms.recording import Recording

if TYPE_CHECKING:
    from dataselect_gui.norms.gradient_norms import GradientNorms


@dataclass(frozen=True)
class Measured:
    """What was measured of each record's gradient.

    Attributes
    ----------
    squares : Tensor
        The squared L2 norm, shape (batch,), float64.
    products : Tensor
        The inner product with the direction that was given, shape (batch,), float64; with several,
        shape (batch, directions).
    """

    squares: Tensor
    products: Tensor


class Pass:
    """A batch that ran through the model.

    Attributes
    ----------
    inputs : Tensor
        Shape (batch, …).
    place : Tensor
        Where input gradients are taken: the inputs, or the output of their embedding.
    logits : Tensor
        Shape (batch, classes), with their history.
    """

    def __init__(
        self,
        norms: "GradientNorms",
        inputs: Tensor,
        place: Tensor,
        logits: Tensor,
        recording: Recording,
    ) -> None:
        self.inputs, self.place, self.logits, self.recording = inputs, place, logits, recording
        self._norms = norms

    def input_gradient(self, weights: Tensor) -> Tensor:
        """Return the gradient of ``(logits * weights).sum()`` at `place`, in its shape."""
        (gradient,) = autograd.gradients(self.logits, [self.place], weights, retain_graph=True)
        return gradient

    def susceptibility(
        self,
        loss_gradient: Callable[[Tensor], Tensor],
        direction: Mapping[str, Tensor] | None = None,
    ) -> tuple[Measured, Tensor]:
        """Measure each record's gradient, and how its norm changes with the input.

        Parameters
        ----------
        loss_gradient : callable
            From the logits to the loss's gradient at them, shape (batch, outputs), differentiable.
        direction : dict or None
            As `measure` takes it.

        Returns
        -------
        tuple of Measured and Tensor
            The second is ∇_x ‖g‖₂ (Mueller et al., arXiv 2211.10173), in the shape of `place`; zero
            where the gradient vanishes.
        """
        tracked = self.measure(loss_gradient(self.logits), direction, create_graph=True)
        measured = Measured(tracked.squares.detach(), tracked.products.detach())
        if not tracked.squares.requires_grad:
            return measured, torch.zeros_like(self.place)
        # √ has no derivative at 0; where the norm is 0, so is its gradient here.
        norms = tracked.squares.where(tracked.squares > 0, 1.0).sqrt()
        (gradient,) = autograd.gradients(norms.sum(), [self.place])
        return measured, gradient

    def measure(
        self,
        at_logits: Tensor,
        direction: Mapping[str, Tensor] | None = None,
        *,
        with_norms: bool = True,
        create_graph: bool = False,
    ) -> Measured:
        """Measure each record's gradient; this can be done once.

        Parameters
        ----------
        at_logits : Tensor
            The loss's gradient at the logits, shape (batch, classes). Taken in float64 and rounded
            once, since softmax − onehot cancels in float32 for a record that is confidently right.
        direction : dict or None
            A tensor for some parameters' names, to take inner products with. Of several directions all
            tensors have one axis more, the first.
        with_norms : bool
            Whether norms are wanted; without, the squares may come out as zeros.
        create_graph : bool
            Whether what is measured is to be differentiated by the inputs.
        """
        weights = at_logits.to(self.logits.dtype)
        return self._norms.measure(
            self, weights, direction or {}, with_norms=with_norms, create_graph=create_graph
        )
