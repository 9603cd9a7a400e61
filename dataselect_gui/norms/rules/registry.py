"""The rules that there are, by the names of the operations that they are for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from dataselect_gui.norms.rules.call import Call, Gradients

GradientRule = Callable[[Call], Gradients]
"""Is given a call while the model runs; returns a function from the gradient at its output to the
gradient of each weight. Raises `UncoveredError` for a call that it does not cover."""
Repeated = Callable[[str], Tensor | None]
"""Returns an argument's values by its name, one number for each channel, repeated for every row of the
input; None where the call has no such argument."""
OwnWeights = Callable[[Call, Repeated], Tensor | None]
"""Runs a call so that every record has weights of its own; returns None where it does not."""


@dataclass(frozen=True)
class Rule:
    """What is known of an operation.

    Attributes
    ----------
    gradients : callable
        How its weights' per-sample gradients follow from its input and the gradient at its output.
    arguments : sequence of str
        The names of its arguments, in order.
    aten_arguments : sequence of str
        The same for the ATen operation behind it, as a ``.pt2`` graph calls it.
    with_own_weights : callable or None
        Runs the operation with weights repeated for each record, where that is cheaper: their
        gradients are per-sample gradients already.
    is_slow_channels_last : bool
        Whether models with this operation run faster on contiguous maps.
    """

    gradients: GradientRule
    arguments: Sequence[str]
    aten_arguments: Sequence[str]
    with_own_weights: OwnWeights | None = None
    is_slow_channels_last: bool = False


RULES: dict[str, Rule] = {}
"""By the operation's name, as `operations.name_of` has it."""


def register_rule(
    *names: str,
    arguments: Sequence[str],
    aten_arguments: Sequence[str] | None = None,
    with_own_weights: OwnWeights | None = None,
    is_slow_channels_last: bool = False,
) -> Callable[[GradientRule], GradientRule]:
    """Return a decorator that registers a function as the rule of some operations.

    Parameters
    ----------
    *names : str
        The operations' names: those of functions in `torch` or `torch.nn.functional`.
    arguments : sequence of str
        The names of their arguments, in order. The data is ``input``, unless the rule says otherwise.
    aten_arguments, with_own_weights, is_slow_channels_last
        See `Rule`; `aten_arguments` are the same as `arguments` where they are not given.

    Raises
    ------
    ValueError
        Where an operation has a rule already.
    """

    def register(gradients: GradientRule) -> GradientRule:
        for name in names:
            if name in RULES:
                raise ValueError(f"{name} has a rule already")
            RULES[name] = Rule(
                gradients,
                arguments,
                arguments if aten_arguments is None else aten_arguments,
                with_own_weights,
                is_slow_channels_last,
            )
        return gradients

    return register
