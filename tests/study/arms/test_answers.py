"""What the first line says of made-up results: helps, makes no difference, hurts."""

from collections.abc import Callable
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from dataselect_gui.study.arms.evaluation import ArmEvaluation
from dataselect_gui.study.arms.findings import ArmFindings
from dataselect_gui.study.arms.plan import (
    RULE,
    Arm,
    ArmChoices,
    Cell,
    JudgingTask,
    arm_trainings,
)
from dataselect_gui.study.arms.planting import Dirt
from dataselect_gui.study.arms.records import Records
from dataselect_gui.study.arms.sentences import answer_lines, whole_of
from dataselect_gui.study.arms.task_results import ArmTaskResult, JudgedResult
from dataselect_gui.study.arms.writing import arms_page
from dataselect_gui.study.store import Store

COUNT = 200
Effect = Callable[[Arm, Cell], float]


def findings_of(
    folder: Path,
    effect: Effect,
    *,
    spread: float = 0.002,
    uneven: bool = False,
    has_rows: bool = False,
) -> ArmFindings:
    """Return findings of results that are 0.8, an effect and noise by arm and seed."""
    choices = ArmChoices(seeds=6, release_epsilons=(), plant="labels:0.2", has_rows=has_rows)
    store, rng = Store(folder, {}), np.random.default_rng(0)
    common = rng.normal(
        0, 0.05, choices.seeds
    )  # Seeds differ by far more than arms do: pairing counts.
    for training in arm_trainings(choices):
        value = 0.8 + effect(training.arm, training.cell) + common[training.seed]
        accuracy = float(value + rng.normal(0, spread))
        result = ArmTaskResult(
            accuracy=accuracy if not uneven else 0.5,
            balanced=accuracy if uneven else 0.5,
            recalls=[accuracy],
            records=10,
            privacy=None,
            seconds=1.0,
        )
        store.write(training.name, result)
    dirt = np.repeat([Dirt.NONE, Dirt.LABEL], [80, 20]).astype(np.int8)
    kept = np.arange(100) < 76  # Four clean ones are left out, and all wrong ones.
    for seed in range(choices.seeds):
        for planted in (False, True):
            judged = JudgedResult(records=100, left_out=24)
            there = dirt if planted else np.zeros(100, dtype=np.int8)
            store.write(JudgingTask(seed, planted).name, judged, kept=kept, dirt=there)
    targets = (np.arange(COUNT) % 4 == 0) if uneven else (np.arange(COUNT) % 2 == 0)
    records = Records(np.zeros((COUNT, 1), np.float32), targets.astype(np.int64), None, "", 3)
    return ArmEvaluation(records, None, None, ["a", "b"], choices, store).findings()


def nothing(_arm: Arm, _cell: Cell) -> float:
    return 0.0


def on_dirt(arm: Arm, cell: Cell) -> float:
    return 0.05 if arm == RULE and cell.planted else 0.0


def harmful(arm: Arm, _cell: Cell) -> float:
    return -0.05 if arm == RULE else 0.0


def less_than_all(arm: Arm, _cell: Cell) -> float:
    return {"rule": 0.03, "all records": 0.03}.get(arm.kind, 0.0)


def with_dp_alone(arm: Arm, cell: Cell) -> float:
    return 0.05 if arm == RULE and cell.epsilon else 0.0


def by_training(arm: Arm, cell: Cell) -> float:
    return (0.05 if cell.epsilon else -0.05) if arm == RULE else 0.0


@pytest.mark.parametrize(
    ("effect", "as_they_are", "planted"),
    [
        (nothing, "makes no difference that 6 repetitions can show: ", "makes no difference that 6 "),
        (on_dirt, "makes no difference that 6 repetitions can show: ", "helps: "),
        (harmful, "hurts: ", "hurts: "),
        (less_than_all, "makes no difference that 6 repetitions can show: ", "makes no difference"),
        (
            with_dp_alone,
            "helps in 1 of 2 kinds of training and hurts in none: ",
            "helps in 1 of 2 kinds of training and hurts in none: ",
        ),
        (by_training, "helps in some trainings and hurts in others: ", "helps in some trainings"),
    ],
)
def test_the_first_line_says_which(
    tmp_path: Path, effect: Effect, as_they_are: str, planted: str
) -> None:
    lines = answer_lines(findings_of(tmp_path / "s", effect))
    assert len(lines) in {3, 4}
    assert lines[0].startswith(
        f"On your records as they are, leaving out those that look wrong {as_they_are}"
    )
    dirt = (
        "With wrong records planted among yours (20 % wrong labels), leaving out those that look wrong "
    )
    assert lines[1].startswith(dirt + planted)


def test_the_first_line_has_the_figures_against_both(tmp_path: Path) -> None:
    findings = findings_of(tmp_path / "s", harmful, spread=0.0)
    first = answer_lines(findings)[0]
    assert " hurts: " in first
    plain, private = first.split(";")
    assert "ε = 3" in private
    for part in (plain, private):
        assert part.count("−5.0 (−5.0 to −5.0)") == 2, "against random records and against everything"
    page = arms_page(findings, {})
    assert unescape(page.split("<h1>")[1].split("</h1>")[0]) == first


def test_where_doing_nothing_wins_the_page_says_so(tmp_path: Path) -> None:
    """The rule may help beside everything while both are worse than the untouched checkpoint."""

    def all_are_worse(arm: Arm, cell: Cell) -> float:
        return on_dirt(arm, cell) - (0.2 if arm.kind != "untouched" else 0.0)

    said = "not training on your records at all was better than leaving out what looks wrong"
    lines = answer_lines(findings_of(tmp_path / "worse", all_are_worse, spread=0.0))
    assert " helps: " in lines[1]
    assert lines[2].startswith(
        "Beside the untouched checkpoint, training on what is left: as they are, "
    )
    assert "with dirt, with DP-SGD at ε = 3 −15.0 (−15.0 to −15.0) points" in lines[2]
    assert said in lines[3]
    assert said in unescape(arms_page(findings_of(tmp_path / "again", all_are_worse, spread=0.0), {}))
    assert not any(
        said in line for line in answer_lines(findings_of(tmp_path / "fine", on_dirt, spread=0.0))
    )


def test_it_never_helps_where_an_interval_includes_nothing(tmp_path: Path) -> None:
    """Noise as large as the effect: whatever is said, no interval with 0 in it helps or hurts."""
    for number in range(5):
        findings = findings_of(tmp_path / f"{number}", on_dirt, spread=0.05)
        for compared in findings.comparisons:
            if compared.difference.low <= 0 <= compared.difference.high:
                assert compared.difference.verdict == "no difference"


def test_classes_that_are_uneven_are_weighed_alike(tmp_path: Path) -> None:
    even, uneven = (
        findings_of(tmp_path / str(is_uneven), on_dirt, uneven=is_uneven) for is_uneven in (False, True)
    )
    assert (even.measure, uneven.measure) == ("accuracy", "balanced")
    for findings in (even, uneven):
        assert " helps: " in answer_lines(findings)[1]
    assert "balanced accuracy" in arms_page(uneven, {})


def test_rows_that_are_mixed_in_are_answered_for_apart(tmp_path: Path) -> None:
    def alone(arm: Arm, cell: Cell) -> float:
        return 0.05 if arm == RULE and cell.planted and not cell.mixed else 0.0

    lines = answer_lines(findings_of(tmp_path / "s", alone, has_rows=True))
    assert [" helps: " in line for line in lines] == [False, True, False, False, False]
    assert ["rows mixed in" in line for line in lines[:4]] == [False, False, True, True]


def test_what_was_left_out_is_counted(tmp_path: Path) -> None:
    findings = findings_of(tmp_path / "s", nothing)
    as_they_are, planted = findings.left_out
    assert as_they_are.share.mean == pytest.approx(0.24)
    assert planted.share_of_dirt["wrong labels"].mean == 1.0
    assert planted.share_of_rest.mean == pytest.approx(4 / 80)
    assert planted.planted_records == {"wrong labels": 20.0}
    page = unescape(arms_page(findings, {}))
    assert "the rule left out 100.0 % of 20 wrong labels, and 5.0 % of the records in which" in page


def test_over_several_trainings() -> None:
    assert whole_of(["makes no difference", "helps"]) == "helps in some"
    assert whole_of(["helps", "helps"]) == "helps"
    assert whole_of(["makes no difference", "hurts"]) == "hurts"
    assert whole_of(["hurts", "helps"]) == "helps here and hurts there"
    assert whole_of(["makes no difference"] * 2) == "makes no difference"
