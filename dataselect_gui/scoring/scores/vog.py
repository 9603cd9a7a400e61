"""VoG, the variance of gradients (Agarwal, D'souza and Hooker, arXiv 2008.11600).

Two variants are in use, and they rank differently: the paper's text takes the variance times √(1/K),
the authors' published code the standard deviation at each pixel, which is the usual form here. That
code also differentiates probabilities rather than logits, and never clears accumulated gradients:
neither is done here. Normalising by class would make a score depend on other records.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from dataselect_gui.scoring.scores.base import (
    MappedScore,
    MapText,
    Quantities,
    Quantity,
    mean_of_elements,
)
from dataselect_gui.texts import N_

if TYPE_CHECKING:
    from torch import Tensor

    from dataselect_gui.checkpoints.request import Request


class Vog(MappedScore):
    """How the label's input gradient spreads over the series, on average over the input's elements."""

    base = "vog"
    short_name = N_("VoG")
    meaning = N_("variance of the label's input gradient over the series (arXiv 2008.11600)")
    definition = (
        "mean over pixels of √(1/K Σ_t (S_t − μ)²), S_t = ∂f_y(x; θ_t)/∂x averaged over the channels, "
        "μ its mean over t; `var`: √(1/K) Σ_t (S_t − μ)²"
    )
    sentence = N_("High: while learning, the model kept changing what it looked at here.")
    known = N_("In our tests, a random pick of the same size nearly always trained a better model.")
    colour = "#7D1232"
    forms: ClassVar[Mapping[str, str]] = {"var": "var"}
    usual_form = "std"
    needs_label = False
    reads_series = True
    has_windows = True
    needs_several_checkpoints = True
    quantities = frozenset({Quantity.INPUT_GRADIENT})

    @property
    def map_text(self) -> MapText:
        """See `MappedScore.map_text`."""
        return MapText(
            N_(
                "Bright: while learning, the model kept changing how it used this spot. It "
                "does not point at findings."
            ),
            N_("square of logits per unit of the model's input")
            if self.form == "var"
            else N_("logits per unit of the model's input"),
        )

    def part(self, measured: Quantities) -> "Tensor":
        """See `ModelScore.part`: S_t."""
        return channel_mean(measured[Quantity.INPUT_GRADIENT])

    def values(self, parts: Sequence["Tensor"], request: "Request") -> "Tensor":
        """See `ModelScore.values`."""
        del request
        return mean_of_elements(self.map(parts))

    def map(self, parts: Sequence["Tensor"]) -> "Tensor":
        """See `MappedScore.map`; its mean is the score."""
        return spread_of_gradients(parts, self.form)


def channel_mean(gradient: "Tensor") -> "Tensor":
    """Return an input gradient averaged over the colour channels, in float64.

    Parameters
    ----------
    gradient : Tensor
        Shape (batch, channels, …); a vector, of shape (batch, elements), has no channels.
    """
    return gradient.double().mean(dim=1) if gradient.dim() > 2 else gradient.double()


def spread_of_gradients(maps: Sequence["Tensor"], form: str) -> "Tensor":
    """Return the VoG map of each record from its maps over the series.

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
    import torch

    stacked = torch.stack(list(maps))
    if form == "std":
        return stacked.std(dim=0, correction=0)
    spread: Tensor = len(maps) ** 0.5 * stacked.var(dim=0, correction=0)
    return spread
