"""The registry of everything that can be released: kinds with their mechanisms.

A new mechanism is a module in ``privacy/mechanisms`` with its page, a check in ``release/checks``, and
a line here; a new kind of release is a module in ``release/kinds``, and a line here. The window's form,
the help of the command line, the table of the README and the audit are loops over `REGISTRY`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from dataselect_gui.privacy.mechanisms.discrete_gaussian import DiscreteGaussian
from dataselect_gui.privacy.mechanisms.everything import Everything
from dataselect_gui.privacy.mechanisms.exact import Exact
from dataselect_gui.privacy.mechanisms.laplace_on_counts import LaplaceOnCounts
from dataselect_gui.privacy.mechanisms.laplace_on_scores import LaplaceOnScores
from dataselect_gui.privacy.mechanisms.mechanism import Mechanism
from dataselect_gui.privacy.mechanisms.noisy_top_k import NoisyTopK
from dataselect_gui.privacy.mechanisms.one_sided import OneSided
from dataselect_gui.privacy.mechanisms.randomized_response import RandomizedResponse
from dataselect_gui.release.checks import (
    discrete_gaussian,
    everything,
    exact,
    laplace_on_counts,
    laplace_on_scores,
    noisy_top_k,
    one_sided,
    randomized_response,
)
from dataselect_gui.release.checks.stated import Stated
from dataselect_gui.release.kinds.gradient import Gradient
from dataselect_gui.release.kinds.kind import Kind
from dataselect_gui.release.kinds.offers import Offers
from dataselect_gui.release.kinds.records import Records
from dataselect_gui.release.kinds.report import Report
from dataselect_gui.release.kinds.scores import Scores


@dataclass(frozen=True)
class Registered:
    """A kind of release by a mechanism.

    Attributes
    ----------
    kind, mechanism : type
        What leaves, and how it is drawn.
    check : callable
        The receiver's check of the stated figures; raises FaultError.
    """

    kind: type[Kind]
    mechanism: type[Mechanism]
    check: Callable[[Stated], None]


REGISTRY = (
    Registered(Records, OneSided, one_sided.check),
    Registered(Records, RandomizedResponse, randomized_response.check),
    Registered(Records, NoisyTopK, noisy_top_k.check),
    Registered(Records, Exact, exact.check),
    Registered(Records, Everything, everything.check),
    Registered(Offers, RandomizedResponse, randomized_response.check),
    Registered(Offers, NoisyTopK, noisy_top_k.check),
    Registered(Scores, LaplaceOnScores, laplace_on_scores.check),
    Registered(Report, LaplaceOnCounts, laplace_on_counts.check),
    Registered(Report, DiscreteGaussian, discrete_gaussian.check_counts),
    Registered(Gradient, DiscreteGaussian, discrete_gaussian.check_sum),
)
"""The first mechanism of a kind is its default."""
KINDS = {line.kind.name: line.kind for line in REGISTRY}
"""Name → kind of release, in the order in which they are offered."""
MECHANISMS = {line.mechanism.name: line.mechanism for line in REGISTRY}
"""Name → mechanism."""


def mechanisms_of(kind: type[Kind]) -> list[type[Mechanism]]:
    """Return the mechanisms of a kind, the default first."""
    return [line.mechanism for line in REGISTRY if line.kind is kind]


def registered(kind: str, mechanism: str) -> Registered:
    """Return the registration of a kind with a mechanism.

    Raises
    ------
    ValueError
        Where it is not registered.
    """
    for line in REGISTRY:
        if (line.kind.name, line.mechanism.name) == (kind, mechanism):
            return line
    raise ValueError(f"nothing is released as {kind!r} by {mechanism!r}")
