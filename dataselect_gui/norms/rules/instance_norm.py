"""Instance norm: each channel's own statistics, then a scale and a shift of it."""

from torch.nn import functional

from dataselect_gui.norms.rules.call import Call, Gradients, UncoveredError
from dataselect_gui.norms.rules.registry import register_rule
from dataselect_gui.norms.rules.sums import by_channel


@register_rule(
    "instance_norm",
    arguments=(
        "input", "running_mean", "running_var", "weight", "bias", "use_input_stats", "momentum", "eps",
    ),
    aten_arguments=(
        "input", "weight", "bias", "running_mean", "running_var", "use_input_stats", "momentum", "eps",
    ),
)  # fmt: skip
def instance_norm(call: Call) -> Gradients:
    """Return the rule of the scale and the shift; stored statistics are not covered."""
    call.require_data("input")
    if not call.get("use_input_stats", default=True):
        raise UncoveredError
    epsilon = call.get("eps", 1e-5)
    return by_channel(
        call,
        lambda activation, output, _: call.by_channel(
            output * functional.instance_norm(activation, eps=epsilon)
        ),
    )
