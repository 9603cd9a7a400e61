"""Per-sample gradient norms in one call."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from dataselect_gui.norms import autograd
from dataselect_gui.norms.cross_entropy import cross_entropy, logit_gradients
from dataselect_gui.norms.gradient_norms import GradientNorms

Loss = Callable[[Tensor, Tensor], Tensor]
"""From a model's outputs and targets to a loss for each record, shape (batch,)."""


def per_sample_norms(
    model: nn.Module, batch: Tensor, targets: Tensor, loss: Loss = cross_entropy
) -> Tensor:
    """Return the L2 norm of each record's own gradient over all trainable parameters.

    For many batches make one `GradientNorms` and keep it: it decides on the first batch of a shape how
    such batches are computed.

    Parameters
    ----------
    model : nn.Module
        Maps a batch of inputs to outputs, each record by itself; in evaluation mode. Its parameters
        with ``requires_grad`` count.
    batch : Tensor
        The inputs, shape (batch, …), of equal shape; floating point.
    targets : Tensor
        What the loss takes beside the outputs; for cross-entropy the class indices, shape (batch,).
    loss : callable
        Takes the outputs and the targets to each record's loss, shape (batch,). It must not mix
        records. By default cross-entropy, computed in float64.

    Returns
    -------
    Tensor
        Shape (batch,), float64: exact up to the rounding of the model's own precision.

    Raises
    ------
    ValueError
        Where the model is not in evaluation mode.
    UnusableError
        Where the model has no gradient, or PyTorch cannot compute it.

    Examples
    --------
    >>> import torch
    >>> from dataselect_gui.norms import per_sample_norms
    >>> model = torch.nn.Linear(2, 2, bias=False).eval()
    >>> with torch.no_grad():
    ...     _ = model.weight.copy_(torch.eye(2))
    >>> per_sample_norms(model, torch.tensor([[3.0, 4.0], [0.0, 0.0]]), torch.tensor([0, 1]))
    tensor([5.1694, 0.0000], dtype=torch.float64)

    Another loss than cross-entropy:

    >>> def squared(outputs, targets):
    ...     return (outputs - targets).square().sum(dim=1)
    >>> per_sample_norms(model, torch.tensor([[3.0, 4.0]]), torch.tensor([[3.0, 3.5]]), squared)
    tensor([5.], dtype=torch.float64)
    """
    if any(module.training for module in model.modules()):
        raise ValueError("per-sample norms are those of a model in evaluation mode: call model.eval()")
    done = GradientNorms(model).run(batch)
    outputs = done.logits.detach()
    if loss is cross_entropy:
        at_outputs = logit_gradients(outputs, targets)
    else:
        leaf = outputs.requires_grad_()
        with torch.enable_grad():
            (at_outputs,) = autograd.gradients(loss(leaf, targets).sum(), [leaf])
    return done.measure(at_outputs).squares.sqrt()
