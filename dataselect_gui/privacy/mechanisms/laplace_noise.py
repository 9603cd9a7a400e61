"""Discrete Laplace noise on a vector of whole numbers: what its mechanisms share."""

import math
from dataclasses import replace

from dataselect_gui.privacy.accounting import Loss
from dataselect_gui.privacy.calibration import laplace_scale
from dataselect_gui.privacy.mechanisms.mechanism import Query, Setting, needed
from dataselect_gui.texts import _

DISTRIBUTION = "discrete Laplace"


def l1_sensitivity(query: Query, max_contributions: int) -> int:
    """Return the L1 sensitivity to a unit of m records, in steps."""
    return max_contributions * needed(query.l1, "a bound on the L1 norm")


def sensitivity(query: Query, max_contributions: int) -> dict[str, int]:
    """Return the sensitivity under its written name."""
    return {"l1_sensitivity_in_steps": l1_sensitivity(query, max_contributions)}


def calibrated(setting: Setting) -> Setting:
    """Return a setting with the scale of the noise that its ε needs."""
    sensitivity = l1_sensitivity(needed(setting.query, "the query"), setting.max_contributions)
    return replace(setting, scale=laplace_scale(needed(setting.epsilon, "ε"), sensitivity))


def loss(query: Query, max_contributions: int, scale: float) -> Loss:
    """Return how the noise composes."""
    return Loss("discrete-laplace", scale, l1_sensitivity(query, max_contributions))


def in_words(scale: float) -> str:
    """Return the noise in words."""
    return _("discrete Laplace noise of scale {scale:.6g}", scale=scale)


def width(scale: float) -> float:
    """Return the half-width of the 95 % interval of Laplace noise."""
    return scale * math.log(20)
