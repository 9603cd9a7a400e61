"""What Cleanlab and dattri say of the same records, where they are installed."""

import time
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.texts import N_

NEIGHBOURS = 5
TESTED = 100
MISSING = N_(
    "{name} is not installed, so it is not compared. Install it with "
    "“pip install 'dataselect-gui[study-baselines]'”."
)


@dataclass(frozen=True)
class Judgement:
    """What a library makes of records.

    Attributes
    ----------
    suspicion : ndarray of float64
        The higher, the likelier a wrong label; shape (n,).
    seconds : float
        How long it took, the library's import apart.
    """

    suspicion: NDArray[np.float64]
    seconds: float


def installed() -> list[str]:
    """Return which of the libraries are installed."""
    return [name for name in LIBRARIES if find_spec(name.lower()) is not None]


def _cleanlab(
    probabilities: NDArray[np.float64],
    labels: NDArray[np.int64],
    _tested: NDArray[np.float64],
    _tested_labels: NDArray[np.int64],
) -> Judgement:
    """Return Cleanlab's label quality, turned round."""
    from cleanlab.rank import get_label_quality_scores

    started = time.monotonic()
    quality = np.asarray(get_label_quality_scores(labels, probabilities), dtype=np.float64)
    return Judgement(-quality, time.monotonic() - started)


def _dattri(
    probabilities: NDArray[np.float64],
    labels: NDArray[np.int64],
    tested: NDArray[np.float64],
    tested_labels: NDArray[np.int64],
) -> Judgement:
    """Return dattri's Shapley value by nearest neighbours, turned round."""
    import torch
    from dattri.algorithm.data_shapley import KNNShapleyAttributor
    from torch.utils.data import DataLoader, TensorDataset

    def loader(values: NDArray[np.float64], classes: NDArray[np.int64]) -> Any:  # noqa: ANN401
        logits = torch.from_numpy(np.log(values.clip(min=1e-12))).float()
        return DataLoader(TensorDataset(logits, torch.from_numpy(classes)), batch_size=500)

    started = time.monotonic()
    # One row per tested record.
    values = KNNShapleyAttributor(k_neighbors=NEIGHBOURS).attribute(
        loader(probabilities, labels), loader(tested, tested_labels)
    )
    worth = values.double().sum(dim=0).numpy()
    return Judgement(-worth, time.monotonic() - started)


LIBRARIES = {"Cleanlab": _cleanlab, "dattri": _dattri}
"""Each takes the checkpoint's probabilities and the given labels of the records, shapes (n, classes)
and (n,), and the same of held-out records."""
