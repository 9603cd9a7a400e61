"""What scores keep of a batch, of each checkpoint that they read."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from dataselect_gui.scoring.quantities import MeasuredBatch
from dataselect_gui.scoring.scores.base import ModelScore, Quantity

Parts = dict[str, Tensor]
"""What scores keep of a checkpoint, by their definitions' names."""


@dataclass(frozen=True)
class Measured:
    """What a batch came to.

    Attributes
    ----------
    logits : Tensor
        At the final checkpoint, shape (batch, outputs).
    parts : list of dict
        See `Parts`, for every state in the scorer's order; nothing where no score reads a state.
    """

    logits: Tensor
    parts: list[Parts]


def quantities_of(scores: Sequence[ModelScore]) -> frozenset[Quantity]:
    """Return what scores are made of."""
    return frozenset[Quantity]().union(*(score.quantities for score in scores))


def parts_of(scores: Sequence[ModelScore], batch: MeasuredBatch, watched: Tensor) -> Parts:
    """Return what scores keep of a batch that ran through a checkpoint; see `MeasuredBatch.measure`."""
    quantities, definitions = batch.measure(watched), {score.base: score for score in scores}
    return {base: score.part(quantities) for base, score in definitions.items()}


def joined(alone: Sequence[Measured]) -> Measured:
    """Return what records came to that were computed one at a time."""
    logits = torch.cat([measured.logits for measured in alone])
    states = zip(*(measured.parts for measured in alone), strict=True)
    return Measured(
        logits,
        [{name: torch.cat([part[name] for part in state]) for name in state[0]} for state in states],
    )
