"""Layer norm and RMS norm: a scale, and a shift, of every element."""

from torch.nn import functional

from dataselect_gui.norms.rules.call import Call, Gradients
from dataselect_gui.norms.rules.registry import register_rule
from dataselect_gui.norms.rules.sums import by_element


@register_rule("layer_norm", arguments=("input", "normalized_shape", "weight", "bias", "eps"))
def layer_norm(call: Call) -> Gradients:
    """Return the rule of the scale and the shift."""
    epsilon = call.get("eps", 1e-5)
    return by_element(call, lambda x, shape: functional.layer_norm(x, shape, eps=epsilon))


@register_rule("rms_norm", arguments=("input", "normalized_shape", "weight", "eps"))
def rms_norm(call: Call) -> Gradients:
    """Return the rule of the scale."""
    epsilon = call.get("eps")
    return by_element(call, lambda x, shape: functional.rms_norm(x, shape, eps=epsilon))
