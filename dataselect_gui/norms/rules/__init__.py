"""How each layer's use of its weights makes their per-sample gradients: a file for each layer.

A rule takes a call in which weights met data, while the model runs, and returns a function that takes
the gradient at the call's output, once it is known, to the gradient of each weight. Rules are found by
the operation's name, which modules and ``.pt2`` graphs share.
"""

from dataselect_gui.norms.rules import (
    addition,
    batch_norm,
    convolution,
    embedding,
    expansion,
    group_norm,
    instance_norm,
    layer_norm,
    linear,
    matrix_product,
    product,
)
from dataselect_gui.norms.rules.call import Call, Gradients, UncoveredError
from dataselect_gui.norms.rules.registry import RULES, Rule, register_rule

__all__ = [
    "RULES",
    "Call",
    "Gradients",
    "Rule",
    "UncoveredError",
    "addition",
    "batch_norm",
    "convolution",
    "embedding",
    "expansion",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "linear",
    "matrix_product",
    "product",
    "register_rule",
]
