"""Parameters that are repeated for every record, such as class tokens."""

from collections.abc import Mapping

from torch import Tensor

from dataselect_gui.norms.rules.call import Call, Gradients
from dataselect_gui.norms.rules.registry import register_rule
from dataselect_gui.norms.rules.sums import summed_to
from dataselect_gui.norms.sample_gradients import SampleGradient, Whole


@register_rule("expand", "expand_as", "broadcast_to", "repeat", arguments=("input",))
def expansion(call: Call) -> Gradients:
    """Return the rule of a weight that is repeated: the sum over its copies."""

    def gradients(output: Tensor) -> Mapping[str, SampleGradient]:
        return {"input": Whole(summed_to(call, output, "input"))}

    return gradients
