"""Gradients of a stranger's model, by plain autograd; refusals of PyTorch become errors of the program.

PyTorch's own messages are not passed on: they may hold numbers of a record.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from dataselect_gui.errors import UnusableError
from dataselect_gui.norms.memory import is_out_of_memory
from dataselect_gui.texts import _


def gradients(
    output: Tensor,
    inputs: Sequence[Tensor],
    weights: Tensor | None = None,
    *,
    create_graph: bool = False,
    retain_graph: bool | None = None,
) -> tuple[Tensor, ...]:
    """Return the gradient of ``(output * weights).sum()`` at each input.

    Parameters
    ----------
    output : Tensor
        What the model made of the inputs.
    inputs : sequence of Tensor
        They require gradients. At one that has no part in the output, the gradient is zero.
    weights : Tensor or None
        In the output's shape; None where that is a single number.
    create_graph, retain_graph : bool
        As `torch.autograd.grad` takes them.

    Raises
    ------
    UnusableError
        Where there is no gradient, or PyTorch cannot compute it.
    """
    if not inputs:
        return ()
    if not output.requires_grad:
        raise _unusable(
            _(
                "Its result has no gradient: it is computed as for use alone (under torch.no_grad), or "
                "is the same whatever the record is."
            )
        )
    try:
        return torch.autograd.grad(
            output,
            inputs,
            weights,
            create_graph=create_graph,
            retain_graph=retain_graph,
            materialize_grads=True,
        )
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise
        if "modified by an inplace operation" in str(error):
            raise _unusable(
                _(
                    "It changes numbers in place that its gradient still needs, as by add_ or by "
                    "ReLU(inplace=True), and cannot be trained as it is."
                )
            ) from error
        raise _unusable(
            _("PyTorch cannot compute its gradient ({error}).", error=type(error).__name__)
        ) from error


def _unusable(why: str) -> UnusableError:
    return UnusableError(
        _("The checkpoint cannot be used for scoring by its gradient."),
        why,
        _("Ask the consortium for the model as it is trained, or score by loss and el2n alone."),
    )
