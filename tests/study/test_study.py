"""A whole study with trainings of a few steps: every task, stopped and continued, and its page."""

import csv
import json
import re
from collections.abc import Callable
from html import escape, unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.cli.app import main
from dataselect_gui.errors import InterruptedByPersonError, UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.progress import Progress
from dataselect_gui.records.kinds.arrays import ArrayFile
from dataselect_gui.records.model_input import Preprocessor
from dataselect_gui.records.opening import open_source
from dataselect_gui.records.source import SourceRef
from dataselect_gui.study import estimating, evaluation, libraries, plan, runner, train
from dataselect_gui.study.dataset import FEWEST_RECORDS, read_dataset
from dataselect_gui.study.findings import Findings, read_findings
from dataselect_gui.study.libraries import MISSING
from dataselect_gui.study.page import page_of
from dataselect_gui.study.plan import QUESTIONS
from dataselect_gui.study.store import FINDINGS, PAGE, PLAN, RESULTS, SETTING, TABLE, read_json
from dataselect_gui.worker.jobs import StudyJob
from dataselect_gui.worker.messages import StudyPlanned
from dataselect_gui.worker.study_run import run_study
from dataselect_gui.workflow import StudyChoices, StudyPlan, StudyRequest
from tests.helpers import array_file, targets_of
from tests.projects import owner_records
from tests.releases import silent
from tests.study.conftest import learnable_records

VOG = StudyChoices(("vog",))
pytestmark = [
    pytest.mark.filterwarnings("ignore:Optimal order is the largest alpha:UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def job_of(
    records: Path,
    consortium: Path,
    folder: Path,
    *,
    unit_column: str | None = "patient",
    **more: Any,  # noqa: ANN401
) -> StudyJob:
    given = {
        "scores": ["vog"],
        "shares": ["0.2"],
        "epsilons": ["8"],
        "seeds": 5,
        "start": "scratch",
        "limit": 1000,
        "plan_only": False,
        **more,
    }
    return StudyJob(
        source=SourceRef(records, unit_column=unit_column),
        checkpoint=consortium,
        folder=folder,
        **given,
    )


def planned(_: StudyPlanned) -> None:
    """Take the plan and do nothing with it."""


def few_steps(patch: Callable[[object, str, object], None]) -> None:
    """Make a study of seconds: short trainings, one ε of each kind, one size of the model."""
    for module in (train, estimating):
        patch(module, "PLAIN_STEPS", 5)
        patch(module, "PRIVATE_STEPS", 5)
    patch(train, "PRIVATE_BATCH", 1000)  # Half the records a step: one rate, accounted for quickly.
    patch(runner, "COMPARED", 40)
    for module in (plan, evaluation):
        patch(module, "RELEASE_EPSILONS", ("2",))
        patch(module, "WIDTHS", (8,))
    patch(plan, "REFERENCE_EPSILONS", ("8",))
    patch(libraries, "LIBRARIES", {})
    patch(evaluation, "LIBRARIES", {})


@pytest.fixture(scope="module")
def finished(
    records: Path, consortium: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[Progress], int]:
    """A study that was stopped on its way and continued."""
    folder = tmp_path_factory.mktemp("study") / "records.study"
    steps: list[Progress] = []
    with pytest.MonkeyPatch.context() as patch:
        few_steps(patch.setattr)
        job = job_of(records, consortium, folder)

        def until_halfway(step: Progress) -> None:
            steps.append(step)
            if step.done >= 40:
                context.stop.request()

        context = JobContext(until_halfway)
        with pytest.raises(InterruptedByPersonError):
            run_study(job, context, planned)
        kept = {path.name: path.stat().st_mtime_ns for path in (folder / RESULTS).glob("*.json")}
        assert not (folder / PAGE).exists()
        done = run_study(job, JobContext(steps.append), planned)
        unchanged = {path.name: path.stat().st_mtime_ns for path in (folder / RESULTS).glob("*.json")}
        assert kept.items() <= unchanged.items()
    return folder, steps, done.trainings


def test_a_stopped_study_goes_on_where_it_was(finished: tuple[Path, list[Progress], int]) -> None:
    folder, steps, count = finished
    assert count == steps[-1].total
    picks = len(list((folder / RESULTS).glob("pick-*.json")))
    stand_ins = len(list((folder / RESULTS).glob("reference-*.json")))
    assert picks + stand_ins == count


def test_a_training_done_again_comes_to_the_same(
    finished: tuple[Path, list[Progress], int], records: Path, consortium: Path
) -> None:
    folder, _, _ = finished
    names = ["pick-vog-top-0.2-plain-3", "pick-random-any-0.2-dp8-2", "reference-8-dp8-1"]
    before = [read_json(folder / RESULTS / f"{name}.json") for name in names]
    for name in names:
        (folder / RESULTS / f"{name}.json").unlink()
    with pytest.MonkeyPatch.context() as patch:
        few_steps(patch.setattr)
        run_study(job_of(records, consortium, folder), JobContext(), planned)
    for name, earlier in zip(names, before, strict=True):
        again: Any = read_json(folder / RESULTS / f"{name}.json")
        assert {**again, "seconds": 0} == {**earlier, "seconds": 0}


def test_every_question_has_its_numbers_and_its_figure(
    finished: tuple[Path, list[Progress], int],
) -> None:
    folder, _, _ = finished
    findings: Any = read_json(folder / FINDINGS)
    assert "NaN" not in (folder / FINDINGS).read_text()
    for question in QUESTIONS:
        assert findings[question]
        for form in ("png", "svg"):
            assert (folder / "figures" / f"{question}.{form}").stat().st_size > 2000
    assert findings["accountants"]["trainings"] == 5
    assert findings["accountants"]["apart"] < 0.01
    assert findings["records"]["units"] > 100
    judged = {row["score"] for row in findings["d"]}
    assert judged == {"loss", "el2n", "grad_norm", "vog", "plis", "privacy_loss"}


def test_the_table_names_random_beside_every_pick(
    finished: tuple[Path, list[Progress], int],
) -> None:
    with (finished[0] / TABLE).open(newline="") as file:
        rows = list(csv.DictReader(file))
    random = {(row["share"], row["epsilon"]) for row in rows if row["score"] == "random"}
    assert {(row["share"], row["epsilon"]) for row in rows} == random == {("0.2", ""), ("0.2", "8")}
    for row in rows:
        assert (row["verdict"] == "") == (row["score"] == "random")


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.started: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.started.append((tag, dict(attrs)))


def test_the_page_loads_nothing_and_says_whose_it_is(
    finished: tuple[Path, list[Progress], int],
) -> None:
    page = (finished[0] / PAGE).read_text(encoding="utf-8")
    elements = Elements()
    elements.feed(page)
    tags = {tag for tag, _ in elements.started}
    assert not tags & {"script", "link", "img", "iframe", "object"}
    for _, attributes in elements.started:
        for name, value in attributes.items():
            if name in {"href", "xlink:href", "src"}:
                assert value is not None
                assert value.startswith("#")
    assert not re.search(r"url\((?!#)|@import", page)
    figures = [attributes for tag, attributes in elements.started if tag == "figure"]
    assert len(figures) == len(QUESTIONS)
    assert all(len(attributes["aria-label"] or "") > 50 for attributes in figures)
    ids = [a["id"] for tag, a in elements.started if tag in {"clippath", "path"} and "id" in a]
    assert len(ids) == len(set(ids))
    assert "Owner-only." in page
    assert "it is not a release" in page
    assert "random" in page


def test_a_window_finds_it_finished_and_tells_the_same(
    finished: tuple[Path, list[Progress], int],
) -> None:
    folder, _, count = finished
    study = workflow.study_at(folder)
    assert study is not None
    assert study.result is not None
    assert study.choices == study.result.choices == StudyChoices(("vog",), ("0.2",), ("8",))
    assert workflow.count_trainings(study.choices, folder)[1] == count
    assert read_json(folder / PLAN)["unit column"] == "patient"
    page = study.result.page.read_text(encoding="utf-8")
    for sentence in (
        *study.result.headline,
        study.result.tally,
        *(line.right for line in study.result.lines),
    ):
        assert escape(sentence) in page
    assert all(figure.path.is_file() for figure in study.result.figures)


def test_where_random_wins_the_page_says_so(finished: tuple[Path, list[Progress], int]) -> None:
    folder, _, _ = finished
    document: Any = read_json(folder / FINDINGS)
    blank = dict.fromkeys(QUESTIONS, "")
    for pick in document["a"]:
        if pick["score"] != "random":
            pick["accuracy beyond random"] |= {"low": -0.2, "high": -0.1, "verdict": "worse"}
    page = page_of(msgspec.convert(document, Findings), blank, read_json(folder / SETTING))
    assert "random won, by 10.0 to 20.0 points" in page
    assert "random beat 6" in page
    for pick in document["a"]:
        if pick["score"] != "random":
            pick["accuracy beyond random"] |= {"low": -0.1, "high": 0.1, "verdict": "no difference"}
    page = page_of(msgspec.convert(document, Findings), blank, read_json(folder / SETTING))
    assert "Random won nowhere" in page
    assert "no difference that 5 runs can show" in page


def test_names_of_classes_are_text_on_the_page(finished: tuple[Path, list[Progress], int]) -> None:
    folder, _, _ = finished
    document: Any = read_json(folder / FINDINGS)
    worst = min(document["e"]["classes"], key=lambda class_cost: float(class_cost["recall"]["mean"]))
    for known in document["known"]:
        known["told"] = known["told"].replace(worst["class"], "<script>")
    findings = msgspec.convert(document, Findings)
    page = page_of(findings, dict.fromkeys(QUESTIONS, ""), read_json(folder / SETTING))
    assert "<script" not in page


def test_a_missing_library_is_told(finished: tuple[Path, list[Progress], int]) -> None:
    folder, _, _ = finished
    page = page_of(read_findings(folder), dict.fromkeys(QUESTIONS, ""), read_json(folder / SETTING))
    for name in ("Cleanlab", "dattri"):
        assert MISSING.format(name=name) in unescape(page)


def test_the_plan_is_made_by_the_command_and_trains_nothing(
    records: Path, consortium: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "s.study"
    arguments = ["study", str(records), "--checkpoint", str(consortium), "--to", str(folder)]
    arguments += ["--scores", "vog"]
    assert main([*arguments, "--dry-run", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["plan"]["trainings"] == answer["plan"]["left"] == 200
    assert answer["plan"]["seconds_left"] > 1
    assert answer["plan"]["folder"] == str(folder)
    assert not folder.exists()
    assert main([*arguments, "--scores", "vog,plis", "--json"]) == 2
    assert "--limit-trainings 260" in json.loads(capsys.readouterr().out)["error"]["do"]


def test_the_plan_for_other_choices_follows_from_one_that_was_made(
    records: Path, consortium: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "s.study"

    def planned(choices: StudyChoices) -> StudyPlan:
        asked: dict[str, Any] = {
            key: list(getattr(choices, key)) for key in ("scores", "shares", "epsilons")
        }
        job = job_of(records, consortium, folder, **asked, seeds=choices.seeds, plan_only=True)
        made: list[StudyPlanned] = []
        run_study(job, JobContext(), made.append)
        plan = made[0]
        return StudyPlan(
            folder,
            choices,
            {},
            plan.trainings,
            plan.left,
            plan.seconds,
            plan.seconds_beside,
            plan.seconds_by_kind,
        )

    with pytest.MonkeyPatch.context() as patch:
        few_steps(patch.setattr)
        first = planned(StudyChoices(("vog",), ("0.2",)))
        (folder / RESULTS / "pick-loss-top-0.2-dp1-0.json").write_text("{}")
        other = StudyChoices(("loss", "vog"), ("0.2", "0.5"), ("1", "8"))
        follows, made = workflow.replan_study(first, other), planned(other)
    assert follows is not None
    assert (follows.trainings, follows.left) == (made.trainings, made.left)
    assert follows.left == follows.trainings - 1
    assert follows.seconds == pytest.approx(made.seconds)
    assert follows.choices == other
    for unlike in (StudyChoices(("vog",), seeds=6), StudyChoices(("vog-var",))):
        assert workflow.replan_study(first, unlike) is None


def test_a_plan_reads_no_more_records_than_it_times(
    consortium: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records, folder = learnable_records(tmp_path / "records.npz", 600), tmp_path / "s.study"
    read: list[int] = []
    original = ArrayFile.read

    def noted(source: ArrayFile, index: int) -> bytes:
        read.append(index)
        return original(source, index)

    monkeypatch.setattr(ArrayFile, "read", noted)
    few_steps(monkeypatch.setattr)
    job = job_of(records, consortium, folder, plan_only=True)
    run_study(job, JobContext(), planned)
    assert len(set(read)) == FEWEST_RECORDS
    plan: Any = read_json(folder / PLAN)
    read.clear()
    run_study(job, JobContext(), planned)
    assert read == [], "the time was taken before"
    assert read_json(folder / PLAN) == plan


def test_a_plan_from_some_of_the_records_is_that_of_all(consortium: Path, tmp_path: Path) -> None:
    source = open_source(SourceRef(learnable_records(tmp_path / "records.npz", 600), None, "patient"))
    checkpoint, plans = find_checkpoint(consortium), []
    matched = targets_of(source, checkpoint)
    for enough in (FEWEST_RECORDS, None):
        preprocess = Preprocessor(checkpoint.final, 1)
        some = read_dataset(
            source, matched, checkpoint.labels, preprocess, 1000, lambda *_: None, enough
        )
        plans.append(estimating.seconds_by_kind(some, checkpoint, VOG, 600))
    assert plans[0].keys() == plans[1].keys()
    assert sum(plans[0].values()) == pytest.approx(sum(plans[1].values()), rel=0.5)


@pytest.mark.usefixtures("studying_here")
def test_records_that_are_none_to_learn_from_are_refused(
    consortium: Path, tmp_path: Path, records: Path
) -> None:
    few = owner_records(tmp_path / "few.npz")
    with pytest.raises(UnusableError, match="too few"):
        workflow.study(StudyRequest(few, consortium, VOG, tmp_path / "few.study"), silent)
    alike = array_file(tmp_path / "alike.npz", x=np.load(records)["x"], y=np.zeros(240, dtype=int))
    with pytest.raises(UnusableError, match="same label"):
        workflow.foresee_study(StudyRequest(alike, consortium, VOG), silent)
    unlabelled = array_file(tmp_path / "unlabelled.npz", x=np.load(records)["x"])
    with pytest.raises(UnusableError, match="None of them has a label"):
        workflow.study(StudyRequest(unlabelled, consortium, VOG), silent)
