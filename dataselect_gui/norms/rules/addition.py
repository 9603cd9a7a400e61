"""Parameters that are added to data or taken from it, such as the embeddings of positions."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from dataselect_gui.norms.rules.call import Call, Gradients
from dataselect_gui.norms.rules.registry import register_rule
from dataselect_gui.norms.rules.sums import summed_to
from dataselect_gui.norms.sample_gradients import SampleGradient, Whole


@register_rule("add", arguments=("input", "other", "alpha"))
def addition(call: Call) -> Gradients:
    """Return the rule of ``input + alpha · other``: the gradient, summed to the weight's shape."""
    return _by_broadcasting(call, {"input": 1, "other": call.get("alpha", 1)})


@register_rule("sub", arguments=("input", "other", "alpha"))
def subtraction(call: Call) -> Gradients:
    """Return the rule of ``input − alpha · other``: the same, with its sign."""
    return _by_broadcasting(call, {"input": 1, "other": -call.get("alpha", 1)})


def _by_broadcasting(call: Call, factors: Mapping[str, Any]) -> Gradients:
    def gradients(output: Tensor) -> Mapping[str, SampleGradient]:
        return {
            name: Whole(summed_to(call, output * factor if factor != 1 else output, name))
            for name, factor in factors.items()
            if name in call.weights
        }

    return gradients
