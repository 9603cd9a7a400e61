"""The definitions of the scores, on one batch.

Everything at the logits (a batch × classes matrix) is done in float64.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


def logit_gradients(logits: Tensor, targets: Tensor) -> Tensor:
    """Return softmax − onehot in float64, exact also where the prediction is confidently right.

    Parameters
    ----------
    logits : Tensor
        Shape (batch, classes).
    targets : Tensor
        Class indices, shape (batch,).
    """
    others = logits.double().softmax(dim=1).scatter(1, targets[:, None], 0.0)
    # p − 1 of the target is minus the rest: summing the rest does not cancel.
    return others.scatter(1, targets[:, None], -others.sum(dim=1, keepdim=True))


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Return each record's cross-entropy in float64, shape (batch,)."""
    margins = logits.double() - logits.double().gather(1, targets[:, None])
    others = margins.scatter(1, targets[:, None], -torch.inf)
    # log(1 + Σ exp) rather than −log p: a loss of 1e-12 keeps its digits.
    rest = others.logsumexp(dim=1)
    return torch.where(rest < 0, rest.exp().log1p(), margins.logsumexp(dim=1))


def el2n(logits: Tensor, targets: Tensor) -> Tensor:
    """Return ‖softmax − onehot‖₂ in float64, shape (batch,) (Paul et al. 2021, arXiv 2107.07075)."""
    distances: Tensor = torch.linalg.vector_norm(logit_gradients(logits, targets), dim=1)
    return distances


def input_gradient_maps(model: nn.Module, inputs: Tensor, classes: Tensor) -> Tensor:
    """Return the gradient of a class's logit by the input, averaged over the channels.

    Parameters
    ----------
    model : nn.Module
        Maps inputs to logits, each record by itself.
    inputs : Tensor
        Shape (batch, channels, …).
    classes : Tensor
        Whose logit is differentiated, shape (batch,).

    Returns
    -------
    Tensor
        Shape (batch, …), float64.
    """
    leaf = inputs.detach().requires_grad_()
    chosen = model(leaf).gather(1, classes[:, None])
    (gradient,) = torch.autograd.grad(chosen.sum(), leaf)
    # A vector has no colour channels, only elements.
    return gradient.double().mean(dim=1) if gradient.dim() > 2 else gradient.double()


def variance_of_gradients(maps: Sequence[Tensor]) -> Tensor:
    """Return the VoG score of each record from its maps over the series.

    The mean over pixels of √(1/K Σ (S_t − μ)²), the standard deviation that the authors' published
    code takes (Agarwal, D'souza, Hooker, arXiv 2008.11600).

    Parameters
    ----------
    maps : sequence of Tensor
        One per checkpoint, each of shape (batch, …).

    Returns
    -------
    Tensor
        Shape (batch,), float64.
    """
    spread = torch.stack(list(maps)).std(dim=0, correction=0)
    return spread.flatten(start_dim=1).mean(dim=1)
