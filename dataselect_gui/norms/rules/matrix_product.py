"""Products of data and a matrix of weights, as models write them without a linear layer."""

from collections.abc import Mapping

from torch import Tensor

from dataselect_gui.norms.rules.call import Call, Gradients, UncoveredError
from dataselect_gui.norms.rules.registry import register_rule
from dataselect_gui.norms.sample_gradients import Outer, SampleGradient, TokenSum


@register_rule("matmul", "mm", arguments=("input", "other"))
@register_rule("addmm", arguments=("input", "mat1", "mat2"))
def matrix_product(call: Call) -> Gradients:
    """Return the rule of ``input @ other`` and of ``input + mat1 @ mat2``."""
    left, right = ("mat1", "mat2") if "mat1" in call.arguments else ("input", "other")
    call.require_data(left)
    is_scaled = call.get("alpha", 1) != 1 or call.get("beta", 1) != 1
    if is_scaled or call.arguments[right].dim() != 2 or call.arguments[left].dim() < 2:
        raise UncoveredError
    columns = call.arguments[right].shape[1]
    if "input" in call.weights and call.shape("input") != (columns,):
        raise UncoveredError  # A bias of one number is added to every column.
    activation = call.share(call.arguments[left])

    def gradients(output: Tensor) -> Mapping[str, SampleGradient]:
        tokens = call.tokens(output)
        weight = Outer(activation, tokens, call.arguments[right].shape)
        return {right: weight, "input": TokenSum(tokens)}

    return gradients
