"""Labels that the owner gives in a project: what of a record's scores holds, and what leaves."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.jobs.context import JobContext
from dataselect_gui.project.table import WITHOUT_LABEL
from dataselect_gui.release.verify import verify_bundle
from dataselect_gui.scoring.scores import SCORES
from dataselect_gui.scoring.scores.base import KeyedScore
from tests.helpers import CLASSES, array_file, config, write_json
from tests.models import save_member, stir, tiny_plain
from tests.projects import answered, consortium, owner_records, scored_project
from tests.releases import is_verified, release, select

pytestmark = pytest.mark.usefixtures("home")

NAMES = ["loss", "el2n", "random"]
GIVEN = {"1": "dog", "4": "dog", "7": "bird"}


def scored(folder: Path, names: list[str] = NAMES) -> Path:
    """Score twelve records of three classes by a model that can be loaded."""
    if not (folder / "model").exists():
        save_member(folder / "model", stir(tiny_plain(), 0))
        pixels = np.random.default_rng(0).integers(0, 256, (12, 16, 16), dtype=np.uint8)
        array_file(folder / "own.npz", x=pixels, y=np.arange(12) % 3, classes=np.array(CLASSES))
    workflow.score(
        folder / "own.npz",
        folder / "model",
        JobContext(),
        project_path=folder / "p.dataselect",
        names=names,
    )
    return folder / "p.dataselect"


def labels_in(bundle: Path) -> list[str]:
    lines = (bundle / "data" / "train" / "metadata.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["label"] for line in lines]


def test_no_label_changes_these_scores_alone() -> None:
    """A score that is added has to be computed anew for another label, unless it is keyed."""
    keyed = {name for name, score in SCORES.items() if isinstance(score, KeyedScore)}
    assert keyed == WITHOUT_LABEL


def test_a_record_is_scored_by_its_new_label_and_no_other_is_touched(tmp_path: Path) -> None:
    """The naive way: the same records, labelled so in a file of their own."""
    project = scored(tmp_path)
    before = workflow.scores(project)
    assert workflow.relabel(project, GIVEN).waiting == 3
    between = workflow.scores(project)
    for row in range(12):
        is_given = str(row) in GIVEN
        assert (between["loss"][row] is None) == (between["el2n"][row] is None) == is_given
        assert between["random"][row] == before["random"][row]
        if not is_given:
            assert between["loss"][row] == before["loss"][row]
    places = np.array([CLASSES.index(GIVEN.get(str(row), CLASSES[row % 3])) for row in range(12)])
    with np.load(tmp_path / "own.npz") as own:
        pixels = own["x"]
    other = array_file(tmp_path / "other.npz", x=pixels, y=places, classes=np.array(CLASSES))
    naive = tmp_path / "naive.dataselect"
    workflow.score(other, tmp_path / "model", JobContext(), project_path=naive, names=["loss", "el2n"])
    scored(tmp_path)
    after, expected = workflow.scores(project), workflow.scores(naive)
    assert after["label"] == expected["label"]
    for name in ("loss", "el2n", "answer"):
        assert after[name] == expected[name]
    assert after["loss"] != before["loss"]
    assert after["label_before"] == before["label"]
    assert workflow.relabelled_records(project).waiting == 0


def test_those_that_wait_are_scored_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataselect_gui.worker.score_receiver import ScoreReceiver

    project = scored(tmp_path)
    workflow.relabel(project, GIVEN)
    sent: list[int] = []
    take_values = ScoreReceiver._take_values

    def noted(self: ScoreReceiver, content: bytes) -> None:
        count = (len(content) - 1) // 16
        sent.extend(np.frombuffer(content[1 : 1 + 8 * count], dtype=np.int64).tolist())
        take_values(self, content)

    monkeypatch.setattr(ScoreReceiver, "_take_values", noted)
    scored(tmp_path)
    assert sorted(set(sent)) == [1, 4, 7]


def test_the_label_that_leaves_is_the_corrected_one(tmp_path: Path) -> None:
    own = owner_records(tmp_path / "own.npz", 9)
    project = scored_project(tmp_path / "p.dataselect", own, consortium(tmp_path / "c"))
    stored = own.read_bytes()
    workflow.relabel(project, {"0": "dog", "3": "dog", "5": None})
    workflow.select_records(project, workflow.Everything())
    release(project, tmp_path / "b", epsilon=None, budget=None, acknowledge_disclosure=True)
    assert is_verified(tmp_path / "b")
    expected = ["bird", "cat", "dog"] * 3
    expected[0] = expected[3] = "dog"
    left = labels_in(tmp_path / "b")
    assert sorted(map(str, left)) == sorted([*expected[:5], str(None), *expected[6:]])
    assert own.read_bytes() == stored


def test_what_waits_is_not_released_by_its_former_scores(tmp_path: Path) -> None:
    own = owner_records(tmp_path / "own.npz")
    project = scored_project(tmp_path / "p.dataselect", own, consortium(tmp_path / "c"), [0.9] * 40)
    select(project, threshold="0.5")
    workflow.relabel(project, {"3": "dog"})
    assert len(workflow.select_records(project, None)[0]) == 39  # It has no score.
    with pytest.raises(UnusableError, match="1 record has a new label and waits"):
        release(project, tmp_path / "b")
    with pytest.raises(UnusableError, match="waits to be scored again"):
        release(project, tmp_path / "b", dry_run=True)
    assert not (tmp_path / "b").exists()
    workflow.select_records(project, None, withhold=["3"])  # It takes no part: nothing has to wait.
    release(project, tmp_path / "b")
    workflow.select_records(project, None, restore=["3"])
    workflow.relabel(project, {}, undo=["3"])
    assert len(workflow.select_records(project, None)[0]) == 40
    release(project, tmp_path / "b2")
    assert is_verified(tmp_path / "b2")


def test_a_label_that_is_taken_back_brings_its_scores_and_answers_back(tmp_path: Path) -> None:
    project = scored(tmp_path)
    before = workflow.scores(project)
    look = workflow.look(project)
    assert look.answers is not None
    differed = look.answers.differ.tolist()
    workflow.relabel(project, GIVEN)
    answers = workflow.look(project).answers
    assert answers is not None
    assert not answers.differ[[1, 4, 7]].any()
    assert answers.are_there.all()
    workflow.relabel(project, {"1": "cat", "4": None})
    done = workflow.relabel(project, {}, undo=["4", "7"])
    assert (done.changed, done.waiting, done.labels) == (2, 0, {})
    assert workflow.scores(project) == before
    back = workflow.look(project).answers
    assert back is not None
    assert back.differ.tolist() == differed


def test_a_label_that_is_taken_back_after_scoring_waits_again(tmp_path: Path) -> None:
    project = scored(tmp_path, ["loss"])
    before = workflow.scores(project)
    workflow.relabel(project, GIVEN)
    scored(tmp_path, ["loss"])
    assert workflow.relabel(project, {}, undo=list(GIVEN)).waiting == 3
    assert [workflow.scores(project)["loss"][int(record)] for record in GIVEN] == [None] * 3
    look = workflow.look(project)
    assert look.waiting.tolist() == [1, 4, 7]
    assert look.unscored == 3
    assert not look.is_relabelled.any()
    scored(tmp_path, ["loss"])
    assert workflow.scores(project) == before


def test_a_look_with_other_labels_is_that_of_the_project_with_them(tmp_path: Path) -> None:
    """The window changes what it has read; it shall be what is read again."""
    own = owner_records(tmp_path / "own.npz")
    rule = {"conditions": [{"score": "loss", "least": {"bird": 0.2, "dog": 0.5}, "otherwise": "keep"}]}
    project = answered(
        scored_project(tmp_path / "p.dataselect", own, consortium(tmp_path / "c", rule=rule))
    )
    given: dict[int, str | None] = {0: "dog", 2: None, 5: "bird"}
    seen = workflow.look(project).with_labels(given)
    workflow.put_labels(project, {str(row): label for row, label in given.items()}, ())
    read = workflow.look(project)
    for look in (seen, read):
        assert look.unscored == 3
        assert look.waiting.tolist() == [0, 2, 5]
    assert list(seen.labels) == list(read.labels)
    assert seen.classes is not None
    assert read.classes is not None
    assert list(seen.classes) == list(read.classes) == list(read.labels)
    assert np.array_equal(seen.scores["loss"], read.scores["loss"], equal_nan=True)
    assert seen.answers is not None
    assert read.answers is not None
    assert np.array_equal(seen.answers.answers.standings, read.answers.answers.standings)
    again = read.with_labels({})
    assert list(again.labels) == list(again.own_labels)
    assert not np.isnan(again.scores["loss"]).any()


@pytest.mark.parametrize(
    ("text", "kept"), [("2", "2"), ("dog", "2"), ("DOG", "2"), ("fish", None), ("9", None), (" ", None)]
)
def test_a_label_is_spelled_as_the_owner_spells_it(tmp_path: Path, text: str, kept: str | None) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 6, 5), dtype=np.uint8)
    own = array_file(tmp_path / "own.npz", x=pixels, y=np.array([0, 1, 2, 0, 1, 2]))
    project = scored_project(tmp_path / "p.dataselect", own, consortium(tmp_path / "c"))
    if kept is None:
        with pytest.raises(UsageError, match="cannot be a label of these records"):
            workflow.relabel(project, {"0": text})
        assert workflow.relabelled_records(project).labels == {}
    else:
        assert workflow.relabel(project, {"0": text}).labels == {"0": ("0", kept)}


@pytest.mark.parametrize(
    ("task", "own", "text", "kept"),
    [
        ("multi_label_classification", ["bird", "cat"], '["cat", "bird"]', '["bird", "cat"]'),
        ("multi_label_classification", ["bird", "cat"], "bird, dog", '["bird", "dog"]'),
        ("multi_label_classification", ["bird", "cat"], "[]", "[]"),
        ("multi_label_classification", ["bird", "cat"], "bird, fish", None),
        ("regression", ["1.5", "2"], "3.50", "3.5"),
        ("regression", ["1.5", "2"], "cat", None),
        ("regression", ["1.5", "2"], "3,5", None),
    ],
)
def test_a_label_is_what_the_model_takes(
    tmp_path: Path, task: str, own: list[str], text: str, kept: str | None
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 6, 5), dtype=np.uint8)
    source = array_file(tmp_path / "own.npz", x=pixels, y=np.array(own))
    folder = consortium(tmp_path / "c")
    names = CLASSES if task != "regression" else ("value",)
    write_json(folder / "config.json", config(names, problem_type=task))
    project = scored_project(tmp_path / "p.dataselect", source, folder)
    if kept is None:
        with pytest.raises(UsageError, match="cannot be a label of these records"):
            workflow.relabel(project, {"0": text})
    else:
        assert workflow.relabel(project, {"0": text}).labels == {"0": (own[0], kept)}


def test_labels_come_from_a_table(tmp_path: Path) -> None:
    own = owner_records(tmp_path / "own.npz", 6)
    project = scored_project(tmp_path / "p.dataselect", own, consortium(tmp_path / "c"))
    path = tmp_path / "new.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["id", "label"], ["0", "dog"], ["1", ""], ["2", "dog"]])
    done = workflow.relabel(project, workflow.read_labels(path))
    assert done.labels == {"0": ("bird", "dog"), "1": ("cat", None)}  # The third is one already.
    for wrong in ("id,label\n0,dog\n0,cat\n", "name,label\n0,dog\n", "id,label\n0\n", ""):
        path.write_text(wrong, encoding="utf-8")
        with pytest.raises(UnusableError, match="cannot be used"):
            workflow.read_labels(path)
    with pytest.raises(UsageError, match="no record “77”"):
        workflow.relabel(project, {"0": "cat", "77": "cat"})
    assert workflow.relabelled_records(project).labels == done.labels


def test_labels_follow_their_records(tmp_path: Path) -> None:
    """Rows are named by their numbers: where the rows above one go, its number is another record's."""
    folder = tmp_path
    scored(folder, ["loss"])
    workflow.relabel(folder / "p.dataselect", {"4": "dog"})
    with np.load(folder / "own.npz") as own:
        arrays = {"x": own["x"][2:], "y": own["y"][2:], "classes": own["classes"]}
    array_file(folder / "own.npz", **arrays)
    scored(folder, ["loss"])
    project = folder / "p.dataselect"
    assert workflow.relabelled_records(project).labels == {"2": ("cat", "dog")}
    naive = array_file(
        folder / "naive.npz", x=arrays["x"][2:3], y=np.array([2]), classes=arrays["classes"]
    )
    workflow.score(
        naive, folder / "model", JobContext(), project_path=folder / "n.dataselect", names=["loss"]
    )
    loss = workflow.scores(project)["loss"]
    assert loss[2] == workflow.scores(folder / "n.dataselect")["loss"][0]
    assert None not in loss


def test_bundles_say_nothing_of_labels_before(tmp_path: Path) -> None:
    own = owner_records(tmp_path / "own.npz", 6)
    project = scored_project(tmp_path / "p.dataselect", own, consortium(tmp_path / "c"))
    workflow.relabel(project, {str(row): "dog" for row in range(6)})
    workflow.select_records(project, workflow.Everything())
    release(project, tmp_path / "b", epsilon=None, budget=None, acknowledge_disclosure=True)
    assert all(check.ok for check in verify_bundle(tmp_path / "b"))
    held = b"".join(path.read_bytes() for path in (tmp_path / "b").rglob("*.json*"))
    assert b"dog" in held
    assert b'"bird"' not in held
