"""Rules for the per-sample gradients of a layer's weights, one file for each layer.

While the model runs, a rule is given a call that combines weights with data. It returns a function from
the gradient at the call's output, which is known later, to the gradient of each weight. Rules are found
by the operation's name, which modules and ``.pt2`` graphs share.
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
