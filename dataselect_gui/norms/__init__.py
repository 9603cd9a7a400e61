"""Exact per-sample gradient norms of any PyTorch model, for about the price of one training step."""

from dataselect_gui.norms.gradient_norms import GradientNorms
from dataselect_gui.norms.per_sample import per_sample_norms
from dataselect_gui.norms.rules import register_rule

__all__ = ["GradientNorms", "per_sample_norms", "register_rule"]
