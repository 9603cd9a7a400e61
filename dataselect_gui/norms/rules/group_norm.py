"""Group norm: each record's own statistics, then a scale and a shift of each channel.

On channels last it is slow: rearranging its input costs more than that layout saves elsewhere.
"""

import torch
from torch import Tensor
from torch.nn import functional

from dataselect_gui.norms.rules.call import Call, Gradients
from dataselect_gui.norms.rules.registry import Repeated, register_rule
from dataselect_gui.norms.rules.sums import by_channel


def folded_group_norm(call: Call, repeated: Repeated) -> Tensor | None:
    """Run a group norm with the records folded into the channels, so that each has its own weights.

    Autograd's gradients of these weights are per-sample gradients, at no cost of their own.

    Parameters
    ----------
    call : Call
        The group norm.
    repeated : callable
        Takes an argument's name to its values, repeated for every row of the input.

    Returns
    -------
    Tensor or None
        None where folding would rearrange the input.
    """
    activation = call.arguments["input"]
    if "input" in call.weights or not activation.is_contiguous():
        return None
    folded = torch.group_norm(
        activation.reshape(1, -1, *activation.shape[2:]),
        call.arguments["num_groups"] * len(activation),
        repeated("weight"),
        repeated("bias"),
        call.get("eps", 1e-5),
    )
    return folded.reshape(activation.shape)


@register_rule(
    "group_norm",
    arguments=("input", "num_groups", "weight", "bias", "eps"),
    with_own_weights=folded_group_norm,
    is_slow_channels_last=True,
)
def group_norm(call: Call) -> Gradients:
    """Return the rule of the scale and the shift."""
    call.require_data("input")
    groups, epsilon = call.arguments["num_groups"], call.get("eps", 1e-5)
    return by_channel(
        call,
        lambda activation, output, _: call.by_channel(
            output * functional.group_norm(activation, groups, eps=epsilon)
        ),
    )
