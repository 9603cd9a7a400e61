"""What a classifier returns, held against what it is to be."""

from typing import Any

from torch import Tensor

from dataselect_gui.errors import UnusableError
from dataselect_gui.texts import _, ngettext


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
        why = ngettext(
            "Of {count} record it returns {kind} numbers of shape {shape} instead of logits: a row "
            "for each record, a number in it for each class.",
            "Of {count} records it returns {kind} numbers of shape {shape} instead of logits: a row "
            "for each record, a number in it for each class.",
            batch,
            kind=kind,
            shape=tuple(output.shape),
        )
    else:
        why = _(
            "It returns no tensor instead of logits: a row for each record, a number in it for each "
            "class."
        )
    raise UnusableError(
        _("The checkpoint is no classifier."),
        why,
        _("Ask the consortium for a model that returns its logits."),
    )
