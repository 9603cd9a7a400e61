"""What is claimed where labels were corrected: whoever saw scores first may have chosen by them."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.privacy.identity import labelling
from dataselect_gui.project.project import Project
from dataselect_gui.release.documents import terms_of_document
from tests.decisions import EVERY
from tests.projects import consortium, owner_records, scored_project
from tests.releases import document_of, failed, is_verified, rebuild, release

pytestmark = pytest.mark.usefixtures("home")

REPORT = {"kind": "report", "passing": False, "bins": "0,0.5,1", "by_class": True}


def made(folder: Path, name: str = "p", *, unit_column: str | None = None) -> Path:
    """Make a project whose rule is the request's cut; nobody has seen a score of it."""
    own = folder / "own.npz"
    if not own.exists():
        owner_records(own)
        consortium(folder / "c")
    project = scored_project(
        folder / f"{name}.dataselect", own, folder / "c", [0.75] * 40, unit_column=unit_column
    )
    put_rule(project, "cut")
    return project


def put_rule(project: Path, by: str) -> None:
    rule = workflow.Everything() if by == "all" else workflow.make_rule("loss", threshold="0.5")
    workflow.put_selection(project, rule, sorted(Project.open(project).withheld))


def scored_again(project: Path) -> None:
    """Compute the scores of the records that wait: here they are the same by any label."""
    opened = Project.open(project)
    with opened.exclusive():
        table = opened.update_index(opened.table.own)
        column = table.column("loss")
        rows = np.flatnonzero(column.done == 0)
        column.write(rows, np.full(len(rows), 0.75))
        column.mark_done(rows)


def claims(project: Path, to: Path, **asked: object) -> bool:
    """Release, and say whether the bundle claims what it promises."""
    if asked == EVERY:
        put_rule(project, "all")
    done = release(project, to, **asked)
    assert is_verified(to)
    document = document_of(to)
    assert document["conditional"] == done.conditional
    assert terms_of_document(document).relabelled == (
        "labels of records" in str(document["assumptions"])
    )
    return not done.conditional


@pytest.mark.parametrize("asked", [{}, EVERY, REPORT])
def test_a_label_that_was_corrected_before_anybody_saw_a_score_is_settled(
    tmp_path: Path, asked: dict[str, object]
) -> None:
    project = made(tmp_path)
    workflow.relabel(project, {"3": "dog", "7": None})
    scored_again(project)
    workflow.look(project)
    assert claims(project, tmp_path / "b", **asked)


@pytest.mark.parametrize("asked", [{}, EVERY, REPORT])
def test_a_label_that_was_corrected_after_a_view_makes_a_release_conditional(
    tmp_path: Path, asked: dict[str, object]
) -> None:
    project = made(tmp_path)
    workflow.look(project)
    workflow.relabel(project, {"3": "dog"})
    scored_again(project)
    assert not claims(project, tmp_path / "b", **asked)
    document = document_of(tmp_path / "b")
    assert document["epsilon"] is None
    assert "Labels of records were corrected after" in document["promise"]
    document["conditional"] = False  # A bundle that says otherwise is found out.
    rebuild(tmp_path / "b", document)
    assert failed(tmp_path / "b")


def test_nothing_is_lost_where_no_label_was_corrected(tmp_path: Path) -> None:
    """The control: all of the above without the correction claims what it did before."""
    project = made(tmp_path)
    workflow.look(project)
    workflow.relabel(project, {"3": Project.open(project).table.own.labels[3]})
    assert claims(project, tmp_path / "b")
    assert document_of(tmp_path / "b")["epsilon"] == "1"


def test_a_correction_that_is_taken_back_claims_again(tmp_path: Path) -> None:
    project = made(tmp_path)
    workflow.look(project)
    workflow.relabel(project, {"3": "dog"})
    scored_again(project)
    assert not claims(project, tmp_path / "b")
    workflow.relabel(project, {}, undo=["3"])
    scored_again(project)
    assert claims(project, tmp_path / "b2")


def test_a_settled_correction_that_is_taken_back_after_a_view_is_late(tmp_path: Path) -> None:
    project = made(tmp_path)
    workflow.relabel(project, {"3": "dog"})
    scored_again(project)
    workflow.look(project)
    workflow.relabel(project, {}, undo=["3"])
    scored_again(project)
    assert not claims(project, tmp_path / "b")
    workflow.relabel(project, {"3": "dog"})
    scored_again(project)
    assert claims(project, tmp_path / "b2")


def test_a_settled_correction_that_becomes_another_one_after_a_view_is_late(tmp_path: Path) -> None:
    project = made(tmp_path)
    workflow.relabel(project, {"3": "dog"})
    scored_again(project)
    workflow.look(project)
    workflow.relabel(project, {"3": "cat"})
    scored_again(project)
    assert not claims(project, tmp_path / "b")


def test_a_view_in_one_project_makes_a_correction_in_another_late(tmp_path: Path) -> None:
    first, second = made(tmp_path, "one"), made(tmp_path, "two")
    workflow.look(first)
    workflow.relabel(second, {"3": "dog"})
    scored_again(second)
    assert not claims(second, tmp_path / "b")
    assert claims(first, tmp_path / "b1")


def test_who_settled_a_correction_cannot_release_without_it_from_another_project(
    tmp_path: Path,
) -> None:
    first, second = made(tmp_path, "one"), made(tmp_path, "two")
    workflow.relabel(first, {"3": "dog"})
    scored_again(first)
    workflow.look(first)
    assert not claims(second, tmp_path / "b")
    workflow.relabel(second, {"3": "dog"})
    scored_again(second)
    assert claims(second, tmp_path / "b2")


def test_a_project_that_is_made_anew_does_not_forget_the_view(tmp_path: Path) -> None:
    project = made(tmp_path)
    workflow.look(project)
    shutil.rmtree(project)
    again = made(tmp_path)
    workflow.relabel(again, {"3": "dog"})
    scored_again(again)
    assert not claims(again, tmp_path / "b")
    shutil.rmtree(again)
    assert claims(made(tmp_path), tmp_path / "b2")


def test_a_correction_of_a_withheld_record_counts_once_it_may_leave(tmp_path: Path) -> None:
    project = made(tmp_path)
    workflow.select_records(project, None, withhold=["3"])
    workflow.look(project)
    workflow.relabel(project, {"3": "dog"})
    assert claims(project, tmp_path / "b")  # It takes no part.
    workflow.select_records(project, None, restore=["3"])
    scored_again(project)
    assert not claims(project, tmp_path / "b2")


def test_a_correction_of_a_record_that_nobody_has_seen_is_settled_by_the_view_that_shows_it(
    tmp_path: Path,
) -> None:
    project = made(tmp_path)
    workflow.look(project)
    with np.load(tmp_path / "own.npz") as stored:
        more = np.random.default_rng(9).integers(0, 256, (2, 6, 5), dtype=np.uint8)
        arrays = {
            "x": np.concatenate([stored["x"], more]),
            "y": np.concatenate([stored["y"], [0, 1]]),
            "classes": stored["classes"],
        }
    np.savez_compressed(tmp_path / "own.npz", **arrays)
    grown = scored_project(tmp_path / "g.dataselect", tmp_path / "own.npz", tmp_path / "c", [0.75] * 42)
    put_rule(grown, "cut")
    workflow.relabel(grown, {"40": "dog"})
    scored_again(grown)
    workflow.look(grown)
    assert claims(grown, tmp_path / "b")
    workflow.relabel(grown, {"41": "dog"})
    scored_again(grown)
    assert not claims(grown, tmp_path / "b2")


def test_a_correction_that_the_files_catch_up_with_stays_one(tmp_path: Path) -> None:
    """Otherwise whoever corrected after a view would only have to write it into the file, too."""
    project = made(tmp_path)
    workflow.look(project)
    workflow.relabel(project, {"3": "dog"})
    opened = Project.open(project)
    labels = list(opened.table.own.labels)
    labels[3] = "dog"
    with opened.exclusive():
        opened.update_index(opened.table.own.relabelled({"3": "dog"}))
    assert list(opened.table.own.labels) == labels
    assert workflow.relabelled_records(project).labels == {}
    with np.load(tmp_path / "own.npz") as stored:
        arrays = dict(stored)
    arrays["y"][3] = 2
    np.savez_compressed(tmp_path / "own.npz", **arrays)
    scored_again(project)
    assert not claims(project, tmp_path / "b")


def test_a_dry_run_says_what_a_release_would(tmp_path: Path) -> None:
    project = made(tmp_path)
    workflow.look(project)
    workflow.relabel(project, {"3": "dog"})
    scored_again(project)
    foreseen = release(project, tmp_path / "b", dry_run=True)
    assert foreseen.conditional
    assert "Labels of records were corrected" in foreseen.promise


def test_the_same_release_with_another_label_is_another_one(tmp_path: Path) -> None:
    project = made(tmp_path)
    put_rule(project, "all")
    asked = {**EVERY, "in_training": "no"}
    release(project, tmp_path / "b", **asked)
    workflow.relabel(project, {"3": "dog"})
    assert not release(project, tmp_path / "b2", **asked).repeated
    workflow.relabel(project, {}, undo=["3"])
    assert release(project, tmp_path / "b3", **asked).repeated


def test_a_digest_of_labels_tells_records_people_and_labels_apart() -> None:
    content = np.arange(4 * 32, dtype=np.uint8).reshape(4, 32)
    content[3] = 0  # It cannot be read.
    people = ["a", "a", None, "b"]
    digests = [
        labelling(content, people, None, {}),
        labelling(content, people, None, {0: "cat"}),
        labelling(content, people, None, {1: "cat"}),
        labelling(content, people, None, {0: "dog"}),
        labelling(content, people, None, {0: None}),
        labelling(content, people, None, {0: ""}),
        labelling(content, ["b", "a", None, "b"], None, {0: "cat"}),
        labelling(content, None, None, {0: "cat"}),
        labelling(content, people, None, {0: "cat", 1: "cat"}),
    ]
    assert digests[0] == labelling(content, people, None, {3: "cat"}) == ""
    assert len(set(digests)) == len(digests)
    turned = labelling(content[::-1], people[::-1], None, {3: "cat", 2: "cat"})
    assert turned == digests[-1]
