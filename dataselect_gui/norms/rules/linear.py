"""Linear layers: a sum of outer products over the tokens of a record."""

from collections.abc import Mapping

from torch import Tensor

from dataselect_gui.norms.rules.call import Call, Gradients
from dataselect_gui.norms.rules.registry import register_rule
from dataselect_gui.norms.sample_gradients import Outer, SampleGradient, TokenSum


@register_rule("linear", arguments=("input", "weight", "bias"))
def linear(call: Call) -> Gradients:
    """Return the rule of the weight, Σ_t g_t x_tᵀ over the tokens, and of the bias, Σ_t g_t."""
    call.require_data("input")
    activation = call.share(call.arguments["input"])

    def gradients(output: Tensor) -> Mapping[str, SampleGradient]:
        tokens = call.tokens(output)
        weight = Outer(tokens, activation, call.shape("weight"))
        return {"weight": weight, "bias": TokenSum(tokens)}

    return gradients
