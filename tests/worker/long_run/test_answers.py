"""What the model answers is kept beside the scores, and survives what they survive."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from dataselect_gui import workflow
from dataselect_gui.errors import InterruptedByPersonError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.progress import Phase, Progress
from dataselect_gui.project.project import Project
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.tasks.answers import Standing
from dataselect_gui.worker.batches import BatchScores
from dataselect_gui.worker.computing import Computation
from tests.helpers import array_file, write_json
from tests.models import export, stir
from tests.tasks.test_tasks import FEATURES, Perceptron

pytestmark = pytest.mark.usefixtures("scoring_here")

COUNT = 60
NAMES = ["bird", "cat", "dog"]
RNG = np.random.default_rng(8)
RECORDS = RNG.normal(size=(COUNT, FEATURES)).astype(np.float32) * 3
BROKEN = 4
"""The row of a record that comes to no finite number."""


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return stir(Perceptron(len(NAMES)), 0)


@pytest.fixture(scope="module")
def consortium(tmp_path_factory: pytest.TempPathFactory, model: nn.Module) -> Path:
    folder = tmp_path_factory.mktemp("consortium")
    export(folder / "model.pt2", model, torch.zeros(2, FEATURES))
    write_json(folder / "config.json", {"id2label": dict(enumerate(NAMES))})
    return folder


@pytest.fixture
def records(tmp_path: Path) -> Path:
    rows = RECORDS.copy()
    rows[BROKEN] = np.float32(3e38)
    return array_file(tmp_path / "records.npz", x=rows, y=np.arange(COUNT) % 3, classes=np.array(NAMES))


def score(records: Path, consortium: Path, project: Path, **options: Any) -> None:  # noqa: ANN401
    options = {"names": ["loss", "grad_norm"], "batch_size": 8, **options}
    context = options.pop("context", JobContext())
    workflow.score(records, consortium, context, project_path=project, **options)


def forget_answers(project: Path) -> None:
    """Make a project as an earlier version left it."""
    gone = list(project.glob("table-*/*/answers.*"))
    assert len(gone) == 4
    for path in gone:
        path.unlink()


def test_a_project_keeps_what_plain_torch_answers(
    records: Path, consortium: Path, model: nn.Module, tmp_path: Path
) -> None:
    project = tmp_path / "p.dataselect"
    score(records, consortium, project)
    look = workflow.look(project)
    assert look.answers is not None
    table = workflow.scores(project)
    assert list(table)[4:] == ["selected", "answer", "confidence", "loss", "grad_norm"]
    exact = model.double()
    for row, record in enumerate(RECORDS):
        if row == BROKEN:
            continue
        with torch.no_grad():
            each = exact(torch.from_numpy(record)[None].double())[0].softmax(0).tolist()
        best = each.index(max(each))
        assert table["answer"][row] == NAMES[best]
        assert table["confidence"][row] == pytest.approx(each[best], rel=1e-4)
        hundredths = round(100 * table["confidence"][row])
        sure = f"{hundredths} in 100" if hundredths < 100 else "over 99 in 100"
        full = look.answers.full(row) or ""
        assert full.replace("\N{NO-BREAK SPACE}", " ") == f"{NAMES[best]} ({sure})"
        assert look.answers.differ[row] == (best != row % 3)
    assert 0 < np.count_nonzero(look.answers.differ) < COUNT - 1
    loss = np.array([np.nan if value is None else value for value in table["loss"]])
    assert np.flatnonzero(np.isnan(loss)).tolist() in ([], [BROKEN])
    if np.isnan(loss[BROKEN]):
        assert look.answers.full(BROKEN) is None


def test_a_record_that_cannot_be_read_has_no_answer(
    records: Path, consortium: Path, tmp_path: Path
) -> None:
    rows = RECORDS.copy()
    rows[BROKEN] = np.nan
    project = tmp_path / "p.dataselect"
    array_file(records, x=rows, y=np.arange(COUNT) % 4, classes=np.array([*NAMES, "unicorn"]))
    score(records, consortium, project)
    look = workflow.look(project)
    assert look.answers is not None
    assert look.answers.full(BROKEN) is None
    assert look.answers.short(BROKEN) is None
    for row in range(3, COUNT, 4):  # The model knows no unicorn, and says what else it takes it for.
        assert look.answers.answers.standings[row] == Standing.NOT_COMPARED
        assert look.answers.short(row) in NAMES
    assert workflow.scores(project)["answer"][BROKEN] is None
    assert workflow.scores(project)["confidence"][BROKEN] is None
    phases: list[Phase] = []
    score(records, consortium, project, context=JobContext(lambda step: phases.append(step.phase)))
    assert Phase.LOADING_MODEL not in phases, "nothing is left to compute"


class _Stopped(JobContext):
    """Stops once some records are scored."""

    def advance(self, phase: Phase, done: int, total: int, left: float | None = None) -> None:
        super().advance(phase, done, total, left)
        if phase is Phase.SCORING and done >= COUNT // 2:
            raise InterruptedByPersonError("Stopped.", "It was asked for.", "Go on.")


def test_a_run_that_was_stopped_keeps_its_answers_and_goes_on(
    records: Path, consortium: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[int] = []
    original = Computation.together

    def together(self: Computation, *loaded: Any) -> BatchScores:  # noqa: ANN401
        result = original(self, *loaded)
        computed.extend(result.rows.tolist())
        return result

    monkeypatch.setattr(Computation, "together", together)
    project, other = tmp_path / "p.dataselect", tmp_path / "other.dataselect"
    with pytest.raises(InterruptedByPersonError):
        score(records, consortium, project, context=_Stopped())
    kept = Project.open(project).table.answers
    assert kept is not None
    assert COUNT // 2 <= np.count_nonzero(kept.done) < COUNT
    np.testing.assert_array_equal(kept.done, Project.open(project).table.column("loss").done == 1)
    score(records, consortium, project)
    assert sorted(computed) == list(range(COUNT)), "each is computed once"
    score(records, consortium, other)
    assert workflow.scores(project) == workflow.scores(other)


def test_answers_that_an_earlier_version_did_not_keep_come_with_the_next_run(
    records: Path, consortium: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "p.dataselect"
    score(records, consortium, project)
    whole = workflow.scores(project)
    forget_answers(project)
    assert workflow.look(project).answers is None
    assert "answer" not in workflow.scores(project)
    wanted: list[list[str]] = []
    original = Scorer.score_and_answer

    def noted(self: Scorer, names: list[str], *rest: Any) -> Any:  # noqa: ANN401
        wanted.append(list(names))
        return original(self, names, *rest)

    monkeypatch.setattr(Scorer, "score_and_answer", noted)
    score(records, consortium, project)
    assert wanted
    assert all(names == [] for names in wanted), "one pass forward, and no score again"
    again = workflow.scores(project)
    assert again["answer"] == whole["answer"]
    assert again["loss"] == whole["loss"]
    forget_answers(project)
    wanted.clear()
    score(records, consortium, project, names=["loss", "grad_norm", "el2n"])
    assert all(names == ["el2n"] for names in wanted), "a new score's pass brings them along"
    assert workflow.scores(project)["answer"] == whole["answer"]


def test_a_score_without_a_model_has_no_answers(
    records: Path, consortium: Path, tmp_path: Path
) -> None:
    project = tmp_path / "p.dataselect"
    score(records, consortium, project, names=["random"])
    assert workflow.look(project).answers is None
    assert "answer" not in workflow.scores(project)


def test_answers_of_unchanged_records_stay_where_others_changed(
    records: Path, consortium: Path, tmp_path: Path
) -> None:
    project = tmp_path / "p.dataselect"
    score(records, consortium, project)
    before = workflow.scores(project)
    rows, labels = np.load(records)["x"], np.arange(COUNT) % 3
    rows[7] = -rows[7]
    labels[9] = (labels[9] + 1) % 3
    array_file(records, x=rows, y=labels, classes=np.array(NAMES))
    progress: list[Progress] = []
    score(records, consortium, project, context=JobContext(progress.append))
    first = next(step for step in progress if step.phase is Phase.SCORING)
    assert first.done >= COUNT - 2, "two records alone are computed"
    after = workflow.scores(project)
    same = [row for row in range(COUNT) if row not in {7, BROKEN}]
    assert [after["confidence"][row] for row in same] == [before["confidence"][row] for row in same]
    look = workflow.look(project)
    assert look.answers is not None
    assert look.answers.differ[9] == (after["answer"][9] != NAMES[labels[9]])
