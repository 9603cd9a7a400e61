"""How many clean records a calibration leaves out: ``python -m tests.benchmarks.calibration``.

Each line is a mean over calibrations that share no row, of held-out rows that share none with them, and
its standard error. Losses have no ties. Features are those of two normal classes in 16 dimensions.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import NDArray

from dataselect_gui.calibration.calibrating import (
    CleanRows,
    Findings,
    calibrate_as_they_are,
    calibrate_privately,
    split_rows,
)
from dataselect_gui.calibration.private import PrivateQueries
from dataselect_gui.calibration.statistics import class_means, covariance_of, distances_of

ALPHA = Fraction(1, 20)
NAMES = ("first", "second")
WIDTH, HELD_OUT = 16, 2000
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """What calibrations of one kind left out.

    Attributes
    ----------
    what : str
        Which.
    mean, error : float
        The mean share of clean held-out rows left out, and its standard error.
    least, most : float
        Between which it is to lie.
    """

    what: str
    mean: float
    error: float
    least: float
    most: float

    @property
    def holds(self) -> bool:
        """Whether it lies there, give or take three standard errors."""
        return self.least - 3 * self.error <= self.mean <= self.most + 3 * self.error


def drawn(rng: np.random.Generator, count: int) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Return classes, losses and features of so many rows of each class."""
    classes = np.repeat(np.arange(2), count)
    losses = rng.lognormal(-2.0 + classes, 1.5)
    return classes, losses, rng.normal(size=(2 * count, WIDTH)) + 3 * classes[:, None]


def left_out(findings: Findings, scores: dict[str, Floats], classes: NDArray[np.int64]) -> float:
    """Return the share of rows above a threshold of their class."""
    out = np.zeros(len(classes), dtype=bool)
    for name, thresholds in findings.scores.items():
        for index, class_name in enumerate(NAMES):
            threshold = thresholds.classes[class_name].threshold
            if threshold is not None:
                out |= (classes == index) & (scores[name] > threshold)
    return float(out.mean())


def one_score(rng: np.random.Generator, count: int) -> float:
    """Calibrate loss alone on so many rows of each class."""
    classes, losses, _ = drawn(rng, count)
    rows = CleanRows(NAMES, classes, {"loss": losses}, np.ones(len(classes), dtype=bool))
    calibrated = calibrate_as_they_are(rows, ["loss"], ALPHA, np.ones(len(classes), dtype=bool))
    others, held_out, _ = drawn(rng, HELD_OUT)
    return left_out(calibrated, {"loss": held_out}, others)


def two_scores(rng: np.random.Generator, count: int) -> float:
    """Calibrate loss and distance on so many rows of each class, parted by the command's own split."""
    classes, losses, features = drawn(rng, count)
    part = split_rows(len(classes), str(rng.integers(1 << 62)))
    means = class_means(features[part], classes[part], 2)
    covariance = covariance_of(features[part], classes[part], means)
    distances = distances_of(features, classes, means, covariance)
    scores = {"loss": losses, "distance": distances}
    rows = CleanRows(NAMES, classes, scores, np.ones(len(classes), dtype=bool))
    calibrated = calibrate_as_they_are(rows, ["loss", "distance"], ALPHA, ~part)
    others, held_out, theirs = drawn(rng, HELD_OUT)
    scores_of_others = {"loss": held_out, "distance": distances_of(theirs, others, means, covariance)}
    return left_out(calibrated, scores_of_others, others)


def privately(rng: np.random.Generator, count: int) -> float:
    """Calibrate loss at ε = 1, all of it spent, on so many rows of each class."""
    classes, losses, _ = drawn(rng, count)
    rows = CleanRows(NAMES, classes, {"loss": losses}, rng.random(len(classes)) < 0.9)
    queries = PrivateQueries(Decimal(1), Decimal(0), 1, with_directions=False)
    calibrated = calibrate_privately(rows, ["loss"], ALPHA, queries)
    if queries.privacy().epsilon != 1.0:
        raise ValueError("the budget is not spent")
    others, held_out, _ = drawn(rng, HELD_OUT)
    return left_out(calibrated, {"loss": held_out}, others)


def measured(
    what: str, calibrate_once: Callable[[], float], calibrations: int, least: float, most: float
) -> Line:
    """Return a line of so many calibrations."""
    shares = np.array([calibrate_once() for _calibration in range(calibrations)])
    return Line(what, float(shares.mean()), float(shares.std(ddof=1)) / calibrations**0.5, least, most)


def lines(calibrations: int, seed: int = 0) -> list[Line]:
    """Return all of them."""
    rng, alpha = np.random.default_rng(seed), float(ALPHA)
    alone = [
        measured(
            f"loss, {count:,} rows a class",
            partial(one_score, rng, count),
            calibrations,
            alpha - 1 / (count + 1),
            alpha,
        )
        for count in (20, 200, 2000)
    ]
    together = [
        measured(
            f"loss and distance, {count:,} rows a class",
            partial(two_scores, rng, count),
            calibrations,
            0.0,
            alpha,
        )
        for count in (20, 200, 2000)
    ]
    private = measured(
        "loss, ε = 1, 2,000 rows a class",
        partial(privately, rng, 2000),
        calibrations,
        alpha - 0.02,
        alpha,
    )
    return [*alone, *together, private]


def main() -> None:
    """Print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calibrations", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    for line in lines(chosen.calibrations, chosen.seed):
        verdict = "holds" if line.holds else "FAILS"
        print(
            f"{line.what:38} {line.mean:.5f} ± {line.error:.5f} "
            f"in [{line.least:.5f}, {line.most:.5f}]  {verdict}",
            flush=True,
        )


if __name__ == "__main__":
    main()
