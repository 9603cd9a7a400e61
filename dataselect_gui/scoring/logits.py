"""What a classifier returns, held against what it is to be."""

from typing import Any

from torch import Tensor

from dataselect_gui.errors import UnusableError


def check_logits(output: Any, batch: int) -> Tensor:  # noqa: ANN401  (whatever a model returns)
    """Hold what a model returns against what logits are.

    Parameters
    ----------
    output : object
        What it returned.
    batch : int
        For how many records.

    Returns
    -------
    Tensor
        The logits, shape (batch, classes).

    Raises
    ------
    UnusableError
        Where they are none.
    """
    if isinstance(output, Tensor):
        if output.is_floating_point() and output.dim() == 2 and len(output) == batch and output.numel():
            return output
        kind = str(output.dtype).removeprefix("torch.")
        returned = f"Of {batch} records it returns {kind} numbers of shape {tuple(output.shape)}"
    else:
        returned = "It returns no tensor"
    raise UnusableError(
        "The checkpoint is no classifier.",
        f"{returned} instead of logits: a row for each record, a number in it for each class.",
        "Ask the consortium for a model that returns its logits.",
    )
