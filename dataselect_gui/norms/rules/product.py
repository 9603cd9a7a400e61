"""Parameters that data is multiplied by, element by element, such as the scales of layers."""

from collections.abc import Mapping

from torch import Tensor

from dataselect_gui.norms.rules.call import Call, Gradients, UncoveredError
from dataselect_gui.norms.rules.registry import register_rule
from dataselect_gui.norms.rules.sums import summed_to
from dataselect_gui.norms.sample_gradients import SampleGradient, Whole


@register_rule("mul", arguments=("input", "other"))
def product(call: Call) -> Gradients:
    """Return the rule of ``input · other``: Σ g · data over the axes of the broadcast."""
    (name,) = call.weights  # A product of two weights is no call with data.
    data = call.arguments["other" if name == "input" else "input"]
    if not isinstance(data, Tensor):
        raise UncoveredError
    kept = call.keep(data)

    def gradients(output: Tensor) -> Mapping[str, SampleGradient]:
        return {name: Whole(summed_to(call, output * kept, name))}

    return gradients
