"""What a classifier returns, held against what it is to be."""

from typing import Any

from torch import Tensor

from dataselect_gui.errors import UnusableError
from dataselect_gui.texts import _, ngettext

_PROBABILITIES = frozenset(
    "softmax _softmax log_softmax _log_softmax sigmoid log_sigmoid hardsigmoid".split()
)
_PROBABILITY_TOLERANCE = 1e-5


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


def check_no_probabilities(output: Tensor, operation: str) -> None:
    """Refuse outputs that are probabilities already: a loss would take their softmax again.

    Parameters
    ----------
    output : Tensor
        Of some made-up records, shape (records, outputs), float64.
    operation : str
        The name of the operation that made them.

    Raises
    ------
    UnusableError
        Where they are.
    """
    is_softmax = bool((output >= 0).all()) and _are_all(output.sum(dim=1), 1.0)
    is_logarithm = _are_all(output.logsumexp(dim=1), 0.0)
    if operation in _PROBABILITIES or (output.shape[1] > 1 and (is_softmax or is_logarithm)):
        raise UnusableError(
            _("The checkpoint returns probabilities instead of logits."),
            _(
                "Its last operation is a softmax, a sigmoid or a logarithm of one; scores would be "
                "wrong."
            ),
            _("Ask the consortium to export the model without that last operation."),
        )


def _are_all(values: Tensor, number: float) -> bool:
    return bool(((values - number).abs() < _PROBABILITY_TOLERANCE).all())
