"""Embeddings: the gradient at each token, at the row that the token takes."""

from collections.abc import Mapping

from torch import Tensor

from dataselect_gui.norms.rules.call import Call, Gradients, UncoveredError
from dataselect_gui.norms.rules.registry import register_rule
from dataselect_gui.norms.sample_gradients import OneHot, Outer, SampleGradient


@register_rule(
    "embedding",
    arguments=(
        "input", "weight", "padding_idx", "max_norm", "norm_type", "scale_grad_by_freq", "sparse",
    ),
    aten_arguments=("weight", "input", "graph_padding_idx", "scale_grad_by_freq", "sparse"),
)  # fmt: skip
def embedding(call: Call) -> Gradients:
    """Return the rule of an embedding's table, one-hot vectors times gradients."""
    call.require_data("input")
    if call.get("max_norm") is not None or call.get("scale_grad_by_freq", default=False):
        raise UncoveredError
    places = call.by_record(call.arguments["input"]).reshape(call.batch, -1)
    rows, padding = call.shape("weight")[0], call.get("padding_idx")
    if padding is None and call.get("graph_padding_idx", -1) >= 0:
        padding = call.arguments["graph_padding_idx"]
    if padding is not None:
        places = places.masked_fill(places == padding % rows, -1)

    def gradients(output: Tensor) -> Mapping[str, SampleGradient]:
        ones = OneHot(places, rows, output.dtype)
        return {"weight": Outer(ones, call.tokens(output), call.shape("weight"))}

    return gradients
