"""What is audited: each release of the program, and the mistakes that an audit must catch.

Neighbours are data sets, scoring included, that differ in the contents of one unit. The mistakes are
the same cases with one thing done wrong.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal

from dataselect_gui.privacy.calibration import quantile_scale
from dataselect_gui.privacy.mechanisms.discrete_gaussian import DiscreteGaussian
from dataselect_gui.privacy.mechanisms.everything import Everything
from dataselect_gui.privacy.mechanisms.exact import Exact
from dataselect_gui.privacy.mechanisms.laplace_on_counts import LaplaceOnCounts
from dataselect_gui.privacy.mechanisms.laplace_on_scores import LaplaceOnScores
from dataselect_gui.privacy.mechanisms.mechanism import Mechanism
from dataselect_gui.privacy.mechanisms.noisy_top_k import NoisyTopK
from dataselect_gui.privacy.mechanisms.one_sided import OneSided
from dataselect_gui.privacy.mechanisms.randomized_response import RandomizedResponse
from dataselect_gui.release import registry
from dataselect_gui.release.kinds.gradient import Gradient
from dataselect_gui.release.kinds.kind import Kind
from dataselect_gui.release.kinds.offers import Offers
from dataselect_gui.release.kinds.records import Records
from dataselect_gui.release.kinds.report import Report
from dataselect_gui.release.kinds.scores import Scores as ScoresKind
from tests.audit import calibrations, rule_cases
from tests.audit.claims import Case
from tests.audit.samplers import (
    absences,
    all_beyond,
    all_counts,
    along_the_difference,
    beside,
    bits_on_offer,
    bought_then_bits,
    by_batch_statistics,
    by_count,
    gradient,
    highest_of_three,
    normalised_in_class,
    other_record,
    pressed_after_rollback,
    pressed_bits,
    pressed_one_sided,
    pressed_people,
    quantile,
    withheld,
)
from tests.audit.scorings import ATTACKS, by_the_program
from tests.audit.worlds import score, terms, weaker

BITS, SIDED, TOP = RandomizedResponse.name, OneSided.name, NoisyTopK.name
NORMAL = DiscreteGaussian.name


def bits_of_offers() -> list[Case]:
    cases = [
        Case(f"offers, bits, ε {epsilon}", epsilon, bits_on_offer(terms(BITS, epsilon), 1), tight=True)
        for epsilon in (0.3, 1.0, 4.0)
    ]
    bits = bits_on_offer(terms(BITS, 1.0, m=3), 3)
    return [*cases, Case("offers, bits, m 3", 1.0, bits, tight=True, rare=True)]


def bits_of_records() -> list[Case]:
    stated = terms(BITS, 1.0, m=2, kind="records")
    return [Case("records, bits, absence, m 2", 1.0, absences(stated, 2), tight=True, rare=True)]


def one_sided_records() -> list[Case]:
    cases = []
    for epsilon in (0.3, 1.0, 4.0):
        stated = terms(SIDED, epsilon, kind="records")
        cases.append(Case(f"records, one-sided, ε {epsilon}", epsilon, absences(stated, 1), tight=True))
    stated = terms(SIDED, 1.0, m=3, kind="records")
    return [*cases, Case("records, one-sided, m 3", 1.0, absences(stated, 3), tight=True)]


def top_of_records() -> list[Case]:
    stated = terms(TOP, 2.0, count=1, kind="records")
    return [Case("records, highest of three", 2.0, highest_of_three(stated, absent=True))]


def top_of_offers() -> list[Case]:
    return [Case("offers, highest of three", 2.0, highest_of_three(terms(TOP, 2.0, count=1)))]


def noise_on_scores() -> list[Case]:
    cases = []
    for epsilon, m in ((0.3, 1), (1.0, 1), (4.0, 1), (1.0, 4)):
        stated = terms(LaplaceOnScores.name, epsilon, m=m, kind="scores")
        name = f"scores, ε {epsilon}, m {m}"
        cases.append(Case(name, epsilon, all_beyond(stated, m), tight=True, rare=m > 1))
    other = other_record(terms(LaplaceOnScores.name, 1.0, kind="scores"), score)
    return [*cases, Case("scores, the other record", 1.0, other)]


def laplace_on_counts() -> list[Case]:
    cases = []
    for m in (1, 2):
        stated = terms(
            LaplaceOnCounts.name, 2.0, m=m, kind="report", bins=("0.7",), count_threshold="0.7"
        )
        cases.append(Case(f"report, Laplace, m {m}", 2.0, all_counts(stated, m), tight=True, rare=True))
        passing = rule_cases.passing(rule_cases.passing_terms(LaplaceOnCounts.name, m), m)
        name = f"report, who passes, Laplace, m {m}"
        cases.append(Case(name, 1.0, passing, tight=True, rare=True))
    return cases


def gaussian_on_counts() -> list[Case]:
    cases = []
    for m in (1, 2):
        stated = terms(NORMAL, 1.0, m=m, kind="report", bins=("0.7",), delta="0.01")
        cases.append(Case(f"report, Gaussian, m {m}", 1.0, along_the_difference(stated, m), delta=0.01))
        passing = rule_cases.passing(rule_cases.passing_terms(NORMAL, m, delta="0.01"), m)
        cases.append(Case(f"report, who passes, Gaussian, m {m}", 1.0, passing, delta=0.01))
    return cases


def gaussian_on_gradients() -> list[Case]:
    cases = []
    for m in (1, 2):
        stated = terms(NORMAL, 1.0, m=m, kind="gradient", clip="1", delta="0.01")
        cases.append(Case(f"gradient, m {m}", 1.0, gradient(stated, m), delta=0.01))
    return cases


def nothing_claimed() -> list[Case]:
    return []


CASES: dict[tuple[type[Kind], type[Mechanism]], Callable[[], list[Case]]] = {
    (Records, OneSided): one_sided_records,
    (Records, RandomizedResponse): bits_of_records,
    (Records, NoisyTopK): top_of_records,
    (Records, Exact): nothing_claimed,
    (Records, Everything): nothing_claimed,
    (Offers, RandomizedResponse): bits_of_offers,
    (Offers, NoisyTopK): top_of_offers,
    (ScoresKind, LaplaceOnScores): noise_on_scores,
    (Report, LaplaceOnCounts): laplace_on_counts,
    (Report, DiscreteGaussian): gaussian_on_counts,
    (Gradient, DiscreteGaussian): gaussian_on_gradients,
}
"""The audit of each kind of release by each mechanism."""


def transcripts() -> list[Case]:
    """Return what is claimed of many releases together, of thresholds, and of scoring."""
    cases = [
        Case(
            "ten one-sided releases, other thresholds",
            1.0,
            pressed_one_sided(1.0, sealed=True),
            tight=True,
        ),
        Case("ten presses, one of three records", 1.0, pressed_people(1.0, kept=True), tight=True),
        Case("ten presses, the same offers", 1.0, pressed_bits(1.0, 1, same=True), tight=True),
        Case("a withheld record", 0.0, withheld(terms(BITS, 1.0), shipped=False)),
    ]
    for m in (1, 2):
        scale = quantile_scale(Decimal(1), 2 * m, m)
        cases.append(Case(f"a bought threshold, m {m}", 1.0, quantile(scale, m)))
    cases += [
        Case(
            f"scored by the program: {attack.name}",
            1.0,
            beside(attack, by_the_program(attack.make)),
        )
        for attack in ATTACKS
    ]
    cases.append(Case("a bought threshold, then offers", 2.0, bought_then_bits(1.0, 1.0)))
    return [
        *cases,
        Case("counts of a calibration", 1.0, calibrations.counts(1.0), tight=True),
        Case("thresholds of a calibration", 1.0, calibrations.thresholds(1.0)),
        Case("a calibration's direction", 1.0, calibrations.directions(1.0, 0.01), delta=0.01),
    ]


def honest() -> list[Case]:
    """Return every claim of the program that is audited: all that is registered, and transcripts.

    Raises
    ------
    KeyError
        Where something is registered that nothing audits.
    """
    audited = [case for line in registry.REGISTRY for case in CASES[line.kind, line.mechanism]()]
    return [*audited, *transcripts(), *rule_cases.honest()]


def mistakes() -> list[Case]:
    """Return the negative controls: each claims what it does not keep."""
    bits, sided = "randomized-response", "one-sided"
    scores = terms("laplace", 1.0, kind="scores")
    report = terms("discrete-laplace", 2.0, kind="report", bins=("0.7",), count_threshold="0.7")
    summed = terms("discrete-gaussian", 1.0, kind="gradient", clip="1", delta="0.01")
    four = terms("laplace", 1.0, m=4, kind="scores")
    return [
        Case("half the noise on scores", 1.0, all_beyond(weaker(scores, 2), 1)),
        Case("half the noise on counts", 2.0, all_counts(weaker(report, 2), 1), rare=True),
        Case(
            "half the noise on a gradient",
            1.0,
            gradient(weaker(summed, 2), 1),
            delta=0.01,
            rare=True,
        ),
        Case("ε for ε/m in bits", 1.0, bits_on_offer(terms(bits, 1.0), 3)),
        Case("ε for ε/m in secrets", 1.0, absences(terms(sided, 1.0, kind="records"), 3)),
        Case("√m for m", 1.0, all_beyond(weaker(four, 2), 4), rare=True),
        Case("a threshold charged at map(1)", 1.0, quantile(1.0, 1)),
        Case("monotonic noise at m 2", 1.0, quantile(2.0, 2)),
        Case("a class-normalised score", 1.0, other_record(scores, normalised_in_class), rare=True),
        Case("a count for a threshold", 1.0, by_count(terms(sided, 1.0, kind="records"))),
        Case("a count charged for one class alone", 1.0, calibrations.counts(1.0, classes_charged=1)),
        Case("a mean gradient", 1.0, gradient(summed, 1, mean=True), delta=0.01),
        Case("withheld records shipped", 0.0, withheld(terms(bits, 1.0), shipped=True)),
        Case("a fresh m-subset at each press", 1.0, pressed_people(1.0, kept=False)),
        Case("fresh secrets at each press", 1.0, pressed_one_sided(1.0, sealed=False)),
        Case("a fresh draw at each press", 1.0, pressed_bits(1.0, 1, same=False)),
        Case("a copied source with a fresh budget", 1.0, pressed_bits(1.0, 3, same=True)),
        Case("an older ledger put back", 1.0, pressed_after_rollback(1.0)),
        Case(
            "a model with batch statistics",
            1.0,
            other_record(scores, by_batch_statistics),
            rare=True,
        ),
        *(Case(attack.name, 1.0, beside(attack, attack.careless)) for attack in ATTACKS),
        *rule_cases.mistakes(),
    ]


def names(cases: Sequence[Case]) -> list[str]:
    """Return what to call cases in a test run."""
    return [case.name for case in cases]
