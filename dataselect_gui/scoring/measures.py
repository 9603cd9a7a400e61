"""The definitions of the scores, on one batch.

Everything at the logits (a batch × classes matrix) is done in float64.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from dataselect_gui.norms.cross_entropy import logit_gradients


def el2n(logits: Tensor, targets: Tensor) -> Tensor:
    """Return ‖softmax − onehot‖₂ in float64, shape (batch,) (Paul et al. 2021, arXiv 2107.07075)."""
    distances: Tensor = torch.linalg.vector_norm(logit_gradients(logits, targets), dim=1)
    return distances


def channel_mean(gradient: Tensor) -> Tensor:
    """Return an input gradient as VoG takes it: averaged over the colour channels, in float64.

    Parameters
    ----------
    gradient : Tensor
        Shape (batch, channels, …); a vector, of shape (batch, elements), has no channels.
    """
    return gradient.double().mean(dim=1) if gradient.dim() > 2 else gradient.double()


def channel_norm(gradient: Tensor) -> Tensor:
    """Return the size of an input gradient at each element: its L2 norm over the channels, in float64.

    Parameters
    ----------
    gradient : Tensor
        As `channel_mean` takes it.
    """
    values = gradient.double()
    if values.dim() <= 2:
        return values.abs()
    norms: Tensor = torch.linalg.vector_norm(values, dim=1)
    return norms


def spread_of_gradients(maps: Sequence[Tensor], form: str) -> Tensor:
    """Return the VoG map of each record from its maps over the series (arXiv 2008.11600).

    Parameters
    ----------
    maps : sequence of Tensor
        One per checkpoint, S_t, each of shape (batch, …).
    form : str
        ``std``, √(1/K Σ (S_t − μ)²), as the authors' published code has it; or ``var``,
        √(1/K) Σ (S_t − μ)², as their paper has it.

    Returns
    -------
    Tensor
        Shape (batch, …); the score is its mean over the elements.
    """
    stacked = torch.stack(list(maps))
    if form == "std":
        return stacked.std(dim=0, correction=0)
    spread: Tensor = len(maps) ** 0.5 * stacked.var(dim=0, correction=0)
    return spread


def size_of_map(values: Tensor, form: str) -> Tensor:
    """Return one number per record for a map over its input, in float64.

    Parameters
    ----------
    values : Tensor
        Shape (batch, …).
    form : str
        ``L2``, ``L1`` or ``mean of absolute values``.
    """
    flat = values.double().flatten(start_dim=1)
    if form == "L2":
        norms: Tensor = torch.linalg.vector_norm(flat, dim=1)
        return norms
    return flat.abs().sum(dim=1) if form == "L1" else flat.abs().mean(dim=1)
