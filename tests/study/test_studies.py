"""What the window asks of studies: scores and trainings, where they are, what came of them."""

import json
import shutil
from pathlib import Path

import pytest

from dataselect_gui import workflow
from dataselect_gui.checkpoints.layout import find_checkpoint
from dataselect_gui.cli.app import main
from dataselect_gui.errors import InterruptedByPersonError, UnusableError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.study.sentences import NEITHER_WON, RANDOM_WON, SCORES_WON
from dataselect_gui.study.store import PLAN, RESULTS, SETTING, read_json
from dataselect_gui.workflow import OtherStudyError, Phase, Progress, StudyChoices, StudySubject
from dataselect_gui.workflow.study_folders import studies_of
from tests.helpers import hugging_face_folder, write_json
from tests.projects import owner_records, scored_project
from tests.study.conftest import learnable_records

EXAMPLE = Path(__file__).parents[2] / "resources" / "study" / "fashion-mnist"
VOG = StudyChoices(("vog",))


@pytest.fixture
def subject(tmp_path: Path) -> StudySubject:
    place = tmp_path / "scans.dataselect"
    return StudySubject(
        tmp_path / "scans.npz", tmp_path / "consortium", "digest", place, None, "patient"
    )


def begun(folder: Path, subject: StudySubject, start: str = "scratch") -> Path:
    """Make what is on disk of a study that was begun."""
    setting = {"checkpoint": subject.digest, "most records": 10_000, "start": start}
    choices = {"scores": ["vog"], "shares": ["0.1"], "epsilons": ["8"], "seeds": 5, "start": start}
    columns = {"label column": subject.label_column, "unit column": subject.unit_column}
    write_json(folder / SETTING, setting)
    write_json(folder / PLAN, {"choices": choices, **columns})
    return folder


# Scores and counts


def test_a_score_that_cannot_be_picked_by_says_why(tmp_path: Path) -> None:
    checkpoint = hugging_face_folder(tmp_path / "one")
    write_json(checkpoint / "dataselect.json", {"score": "loss-series", "max_grad_norm": 1.0})
    offered = {score.name: score for score in workflow.study_scores(checkpoint, ["vog-var"])}
    assert "random" not in offered
    assert [name for name, score in offered.items() if score.proposed] == ["loss-series"]
    assert "at least two checkpoints" in offered["vog"].obstacle
    assert "at least two checkpoints" in offered["vog-var"].obstacle
    assert "does not state direction" in offered["alignment"].obstacle
    assert offered["clipped_norm"].obstacle == ""
    assert offered["el2n"].label == "EL2N"


def test_trainings_are_counted_in_all_and_question_by_question(tmp_path: Path) -> None:
    count, done, by_question = workflow.count_trainings(VOG, tmp_path)
    assert (count, done) == (200, 0)
    assert [number for _, number in by_question] == [80, 20, 15, 20, 25, 85]


# Where studies lie


def test_a_study_lies_beside_its_project(subject: StudySubject, tmp_path: Path) -> None:
    assert workflow.study_place(subject) == tmp_path / "scans.study"
    assert workflow.study_at(tmp_path / "scans.study") is None


def test_a_study_is_found_again_and_another_one_is_left_alone(
    subject: StudySubject, tmp_path: Path
) -> None:
    by_record = StudySubject(subject.source, subject.checkpoint, "digest", subject.project)
    by_other_model = StudySubject(
        subject.source, subject.checkpoint, "other", subject.project, None, "patient"
    )
    first = begun(tmp_path / "scans.study", subject)
    assert workflow.study_place(subject) == first
    for other in (by_record, by_other_model):
        assert workflow.study_place(other) == tmp_path / "scans-2.study"
    second = begun(tmp_path / "scans-2.study", by_record)
    assert workflow.study_place(by_record) == second
    assert workflow.study_place(subject) == first
    assert workflow.study_place(subject, anew=True) == tmp_path / "scans-3.study"


def test_what_starts_from_the_checkpoint_is_another_study(
    subject: StudySubject, tmp_path: Path
) -> None:
    first = begun(tmp_path / "scans.study", subject)
    assert workflow.study_place(subject, "scratch") == first
    assert workflow.study_place(subject, "checkpoint") == tmp_path / "scans-2.study"
    second = begun(tmp_path / "scans-2.study", subject, "checkpoint")
    assert workflow.study_place(subject, "checkpoint") == second
    assert workflow.study_place(subject) == second, "the one that was planned last"
    begun(first, subject)
    assert workflow.study_place(subject) == first


def test_a_folder_that_is_no_study_is_never_taken(subject: StudySubject, tmp_path: Path) -> None:
    folder = tmp_path / "scans.study"
    folder.mkdir()
    (folder / PLAN).write_text("not JSON")
    assert workflow.study_place(subject) == tmp_path / "scans-2.study"


def test_beside_what_cannot_be_written_a_study_lies_with_the_ledger(
    subject: StudySubject, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda _path, _mode: False)
    assert workflow.study_place(subject) == home / "projects" / "scans.study"


def test_a_deletion_tells_of_studies_that_stay(tmp_path: Path) -> None:
    source = owner_records(tmp_path / "scans.npz")
    project = scored_project(tmp_path / "scans.dataselect", source, hugging_face_folder(tmp_path / "c"))
    assert not [line for line in workflow.before_deletion(project).stays if "tudies" in line]
    begun(tmp_path / "scans.study", workflow.study_subject(project))
    assert "Studies beside the project, with scores of these records: scans.study" in (
        workflow.before_deletion(project).stays
    )
    plan = read_json(begun(tmp_path / "scans-2.study", workflow.study_subject(project)) / PLAN)
    write_json(tmp_path / "scans-2.study" / PLAN, {"arms": plan.pop("choices"), **plan})
    stays = workflow.before_deletion(project).stays
    assert any(line.endswith("scans.study, scans-2.study") for line in stays)
    subject = workflow.study_subject(project)
    assert [folder.name for folder in studies_of(subject, "choices")] == ["scans.study"]
    assert [folder.name for folder in studies_of(subject, "arms")] == ["scans-2.study"]
    assert len(studies_of(subject)) == 2


# What is in them


def test_a_finished_study_is_told_in_words(subject: StudySubject, tmp_path: Path) -> None:
    folder = begun(tmp_path / "scans.study", subject)
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(SETTING), dirs_exist_ok=True)
    study = workflow.study_at(folder)
    assert study is not None
    assert study.choices == StudyChoices(("vog",), ("0.1",), ("8",))
    assert study.result is not None
    assert study.result.choices == StudyChoices(("vog", "plis"))
    assert study.result.verdict == RANDOM_WON
    assert len(study.result.headline) == 4
    assert len(study.result.lines) == 28
    assert [figure.path.name for figure in study.result.figures] == [f"{key}.svg" for key in "abcdef"]
    page = study.result.page.read_text(encoding="utf-8")
    for figure in study.result.figures:
        assert figure.question in page
        assert figure.sentence in page.replace("&#x27;", "'")


def test_the_verdict_is_the_one_of_most_picks(subject: StudySubject, tmp_path: Path) -> None:
    folder = begun(tmp_path / "scans.study", subject)
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(SETTING), dirs_exist_ok=True)
    findings = json.loads((folder / "findings.json").read_text())
    for verdict, sentence in (
        ("better", SCORES_WON),
        ("no difference", NEITHER_WON),
    ):
        for pick in findings["a"]:
            if pick["score"] != "random":
                pick["accuracy beyond random"]["verdict"] = verdict
        write_json(folder / "findings.json", findings)
        study = workflow.study_at(folder)
        assert study is not None
        assert study.result is not None
        assert study.result.verdict == sentence


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (PLAN, {}),
        (PLAN, {"choices": {"scores": 3}}),
        ("findings.json", {"choices": {}}),
        ("findings.json", []),
    ],
)
def test_a_damaged_study_is_told(
    subject: StudySubject, tmp_path: Path, name: str, content: object
) -> None:
    folder = begun(tmp_path / "scans.study", subject)
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(SETTING), dirs_exist_ok=True)
    write_json(folder / name, content)
    with pytest.raises(UnusableError, match=f"“{name}” of the study is damaged"):
        workflow.study_at(folder)


# Plans and runs


@pytest.mark.parametrize("task", ["multi_label", "regression"])
def test_what_tells_no_classes_apart_is_not_studied(
    tmp_path: Path, task: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the window, before anything is read of the records, and by the command."""
    checkpoint = hugging_face_folder(tmp_path / "model")
    write_json(checkpoint / "dataselect.json", {"task": task})
    source = learnable_records(tmp_path / "scans.npz")
    digest = find_checkpoint(checkpoint).digest()
    subject = StudySubject(source, checkpoint, digest, tmp_path / "scans.dataselect")
    with pytest.raises(UnusableError, match="tell one class of each record"):
        workflow.plan_study(subject, VOG, workflow.study_place(subject), JobContext())
    with pytest.raises(UnusableError, match="cannot be studied"):
        workflow.run_study(subject, VOG, workflow.study_place(subject), JobContext())
    arguments = ["study", str(source), "--checkpoint", str(checkpoint), "--to", str(tmp_path / "s")]
    assert main([*arguments, "--json"]) == 4
    assert "cannot be studied" in capsys.readouterr().out
    assert not (tmp_path / "s").exists()


@pytest.mark.usefixtures("studying_here")
@pytest.mark.filterwarnings("ignore:Optimal order is the largest alpha:UserWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_plan_leaves_nothing_on_disk_and_other_records_are_refused(
    tmp_path: Path, consortium: Path
) -> None:
    source = learnable_records(tmp_path / "scans.npz")
    digest = find_checkpoint(consortium).digest()
    subject = StudySubject(source, consortium, digest, tmp_path / "scans.dataselect")
    folder = workflow.study_place(subject)
    plan = workflow.plan_study(subject, VOG, folder, JobContext())
    assert (plan.folder, plan.trainings, plan.left) == (folder, 200, 200)
    assert plan.seconds > 1
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["scans.npz"]
    begun(folder, subject)
    (folder / RESULTS).mkdir()
    with pytest.raises(OtherStudyError, match="holds a study of something else") as caught:
        workflow.plan_study(subject, VOG, folder, JobContext())
    assert "Begin anew" in caught.value.do
    assert studies_of(subject) == [folder]


def test_a_study_of_records_as_they_were_is_not_gone_on_with(tmp_path: Path, consortium: Path) -> None:
    """The plan of a study that was begun reads none of them, so it is the study that notices."""
    source, folder = learnable_records(tmp_path / "scans.npz"), tmp_path / "scans.study"
    digest = find_checkpoint(consortium).digest()
    subject = StudySubject(source, consortium, digest, tmp_path / "scans.dataselect")

    def until_planned(step: Progress) -> None:
        if step.phase not in {Phase.LOADING_MODEL, Phase.READING_RECORDS, Phase.TIMING}:
            context.stop.request()

    context = JobContext(until_planned)
    with pytest.raises(InterruptedByPersonError):
        workflow.run_study(subject, VOG, folder, context)
    assert workflow.plan_study(subject, VOG, folder, JobContext()).left == 200
    kept = {path: path.read_bytes() for path in folder.rglob("*.json") if path.name != PLAN}
    learnable_records(source, 300)
    with pytest.raises(OtherStudyError, match="holds a study of something else"):
        workflow.run_study(subject, VOG, folder, JobContext())
    assert {path: path.read_bytes() for path in kept} == kept
