"""Individual privacy loss (Feldman and Zrnic, arXiv 2008.11193; Yu et al., arXiv 2206.02617).

It depends on the data itself, so it is shown and never released raw.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from dataselect_gui.scoring.scores.base import ModelScore, Quantities, Quantity
from dataselect_gui.texts import N_

if TYPE_CHECKING:
    from torch import Tensor

    from dataselect_gui.checkpoints.request import Request
    from dataselect_gui.scoring.privacy_loss import PrivacyLoss


class PrivacyLossScore(ModelScore):
    """The ε of one record, from its norms over the series, by `scoring.privacy_loss`."""

    base = "privacy_loss"
    short_name = N_("privacy loss")
    meaning = N_("the ε that the record would incur in the consortium's training (arXiv 2008.11193)")
    definition = (
        "ε at δ of T steps of the Gaussian mechanism, subsampled at rate q, with noise multiplier "
        "σC / min(‖g‖₂, C), the steps shared out evenly among θ_1..θ_K; by Rényi accounting"
    )
    sentence = N_("High: the consortium's training could reveal more about this record.")
    needs = ("noise_multiplier", "max_grad_norm", "sample_rate", "steps", "delta")
    reads_series = True
    quantities = frozenset({Quantity.NORM})

    def part(self, measured: Quantities) -> "Tensor":
        """See `ModelScore.part`: the norm."""
        return measured[Quantity.NORM]

    def values(self, parts: Sequence["Tensor"], request: "Request") -> "Tensor":
        """See `ModelScore.values`."""
        import torch

        norms = torch.stack(list(parts), dim=1).double().cpu().numpy()
        training = (
            request.noise_multiplier,
            request.max_grad_norm,
            request.sample_rate,
            request.steps,
            request.delta,
        )
        account = _accountant(tuple(float(number) for number in training if number is not None))
        return torch.from_numpy(account(norms))


@cache
def _accountant(training: tuple[float, ...]) -> "PrivacyLoss":
    """Return what accounts for a training, given as `PrivacyLossScore.needs` has it."""
    from dataselect_gui.scoring.privacy_loss import PrivacyLoss

    return PrivacyLoss(dict(zip(PrivacyLossScore.needs, training, strict=True)))
