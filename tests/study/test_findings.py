import json
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from dataselect_gui.study.findings import Difference, Pick, read_findings
from dataselect_gui.study.sentences import compared
from dataselect_gui.study.statistics import (
    Interval,
    Verdict,
    auroc,
    interval,
    precision_at,
    rank_correlation,
)
from dataselect_gui.study.store import FINDINGS, TABLE
from dataselect_gui.study.writing import table_of

EXAMPLES = Path(__file__).parents[2] / "resources" / "study"
FIRST = [0.81, 0.83, 0.80, 0.84, 0.82]
SECOND = [0.80, 0.80, 0.79, 0.80, 0.81]


def test_an_interval_of_differences_is_that_of_a_paired_t_test() -> None:
    from scipy.stats import ttest_rel

    difference = interval([a - b for a, b in zip(FIRST, SECOND, strict=True)])
    expected = ttest_rel(FIRST, SECOND).confidence_interval(0.95)
    assert (difference.low, difference.high) == pytest.approx((expected.low, expected.high))
    assert difference.verdict == "better"


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        ([0.1, 0.11, 0.09], "better"),
        ([-0.1, -0.11, -0.09], "worse"),
        ([0.1, -0.1, 0.01], "no difference"),
    ],
)
def test_a_verdict_needs_an_interval_that_leaves_zero_out(
    differences: list[float], verdict: str
) -> None:
    assert interval(differences).verdict == verdict


def test_auroc_counts_pairs_and_half_of_ties() -> None:
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 5, 40).astype(np.float64)
    positive = rng.random(40) < 0.3
    pairs = [(a > b) + (a == b) / 2 for a in scores[positive] for b in scores[~positive]]
    assert auroc(scores, positive) == pytest.approx(float(np.mean(pairs)))


def test_precision_is_taken_among_as_many_as_are_positive() -> None:
    positive = np.array([True, False, True, False, False])
    assert precision_at(np.array([5.0, 4.0, 1.0, np.nan, 0.0]), positive) == 0.5


def test_scores_that_are_all_the_same_agree_with_nothing() -> None:
    rising = np.arange(5.0)
    assert rank_correlation(rising, np.ones(5)) == 0
    assert rank_correlation(rising, -(rising**3)) == pytest.approx(-1)
    assert rank_correlation(rising, np.array([0, 1, 2, np.nan, -9.0])) == pytest.approx(-0.2)


@pytest.mark.parametrize(
    ("verdict", "low", "high", "expected"),
    [
        ("better", 0.01, 0.03, "the score helped, by +1.0 to +3.0 points."),
        ("worse", -0.03, -0.01, "random won, by 1.0 to 3.0 points."),
        ("no difference", -0.01, 0.02, "no difference that 5 runs can show (−1.0 to +2.0 points)."),
    ],
)
def test_the_answer_is_in_words(verdict: Verdict, low: float, high: float, expected: str) -> None:
    accuracy = Interval(0.812, 0.8, 0.82)
    pick = Pick(
        score="vog",
        place="top",
        share="0.1",
        epsilon=None,
        records=100.0,
        accuracy=accuracy,
        balanced=accuracy,
        accuracy_difference=Difference(0.0, low, high, verdict),
    )
    random = structs.replace(pick, accuracy=Interval(0.809, 0.8, 0.82), accuracy_difference=None)
    said = compared(pick, random, seeds=5)
    assert said.startswith(
        "Trained without differential privacy on the 10 % of records with the highest VoG, the model "
        "was right on 81.2 % of the held-out records; on as many random ones, on 80.9 %: "
    )
    assert said.endswith(expected)


@pytest.mark.parametrize("study", ["cifar10", "chest-xray", "fashion-mnist"])
def test_findings_are_written_as_they_were_read(study: str) -> None:
    folder = EXAMPLES / study
    findings = read_findings(folder)
    written = json.dumps(findings.as_json(), ensure_ascii=False, indent=1) + "\n"
    assert written == (folder / FINDINGS).read_text(encoding="utf-8")
    assert table_of(findings) == (folder / TABLE).read_text(encoding="utf-8")
