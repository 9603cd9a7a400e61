"""Every other record's score is the same to the last bit, whatever one record holds.

Pairs of sources that differ in one record are scored through the command's own function. The graphs
amplify last digits, so that a difference in rounding anywhere is a difference in the score.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from dataselect_gui import workflow
from dataselect_gui.errors import InterruptedByPersonError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.jobs.progress import Phase
from dataselect_gui.project.project import Project
from dataselect_gui.scoring.model import Model
from dataselect_gui.scoring.scorer import Scorer
from dataselect_gui.worker.batches import EMPTY, in_batches
from dataselect_gui.worker.computing import Computation
from tests.helpers import CLASSES, array_file, config, preprocessor, write_json
from tests.models import SIDE, export, save_series, stir, tiny_resnet, tiny_vit

COUNT, CHANGED = 14, 5
Scores = dict[str, dict[str, float | None]]


pytestmark = pytest.mark.usefixtures("scoring_here")


class Amplifier(nn.Module):
    """Turns the last digits of what its layers compute into its logits.

    Only of records that hold a number below 0, so that no made-up input shows it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.hidden = nn.Linear(4 * SIDE * SIDE, 32)
        self.head = nn.Linear(32, len(CLASSES))

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = self.hidden(self.conv(inputs).relu().flatten(1))
        amplified = (hidden - hidden.round()) * 2.0**20
        is_record = (inputs.flatten(1).amin(dim=1, keepdim=True) < 0).to(hidden.dtype)
        logits: Tensor = self.head(hidden + is_record * (amplified - amplified.round()))
        return logits


def make_exported(folder: Path) -> Path:
    for step in range(2):
        place = folder / f"checkpoint-{step}"
        export(place / "model.pt2", stir(Amplifier(), step), torch.zeros(2, 1, SIDE, SIDE))
        write_json(place / "config.json", config())
        write_json(place / "preprocessor_config.json", preprocessor(SIDE, 1))
    return folder


CHECKPOINTS: dict[str, Callable[[Path], Path]] = {
    "exported": make_exported,
    "resnet": lambda folder: save_series(folder, [stir(tiny_resnet(), seed) for seed in range(2)]),
    "vit": lambda folder: save_series(folder, [stir(tiny_vit(), seed) for seed in range(2)]),
}


@pytest.fixture(scope="module", params=CHECKPOINTS)
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return CHECKPOINTS[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_exported(tmp_path_factory.mktemp("exported"))


def scores_of(project: Path) -> Scores:
    """Return all scores of a model: record → name → value."""
    table = workflow.scores(project)
    names = [name for name in Project.open(project).scores if name != "random"]
    return {
        record: {name: table[name][row] for name in names} for row, record in enumerate(table["id"])
    }


def score(source: Path, checkpoint: Path, project: Path, **options: Any) -> Scores:  # noqa: ANN401
    workflow.score(source, checkpoint, JobContext(), project_path=project, **options)
    return scores_of(project)


def assert_others_equal(some: Scores, others: Scores, except_for: Iterable[str]) -> None:
    left = some.keys() & others.keys() - set(except_for)
    assert len(left) == COUNT - 1
    for record in left:
        assert some[record] == others[record], record
    assert any(value is not None for record in left for value in some[record].values())


# Array files: what a row may hold


def pixels() -> NDArray[np.float32]:
    shape = (COUNT, 1, SIDE, SIDE)
    return np.random.default_rng(3).standard_normal(shape).astype(np.float32)


LABELS = np.arange(COUNT) % 3
REPLACED: dict[str, Callable[[NDArray[np.float32], NDArray[np.int64]], object]] = {
    "another": lambda x, _: x[CHANGED].fill(0.25),
    "no number": lambda x, _: x[CHANGED].fill(np.nan),
    "infinite": lambda x, _: x[CHANGED].fill(np.inf),
    "denormal": lambda x, _: x[CHANGED].fill(1e-42),
    "huge": lambda x, _: x[CHANGED].fill(3e38),
    "overflowing later": lambda x, _: x[CHANGED].fill(1e25),
    "another label": lambda _, y: y.__setitem__(CHANGED, 0),
    "no label": lambda _, y: y.__setitem__(CHANGED, -1),
}
assert LABELS[CHANGED] != 0


def source_of(folder: Path, replaced: str | None) -> Path:
    x, y = pixels(), LABELS.copy()
    if replaced is not None:
        REPLACED[replaced](x, y)
    folder.mkdir()
    return array_file(folder / "records.npz", x=x, y=y)


def test_whatever_a_row_holds_the_others_have_the_same_scores(checkpoint: Path, tmp_path: Path) -> None:
    expected = score(source_of(tmp_path / "plain", None), checkpoint, tmp_path / "p.dataselect")
    assert len(next(iter(expected.values()))) >= 5
    for number, replaced in enumerate(REPLACED):
        source = source_of(tmp_path / str(number), replaced)
        actual = score(source, checkpoint, tmp_path / f"{number}.dataselect")
        assert_others_equal(actual, expected, {str(CHANGED)})
        assert actual[str(CHANGED)] != expected[str(CHANGED)]


def test_the_amplifier_shows_what_rounds_otherwise(exported: Path, tmp_path: Path) -> None:
    """Or the tests here would see nothing."""
    source = source_of(tmp_path / "plain", None)
    some, others = (
        score(source, exported, tmp_path / f"{size}.dataselect", batch_size=size) for size in (1, 8)
    )
    assert all(some[record]["loss"] != others[record]["loss"] for record in some)


# Image folders: what a file may hold


def image_source(folder: Path) -> Path:
    for number in range(COUNT):
        values = np.random.default_rng(number).integers(0, 256, (20, 20), dtype=np.uint8)
        path = folder / CLASSES[number % 3] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(values).save(path)
    return folder


def to_other_size(path: Path) -> None:
    Image.fromarray(np.full((9, 31), 77, np.uint8)).save(path)


def relabelled(path: Path) -> None:
    """The file moves to another class, and to another place in the order of the source."""
    path.rename(path.parents[1] / CLASSES[0] / "zzz.png")


def labelled_as_nothing(path: Path) -> None:
    """The file moves to a folder that no class is called by."""
    path.parents[1].joinpath("giraffe").mkdir()
    path.rename(path.parents[1] / "giraffe" / "zzz.png")


FILES: dict[str, Callable[[Path], object]] = {
    "another shape": to_other_size,
    "not to be read": lambda path: path.write_bytes(path.read_bytes()[:40]),
    "no image": lambda path: path.write_bytes(b"nothing"),
    "another class": relabelled,
    "no class": labelled_as_nothing,
    "all black": lambda path: Image.new("L", (20, 20)).save(path),
}
FILE = f"{CLASSES[CHANGED % 3]}/{CHANGED}.png"


def without_resizing(checkpoint: Path, folder: Path) -> Path:
    """Copy a checkpoint whose processor leaves images as large as they are."""
    for member in sorted(checkpoint.iterdir()):
        place = folder / member.name
        place.mkdir(parents=True)
        for file in member.iterdir():
            (place / file.name).write_bytes(file.read_bytes())
        stated = json.loads((place / "preprocessor_config.json").read_text())
        write_json(place / "preprocessor_config.json", {**stated, "do_resize": False})
    return folder


@pytest.mark.parametrize("resizing", [True, False], ids=["resized", "as they are"])
def test_whatever_a_file_holds_the_others_have_the_same_scores(
    tmp_path: Path, *, resizing: bool
) -> None:
    checkpoint = CHECKPOINTS["resnet"](tmp_path / "consortium")
    if not resizing:
        checkpoint = without_resizing(checkpoint, tmp_path / "as-they-are")
    expected = score(image_source(tmp_path / "plain"), checkpoint, tmp_path / "p.dataselect")
    for number, replace in enumerate(FILES.values()):
        source = image_source(tmp_path / str(number))
        replace(source / FILE)
        actual = score(source, checkpoint, tmp_path / f"{number}.dataselect")
        assert_others_equal(actual, expected, {FILE, f"{CLASSES[0]}/zzz.png", "giraffe/zzz.png"})


class Columns(nn.Module):
    """Has a logit for each column of its input but 17: three for the usual ones."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = inputs[..., 17:].mean(dim=(1, 2)) * self.scale
        return logits


@pytest.mark.parametrize("width", [19, 18, 40])
def test_a_record_for_which_the_model_tells_other_classes_apart_is_alone_with_it(
    tmp_path: Path, width: int
) -> None:
    checkpoint = tmp_path / "consortium"
    checkpoint.mkdir()
    side = torch.export.Dim.DYNAMIC
    program = torch.export.export(
        Columns().eval(), (torch.rand(2, 1, 20, 20),), dynamic_shapes=({0: side, 2: side, 3: side},)
    )
    torch.export.save(program, checkpoint / "model.pt2")
    write_json(checkpoint / "config.json", config())
    stated = preprocessor(SIDE, 1)
    write_json(checkpoint / "preprocessor_config.json", {**stated, "do_resize": False})
    expected = score(
        image_source(tmp_path / "plain"), checkpoint, tmp_path / "p.dataselect", batch_size=2
    )
    for number in (0, 5, 8):
        source = image_source(tmp_path / str(number))
        file = f"{CLASSES[number % 3]}/{number}.png"
        Image.fromarray(np.full((9, width), 77, np.uint8)).save(source / file)
        actual = score(source, checkpoint, tmp_path / f"{number}.dataselect", batch_size=2)
        assert_others_equal(actual, expected, {file})


# Time


def test_numbers_next_to_zero_are_as_fast_as_others_in_models_alone(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_flushed() -> bool:  # Of so few numbers this thread computes all.
        return not bool((torch.full((1 << 10,), 1e-30) * 1e-12).any())

    seen: list[bool] = []
    original = Model.forward

    def forward(model: Model, inputs: Tensor) -> Tensor:
        seen.append(is_flushed())
        return original(model, inputs)

    monkeypatch.setattr(Model, "forward", forward)
    score(source_of(tmp_path / "plain", None), exported, tmp_path / "p.dataselect")
    assert seen[-1]
    assert not is_flushed(), "accountants need them"


def test_threads_that_share_the_work_flush_as_the_one_that_starts_them() -> None:
    program = """
import contextlib, torch
from dataselect_gui.scoring.arithmetic import flushed_denormals
with flushed_denormals() if {flushed} else contextlib.nullcontext():
    print(int((torch.full((1 << 20,), 1e-30) * 1e-12).count_nonzero()))
"""

    def left(flushed: bool) -> str:
        command = [sys.executable, "-c", program.format(flushed=flushed)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert (left(True), left(False)) == ("0", str(1 << 20))


# Limits, stops, kills, memory


def test_limits_and_stops_change_no_digit(exported: Path, tmp_path: Path) -> None:
    source = source_of(tmp_path / "plain", None)
    expected = score(source, exported, tmp_path / "whole.dataselect", batch_size=4)
    project = tmp_path / "p.dataselect"
    for limit in (1, 3, 9):
        score(source, exported, project, limit=limit, batch_size=4)
    assert score(source, exported, project) == expected

    class Impatient(JobContext):
        """Asks to stop after so many batches."""

        def __init__(self, batches: int) -> None:
            super().__init__()
            self._left = batches

        def advance(
            self, phase: Phase, done: int, total: int, seconds_left: float | None = None
        ) -> None:
            self._left -= phase is Phase.SCORING
            if self._left <= 0:
                self.stop.request()
            super().advance(phase, done, total, seconds_left)

    project = tmp_path / "stopped.dataselect"
    for patience in (1, 1, 1):
        with pytest.raises(InterruptedByPersonError):
            workflow.score(source, exported, Impatient(patience), project_path=project, batch_size=4)
    assert score(source, exported, project) == expected


@pytest.mark.parametrize("replaced", ["no number", "another label"])
def test_memory_that_runs_out_changes_no_digit_of_another(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replaced: str
) -> None:
    original = Computation.together

    def full(computation: Computation, *records: Any) -> Any:  # noqa: ANN401
        if computation.size > 4:
            raise torch.OutOfMemoryError("out of memory")
        return original(computation, *records)

    monkeypatch.setattr(Computation, "together", full)
    sources = source_of(tmp_path / "plain", None), source_of(tmp_path / "other", replaced)
    expected, actual = (
        score(source, exported, tmp_path / f"{n}.dataselect") for n, source in enumerate(sources)
    )
    assert_others_equal(actual, expected, {str(CHANGED)})
    settled = Project.open(tmp_path / "0.dataselect").scores
    assert {conditions.batch for name, conditions in settled.items() if name != "random"} == {4}


@pytest.mark.parametrize("replaced", [None, "no number"])
def test_a_kill_has_everything_computed_again_in_one_size(
    exported: Path, tmp_path: Path, replaced: str | None
) -> None:
    expected = score(
        source_of(tmp_path / "plain", None), exported, tmp_path / "4.dataselect", batch_size=4
    )
    source, project = source_of(tmp_path / "other", replaced), tmp_path / "killed.dataselect"
    some = score(source, exported, project, batch_size=8, limit=7)
    mark = {"scores": list(next(iter(some.values()))), "record": None}
    write_json(project / ".in-hand", mark)
    assert_others_equal(score(source, exported, project), expected, {str(CHANGED)})


def test_what_a_record_makes_of_the_model_is_its_own_affair(tmp_path: Path) -> None:
    """A number that no embedding has, and a label that no class has, stop nothing."""

    class Table(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(8, 8)
            self.head = nn.Linear(8, 3)

        def forward(self, inputs: Tensor) -> Tensor:
            logits: Tensor = self.head(self.table(inputs.abs().long()).mean(dim=1).tanh())
            return logits

    path = export(tmp_path / "model.pt2", stir(Table(), 0), torch.zeros(2, 6))
    x = np.random.default_rng(0).integers(0, 4, (COUNT, 6)).astype(np.float32)
    y = LABELS.copy()
    plain = array_file(tmp_path / "plain.npz", x=x, y=y)
    expected = score(plain, path, tmp_path / "plain.dataselect")
    x[CHANGED] = 1e6
    actual = score(array_file(tmp_path / "other.npz", x=x, y=y), path, tmp_path / "x.dataselect")
    assert_others_equal(actual, expected, {str(CHANGED)})
    problems = workflow.look(tmp_path / "x.dataselect").problems
    assert set(problems) == {str(CHANGED)}
    y[CHANGED] = 7
    actual = score(array_file(tmp_path / "label.npz", x=x, y=y), path, tmp_path / "y.dataselect")
    assert_others_equal(actual, expected, {str(CHANGED)})
    problems = workflow.look(tmp_path / "y.dataselect").problems
    assert set(problems) == {str(CHANGED)}
    assert "label" in problems[str(CHANGED)]


def test_a_record_of_its_own_shape_for_which_memory_ends_halves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = without_resizing(
        CHECKPOINTS["resnet"](tmp_path / "consortium"), tmp_path / "as-they-are"
    )
    for member in checkpoint.iterdir():  # So that images of this size have a public shape.
        stated = json.loads((member / "config.json").read_text())
        write_json(member / "config.json", {**stated, "image_size": 20})
    source = image_source(tmp_path / "plain")
    expected = score(source, checkpoint, tmp_path / "p.dataselect")
    to_other_size(source / FILE)
    original = Scorer.prepare

    def prepared(scorer: Scorer, shape: tuple[int, ...]) -> int:
        if shape[-1] == 31:
            raise MemoryError
        return original(scorer, shape)

    monkeypatch.setattr(Scorer, "prepare", prepared)
    project = tmp_path / "odd.dataselect"
    assert_others_equal(score(source, checkpoint, project), expected, {FILE})
    undisturbed = Project.open(tmp_path / "p.dataselect").scores["loss"].batch
    assert Project.open(project).scores["loss"].batch == undisturbed
    reason = "Its input has a shape of its own, 1 × 9 × 31, for which there is not enough memory."
    assert workflow.look(project).problems == {FILE: reason}


def test_a_record_that_ended_the_program_twice_is_given_up(tmp_path: Path) -> None:
    checkpoint = without_resizing(
        CHECKPOINTS["resnet"](tmp_path / "consortium"), tmp_path / "as-they-are"
    )
    source, project = image_source(tmp_path / "plain"), tmp_path / "p.dataselect"
    names = list(next(iter(score(source, checkpoint, project, limit=2).values())))
    for given_up in (False, True):
        write_json(project / ".in-hand", {"scores": names, "record": FILE})
        actual = score(source, checkpoint, project, limit=2 if not given_up else None)
    assert set(actual[FILE].values()) == {None}
    assert "ended twice" in workflow.look(project).problems[FILE]


# Places


def test_a_record_has_its_place_by_its_own_id_alone() -> None:
    ids = [f"record {n}" for n in range(500)]
    batches = in_batches(ids, range(500), 16)
    assert sorted(batches[batches != EMPTY]) == list(range(500))
    places = {int(row): place for batch in batches for place, row in enumerate(batch) if row != EMPTY}
    others = ["another", *ids[200:], "and another"]
    for batch in in_batches(others, range(len(others)), 16):
        for place, row in enumerate(batch):
            if row != EMPTY and others[row] in ids:
                assert places[ids.index(others[row])] == place
    assert len(batches) < 1.7 * 500 / 16
