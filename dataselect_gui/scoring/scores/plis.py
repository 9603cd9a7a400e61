"""PLIS, privacy loss-input susceptibility (Mueller et al., arXiv 2211.10173).

Of the unclipped norm: for records whose norm is above the clip norm, the clipped one is flat.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from dataselect_gui.scoring.scores.base import (
    MappedScore,
    MapText,
    Quantities,
    Quantity,
    mean_of_elements,
    sum_of_elements,
)
from dataselect_gui.texts import N_

if TYPE_CHECKING:
    from torch import Tensor

    from dataselect_gui.checkpoints.request import Request

_L1, _L2, _MEAN = "L1", "L2", "mean of absolute values"


class Plis(MappedScore):
    """The size of ∇_x ‖g‖₂."""

    base = "plis"
    short_name = N_("PLIS")
    meaning = N_("susceptibility of the gradient norm to the input (arXiv 2211.10173)")
    definition = "‖∇_x ‖g‖₂‖₂; `l1`: its L1 norm; `mean`: the mean of its absolute values"
    sentence = N_("High: change this record a little, and its pull on the model changes a lot.")
    known = N_("In our tests, a random pick of the same size nearly always trained a better model.")
    colour = "#3E1CC4"
    forms: ClassVar[Mapping[str, str]] = {"l1": _L1, "mean": _MEAN}
    usual_form = _L2
    quantities = frozenset({Quantity.SUSCEPTIBILITY})

    @property
    def map_text(self) -> MapText:
        """See `MappedScore.map_text`."""
        return MapText(
            N_(
                "Bright: changing this spot a little would most change how strongly the "
                "record pulls on the model. It does not point at findings."
            ),
            N_("gradient norm per unit of the model's input"),
        )

    def part(self, measured: Quantities) -> "Tensor":
        """See `ModelScore.part`: the gradient of the norm."""
        return measured[Quantity.SUSCEPTIBILITY]

    def value(self, part: "Tensor", request: "Request") -> "Tensor":
        """See `ModelScore.value`."""
        del request
        return size_of_map(part, self.form)

    def map(self, parts: Sequence["Tensor"]) -> "Tensor":
        """See `MappedScore.map`; its L2 norm is the score in that form."""
        import torch

        return torch.stack([channel_norm(part) for part in parts]).mean(dim=0)


def channel_norm(gradient: "Tensor") -> "Tensor":
    """Return the size of an input gradient at each element: its L2 norm over the channels, in float64.

    Parameters
    ----------
    gradient : Tensor
        Shape (batch, channels, …); a vector, of shape (batch, elements), has no channels.
    """
    import torch

    values = gradient.double()
    if values.dim() <= 2:
        return values.abs()
    norms: Tensor = torch.linalg.vector_norm(values, dim=1)
    return norms


def size_of_map(values: "Tensor", form: str) -> "Tensor":
    """Return one number per record for a map over its input, in float64.

    Parameters
    ----------
    values : Tensor
        Shape (batch, …).
    form : str
        ``L2``, ``L1`` or ``mean of absolute values``.
    """
    sizes = values.double().abs()
    if form == _L2:
        return sum_of_elements(sizes.square()).sqrt()
    return sum_of_elements(sizes) if form == _L1 else mean_of_elements(sizes)
