"""A whole study of arms with trainings of a few steps: stopped, continued, repeated, and its page."""

import json
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from msgspec import structs

from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.cli.app import main
from dataselect_gui.errors import InterruptedByPersonError, OtherStudyError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.progress import Progress
from dataselect_gui.records.source import SourceRef
from dataselect_gui.scoring.model import load_model
from dataselect_gui.study import libraries, train
from dataselect_gui.study.arms import estimating
from dataselect_gui.study.arms.findings import read_arm_findings
from dataselect_gui.study.arms.plan import (
    ArmChoices,
    Comparison,
    arm_trainings,
    cells,
    comparisons,
)
from dataselect_gui.study.arms.records import split_arms
from dataselect_gui.study.dataset import Dataset
from dataselect_gui.study.store import FINDINGS, PAGE, RESULTS, read_json
from dataselect_gui.worker.arms_run import run_arms
from dataselect_gui.worker.jobs import ArmsJob
from dataselect_gui.worker.messages import StudyPlanned
from tests.study.conftest import dataset_of, learnable_records

pytestmark = [
    pytest.mark.filterwarnings("ignore:Optimal order is the largest alpha:UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
PLANT = "labels:0.2,foreign:0.1,duplicates:0.1"
SEEDS = 2


def few_steps(patch: pytest.MonkeyPatch) -> None:
    for module in (train, estimating):
        patch.setattr(module, "PLAIN_STEPS", 3)
        patch.setattr(module, "PRIVATE_STEPS", 2)
    patch.setattr(train, "account", accounted)
    patch.setattr(estimating, "account", accounted)


def accounted(epsilon: float, rate: float, steps: int) -> train.Privacy:
    """Stand in for the accountants, which take seconds for each number of records."""
    return train.Privacy(1.0, rate, steps, epsilon, epsilon)


def job_of(records: Path, rows: Path | None, consortium: Path, folder: Path, **more: Any) -> ArmsJob:  # noqa: ANN401
    given = {
        "strangers": None,
        "epsilons": ["8"],
        "release_epsilons": ["1"],
        "seeds": SEEDS,
        "start": "checkpoint",
        "plant": PLANT,
        "alpha": "0.2",
        "libraries": [],
        "limit": 1000,
        "plan_only": False,
        **more,
    }
    return ArmsJob(
        source=SourceRef(records, unit_column="patient"),
        clean=None if rows is None else SourceRef(rows),
        rows=None if rows is None else SourceRef(rows),
        checkpoint=consortium,
        folder=folder,
        **given,
    )


def every_record_of(rows: Path, consortium: Path) -> Dataset:
    """Read clean rows, of which there may be fewer than a study takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dataselect_gui.study.dataset.FEWEST_RECORDS", 1)
        return dataset_of(rows, consortium, None)


def planned(_: StudyPlanned) -> None:
    """Take the plan and do nothing with it."""


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clean rows of the consortium."""
    return learnable_records(tmp_path_factory.mktemp("rows") / "rows.npz", 60)


@pytest.fixture(scope="module")
def finished(
    records: Path, rows: Path, consortium: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A study that was stopped on its way and continued."""
    folder = tmp_path_factory.mktemp("study") / "arms.study"
    job = job_of(records, rows, consortium, folder)
    with pytest.MonkeyPatch.context() as patch:
        few_steps(patch)

        def until_the_tenth(step: Progress) -> None:
            if step.done >= 10:
                context.stop.request()

        context = JobContext(until_the_tenth)
        with pytest.raises(InterruptedByPersonError):
            run_arms(job, context, planned)
        kept = {path.name: path.stat().st_mtime_ns for path in (folder / RESULTS).glob("*.json")}
        assert not (folder / PAGE).exists()
        run_arms(job, JobContext(), planned)
    after = {path.name: path.stat().st_mtime_ns for path in (folder / RESULTS).glob("*.json")}
    assert kept.items() <= after.items()
    return folder


def test_every_arm_is_trained_once_in_every_cell(finished: Path) -> None:
    choices = read_arm_findings(finished).choices
    names = {path.stem for path in (finished / RESULTS).glob("arm-*.json")}
    assert names == {training.name for training in arm_trainings(choices)}
    # Untouched once; in 8 cells everything, rule, random and twice two releases; in 4 the oracle.
    assert len(names) == SEEDS * (1 + 8 * 7 + 4)


def test_a_training_done_again_comes_to_the_same(
    finished: Path, records: Path, rows: Path, consortium: Path
) -> None:
    names = [
        "arm-rule-planted-mixed-plain-1",
        "arm-released-one-sided-1-as-is-dp8-0",
        "arm-random-released-randomized-response-1-planted-plain-1",
        "judged-planted-1",
    ]
    before = [read_json(finished / RESULTS / f"{name}.json") for name in names]
    for name in names:
        (finished / RESULTS / f"{name}.json").unlink()
    with pytest.MonkeyPatch.context() as patch:
        few_steps(patch)
        run_arms(job_of(records, rows, consortium, finished), JobContext(), planned)
    for name, earlier in zip(names, before, strict=True):
        again: Any = read_json(finished / RESULTS / f"{name}.json")
        assert {**again, "seconds": 0} == {**earlier, "seconds": 0}


def test_sizes_go_together(finished: Path) -> None:
    """Random is as large as the rule, and nobody that is tested on was planted in."""
    by = {(r.arm.name, r.cell): r.records for r in read_arm_findings(finished).results}
    for cell in cells(read_arm_findings(finished).choices):
        assert by["rule", cell] == by["random", cell] < by["all-records", cell]
        for release in ("one-sided-1", "randomized-response-1"):
            assert by[f"released-{release}", cell] == by[f"random-released-{release}", cell]
        if cell.planted:
            # 30 % of the records are dirty, a tenth more are copies.
            assert by["oracle", cell] == pytest.approx(by["all-records", cell] * 0.7 / 1.1, rel=0.02)


def test_the_untouched_checkpoint_is_tested_as_it_is(
    finished: Path, records: Path, consortium: Path
) -> None:
    dataset = dataset_of(records, consortium, "patient")
    held_out = split_arms(dataset.index.units, len(dataset.targets), 1).held_out
    model = load_model(find_checkpoint(consortium).final, torch.device("cpu"))
    with torch.no_grad():
        predicted = model(torch.from_numpy(dataset.inputs(held_out))).argmax(dim=1).numpy()
    result: Any = read_json(finished / RESULTS / "arm-untouched-as-is-plain-1.json")
    assert result["accuracy"] == pytest.approx(np.mean(predicted == dataset.targets[held_out]))


def test_the_rule_keeps_what_a_naive_loop_keeps(
    finished: Path, records: Path, rows: Path, consortium: Path
) -> None:
    """α = 0.2: of n clean rows of a class, the ⌈0.8·(n + 1)⌉-th smallest loss, in whole numbers."""
    model = load_model(find_checkpoint(consortium).final, torch.device("cpu"))

    def losses(dataset: Dataset, places: list[int]) -> list[float]:
        lost = []
        for place in places:
            with torch.no_grad():
                logits = model(torch.from_numpy(dataset.inputs(np.array([place])))).double()
            lost.append(float(logits.logsumexp(dim=1) - logits[0, dataset.targets[place]]))
        return lost

    owner = dataset_of(records, consortium, "patient")
    pool = split_arms(owner.index.units, len(owner.targets), 0).pool.tolist()
    with np.load(rows) as stored:
        labels = stored["y"].tolist()
    clean = every_record_of(rows, consortium)
    limits = {}
    for label in set(labels):
        of_class = [place for place, other in enumerate(labels) if other == label]
        rank = -(-8 * (len(of_class) + 1) // 10)
        limits[label] = sorted(losses(clean, of_class))[rank - 1]
    expected = [
        loss <= limits[int(owner.targets[place])]
        for loss, place in zip(losses(owner, pool), pool, strict=True)
    ]
    with np.load(finished / RESULTS / "judged-as-is-0.npz") as stored:
        assert stored["kept"].tolist() == expected
    assert 0 < sum(expected) < len(pool)


def test_another_librarys_picks_are_an_arm_where_it_is_installed(
    records: Path,
    rows: Path,
    consortium: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few_steps(monkeypatch)
    asked: list[tuple[int, ...]] = []

    def suspect_the_first(
        probabilities: np.ndarray, labels: np.ndarray, tested: np.ndarray, their: np.ndarray
    ) -> libraries.Judgement:
        asked.append((*probabilities.shape, len(labels), *tested.shape, len(their)))
        return libraries.Judgement(-np.arange(len(labels), dtype=np.float64), 0.0)

    monkeypatch.setattr(libraries, "LIBRARIES", {"Cleanlab": suspect_the_first})
    job = job_of(records, rows, consortium, tmp_path / "s", libraries=["Cleanlab"], seeds=1)
    job = structs.replace(job, rows=None, plant="", epsilons=[], release_epsilons=[])
    run_arms(job, JobContext(), planned)
    findings = read_arm_findings(tmp_path / "s")
    by = {result.arm.name: result.records for result in findings.results}
    assert by["Cleanlab"] == by["random"] == by["rule"]
    count = int(by["all-records"])
    assert asked == [(count, 3, count, 60, 3, 60)]
    assert [absent.arm for absent in findings.absent] == ["dattri"]


def test_the_page_answers_in_its_first_line(finished: Path) -> None:
    page = (finished / PAGE).read_text(encoding="utf-8")
    first = unescape(page.split("<h1>")[1].split("</h1>")[0])
    assert first.startswith("On your records as they are, leaving out those that look wrong ")
    assert "points against as many random records" in first
    assert "NaN" not in (finished / FINDINGS).read_text()
    assert not {"<script", "<img", "http"} & set(page.split())
    assert "Cleanlab is not installed" in unescape(page)
    assert json.loads((finished / FINDINGS).read_text())["measure"] == "accuracy"


def test_findings_are_written_as_they_were_read(finished: Path) -> None:
    findings = read_arm_findings(finished)
    written = json.dumps(findings.as_json(), ensure_ascii=False, indent=1) + "\n"
    assert written == (finished / FINDINGS).read_text(encoding="utf-8")


def test_another_planting_is_another_study_and_so_are_other_rows(
    finished: Path, records: Path, rows: Path, consortium: Path
) -> None:
    usual = job_of(records, rows, consortium, finished)
    for job in (structs.replace(usual, plant="labels:0.3"), structs.replace(usual, rows=usual.source)):
        with pytest.raises(OtherStudyError):
            run_arms(job, JobContext(), planned)


def test_what_was_done_without_rows_counts_when_they_are_mixed_in(
    finished: Path, records: Path, rows: Path, consortium: Path
) -> None:
    job = structs.replace(job_of(records, rows, consortium, finished), rows=None, plan_only=True)
    plans: list[StudyPlanned] = []
    run_arms(job, JobContext(), plans.append)
    assert (plans[0].trainings, plans[0].left) == (SEEDS * (1 + 4 * 7 + 2), 0)


def test_without_the_consortiums_rows_there_is_no_rule_and_the_page_says_why(
    records: Path, consortium: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few_steps(monkeypatch)
    job = job_of(records, None, consortium, tmp_path / "s", plant="", epsilons=[], start="scratch")
    run_arms(job, JobContext(), planned)
    findings = read_arm_findings(tmp_path / "s")
    assert {result.arm.name for result in findings.results} == {"all-records"}
    assert {absent.arm for absent in findings.absent} == {"rule", "Cleanlab", "dattri", "untouched"}
    page = (tmp_path / "s" / PAGE).read_text(encoding="utf-8")
    assert "was not tried. There are no clean rows" in page


def test_the_command_plans_and_refuses(
    records: Path, rows: Path, consortium: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the confined child, which reads three sources."""
    arguments = ["study", str(records), "--checkpoint", str(consortium), "--unit-column", "patient"]
    arguments += ["--to", str(tmp_path / "s.study"), "--json"]
    clean = ["--clean-rows", str(rows), "--consortium-rows", str(rows), "--seeds", "6"]
    assert main([*arguments, *clean, "--dry-run", "--release-epsilons", "none"]) == 0
    plan = json.loads(capsys.readouterr().out)["plan"]
    assert plan["trainings"] == plan["left"] == 6 * (1 + 4 * 3)
    assert not (tmp_path / "s.study").exists()
    for wrong, code in (
        (["--foreign", str(rows)], 2),
        (["--scores", "loss", "--plant", "labels:0.1"], 2),
        (["--plant", "dirt:1"], 2),
        (["--alpha", "1"], 2),
        (["--seeds", "4"], 2),
        ([*clean, "--plant", "labels:0.2"], 2),  # More than 200 trainings.
    ):
        assert main([*arguments, *wrong]) == code
        assert json.loads(capsys.readouterr().out)["error"]["do"]


# What is fixed beforehand


def test_comparisons_follow_from_the_choices_alone() -> None:
    choices = ArmChoices(epsilons=("3",), plant="labels:0.2", has_rows=True, libraries=("Cleanlab",))
    planned = comparisons(choices)
    assert len(planned) == len(set(map(repr, planned)))
    primary = [comparison for comparison in planned if comparison.family == "primary"]
    assert len(primary) == 2 * len(cells(choices)) == 16

    def arms_of(comparison: Comparison) -> tuple[str, str]:
        return comparison.first[0].name, comparison.second[0].name

    assert {arms_of(comparison) for comparison in primary} == {
        ("rule", "random"),
        ("rule", "all-records"),
    }
    assert {arms_of(comparison) for comparison in planned if comparison.family == "beside"} == {
        ("all-records", "untouched"),
        ("rule", "untouched"),
        ("all-records", "all-records"),
        ("rule", "rule"),
        ("oracle", "all-records"),
        ("rule", "oracle"),
        ("Cleanlab", "random"),
        ("released-one-sided-1", "random-released-one-sided-1"),
        ("released-randomized-response-1", "random-released-randomized-response-1"),
    }


def test_people_are_never_split_up() -> None:
    units = [f"p{number}" for number in np.random.default_rng(0).integers(0, 60, 300)]
    parts = split_arms(units, 300, 4)
    pool, held_out = ({units[i] for i in part} for part in (parts.pool, parts.held_out))
    assert not pool & held_out
    assert len(held_out) == round(0.3 * len(set(units)))
    assert sorted([*parts.pool, *parts.held_out]) == list(range(300))
    assert parts.pool.tolist() != split_arms(units, 300, 5).pool.tolist()
