"""What a classifier returns, held against what it is to be."""

import math
from typing import Any

from torch import Tensor

from dataselect_gui.errors import UnusableError
from dataselect_gui.scoring.interval import Form, Known
from dataselect_gui.texts import _, ngettext

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


def check_no_probabilities(output: Tensor, known: Known) -> None:
    """Refuse outputs that are probabilities already: a loss would take their softmax again.

    Parameters
    ----------
    output : Tensor
        Of some made-up records, shape (records, outputs), float64.
    known : Known
        What is known of the outputs of all records.

    Raises
    ------
    UnusableError
        Where they are, or their logarithms.
    """
    is_one_of_several = output.shape[1] > 1
    if (known.varies and known.within(0, 1)) or (
        is_one_of_several and bool((output >= 0).all()) and _are_all(output.sum(dim=1), 1.0)
    ):
        raise _probabilities(
            _(
                "Its numbers lie between 0 and 1, as after a softmax or a sigmoid; scores would be "
                "wrong."
            )
        )
    is_logarithm = known.form is Form.LOG_PROBABILITY and known.within(-math.inf, 0)
    if is_logarithm or (is_one_of_several and _are_all(output.logsumexp(dim=1), 0.0)):
        raise _probabilities(
            _(
                "Its numbers are logarithms of probabilities, as after a log-softmax or a log-sigmoid; "
                "scores would be wrong."
            )
        )


def _probabilities(why: str) -> UnusableError:
    return UnusableError(
        _("The checkpoint returns probabilities instead of logits."),
        why,
        _(
            "Ask the consortium to export the model without that last operation; or, where it predicts "
            'numbers and not classes, to state "task": "regression" in dataselect.json.'
        ),
    )


def _are_all(values: Tensor, number: float) -> bool:
    return bool(((values - number).abs() < _PROBABILITY_TOLERANCE).all())
