"""Batch norm on stored statistics: a scale and a shift of each channel."""

from dataselect_gui.norms.rules.call import Call, Gradients, UncoveredError
from dataselect_gui.norms.rules.registry import register_rule
from dataselect_gui.norms.rules.sums import by_channel


@register_rule(
    "batch_norm",
    arguments=(
        "input", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps",
    ),
    aten_arguments=(
        "input", "weight", "bias", "running_mean", "running_var", "training", "momentum", "eps",
    ),
)  # fmt: skip
def batch_norm(call: Call) -> Gradients:
    """Return the rule of the scale and the shift; statistics of the batch are not covered."""
    call.require_data("input", "running_mean", "running_var")
    if call.get("training", default=False) or call.get("running_mean") is None:
        raise UncoveredError
    mean = call.arguments["running_mean"]
    scale = (call.arguments["running_var"] + call.get("eps", 1e-5)).rsqrt()
    # The normalised input is never written: Σ g (x − mean) scale = (Σ g x − mean Σ g) scale.
    return by_channel(
        call,
        lambda activation, output, sums: (call.by_channel(output * activation) - mean * sums) * scale,
    )
