"""Where the features of each class lie, by the consortium's calibration."""

from dataclasses import dataclass

import torch
from torch import Tensor

from dataselect_gui.checkpoints.calibration_file import COVARIANCE, MEANS
from dataselect_gui.errors import UnusableError
from dataselect_gui.texts import _


@dataclass(frozen=True)
class Centres:
    """The means of the classes, and what measures distances from them.

    Attributes
    ----------
    means : Tensor
        Shape (classes, width), float64; NaN where a class has none.
    factor : Tensor
        The Cholesky factor L of Σ_λ = L Lᵀ, shape (width, width), float64, lower triangular.
    """

    means: Tensor
    factor: Tensor

    def distances(self, features: Tensor, targets: Tensor) -> Tensor:
        """Return the Mahalanobis distance of features from their class's mean, shape (batch,), float64.

        √(zᵀ z) with L z = h − μ_y.

        Parameters
        ----------
        features : Tensor
            Shape (batch, width).
        targets : Tensor
            The class of each record, shape (batch,); for −1 what comes out is not used.

        Raises
        ------
        UnusableError
            Where features have another width, or a class is none of the calibration's.
        """
        if features.shape[1] != self.means.shape[1] or int(targets.max()) >= len(self.means):
            raise _unusable(
                _(
                    "Its means are of {classes} classes and {width} features; the model's features are "
                    "{own}.",
                    classes=len(self.means),
                    width=self.means.shape[1],
                    own=features.shape[1],
                )
            )
        offsets = features.double() - self.means[targets.clamp(min=0)]
        solved = torch.linalg.solve_triangular(self.factor, offsets.T, upper=False)
        distances: Tensor = solved.square().sum(dim=0).sqrt()
        return distances


def load_centres(content: bytes, shrinkage: float, device: torch.device) -> Centres:
    """Read means and covariance from the file of a calibration.

    Parameters
    ----------
    content : bytes
        A safetensors file; see `checkpoints.calibration_file`.
    shrinkage : float
        λ of Σ_λ = (1 − λ) Σ + λ tr(Σ)/d · I.
    device : torch.device
        Where they are used.

    Raises
    ------
    UnusableError
        Where the file cannot be read, or what it holds is no mean or no covariance.
    """
    from safetensors.torch import load

    try:
        stored = load(content)
        means, covariance = stored[MEANS].double(), stored[COVARIANCE].double()
    except Exception as error:  # Any fault of a stranger's file.
        raise _unusable(
            _("It cannot be read as safetensors ({error}).", error=type(error).__name__)
        ) from error
    width = len(covariance)
    if means.dim() != 2 or covariance.shape != (width, width) or means.shape[1] != width or not width:
        raise _unusable(_("Its means and its covariance are not of the same features."))
    spread = covariance.diagonal().mean()
    shrunk = (1 - shrinkage) * covariance + shrinkage * spread * torch.eye(width, dtype=torch.float64)
    factor, failed = torch.linalg.cholesky_ex(shrunk)
    if failed or not factor.isfinite().all() or not torch.equal(covariance, covariance.T):
        raise _unusable(_("Its covariance is none: no data have it."))
    return Centres(means.to(device), factor.to(device))


def _unusable(why: str) -> UnusableError:
    return UnusableError(
        _("The consortium's calibration cannot be used."),
        why,
        _("Ask the consortium for a corrected file."),
    )
