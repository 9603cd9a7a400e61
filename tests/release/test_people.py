"""Releases of people: who takes part, and whom the ledger knows."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from dataselect_gui import workflow
from dataselect_gui.errors import RefusedError, UnusableError
from dataselect_gui.project.project import Project
from dataselect_gui.workflow import ReleaseRequest
from tests.projects import owner_records, scored_project
from tests.releases import is_verified, release, select, shown, silent

pytestmark = pytest.mark.usefixtures("home")


@pytest.mark.parametrize("max_contributions", [1, 2])
def test_a_person_leaves_with_at_most_m_records(
    source: Path, checkpoint: Path, tmp_path: Path, max_contributions: int
) -> None:
    project = scored_project(
        tmp_path / "people.dataselect", source, checkpoint, [1.0] * 40, unit_column="patient"
    )
    select(project, threshold="0.5")
    arrays = np.load(source)
    owner = {x.tobytes(): str(p) for x, p in zip(arrays["x"], arrays["patient"], strict=True)}
    left: set[bytes] = set()
    for epsilon in ("1", "2", "8"):
        release(
            project,
            tmp_path / f"at {epsilon}",
            epsilon=epsilon,
            max_contributions=max_contributions,
            budget="8",
        )
        left |= shown(tmp_path / f"at {epsilon}")
    people = [owner[pixels] for pixels in left]
    assert max(people.count(person) for person in people) <= max_contributions
    stated = json.loads((tmp_path / "at 1/release.json").read_text(encoding="utf-8"))
    share = stated["parameters"]["share_that_leaves"]["value"]
    assert share == pytest.approx(1 - math.exp(-1 / max_contributions))
    assert is_verified(tmp_path / "at 1")
    card = (tmp_path / "at 1/README.md").read_text(encoding="utf-8")
    assert (
        f"Of each person at most {'one record' if max_contributions == 1 else '2 records'} take" in card
    )
    assert "in the owner's selection that take part, about" in card
    with pytest.raises(RefusedError, match="another unit"):
        release(project, tmp_path / "more", max_contributions=3, budget=None)


@pytest.mark.parametrize("max_contributions", [1, 2])
def test_the_figures_before_a_first_release_are_those_after_it(
    source: Path, checkpoint: Path, tmp_path: Path, max_contributions: int
) -> None:
    """Of 14 patients, 13 have three records and the last has one."""
    project = scored_project(
        tmp_path / "people.dataselect", source, checkpoint, [1.0] * 40, unit_column="patient"
    )
    select(project, threshold="0.5")
    asked = ReleaseRequest(
        to=tmp_path / "b",
        kind="report",
        mechanism="discrete-laplace",
        passing=True,
        epsilon="1",
        in_training="no",
        budget="4",
        max_contributions=max_contributions,
    )
    counted = []
    for _ in range(2):
        preview = workflow.preview(project, asked, silent).preview
        assert preview is not None
        assert preview.usefulness is not None
        counted.append(preview.usefulness[0]["against"])
        release(project, tmp_path / "first", max_contributions=max_contributions)
    expected = 13 * max_contributions + 1
    assert counted == [expected, expected], "the second time it is drawn who takes part"


def test_a_refused_release_with_another_m_changes_nobodys_number(
    source: Path, checkpoint: Path, tmp_path: Path
) -> None:
    project = scored_project(
        tmp_path / "people.dataselect", source, checkpoint, [1.0] * 40, unit_column="patient"
    )
    select(project, threshold="0.5")
    with pytest.raises(RefusedError, match="needs ε 8"):
        release(project, tmp_path / "refused", epsilon="8", max_contributions=3)
    release(project, tmp_path / "one", epsilon="300", budget="300")
    assert len(shown(tmp_path / "one")) == 14  # One of each person.
    with pytest.raises(RefusedError, match="another unit"):
        release(project, tmp_path / "refused", max_contributions=2, budget=None)
    release(project, tmp_path / "two", epsilon="299", budget=None)
    assert shown(tmp_path / "two") == shown(tmp_path / "one")


def rewritten(source: Path, to: Path, **changed: object) -> Path:
    np.savez_compressed(to, **{**dict(np.load(source)), **changed})
    return to


def test_records_under_other_names_of_their_people_do_not_leave(
    source: Path, checkpoint: Path, tmp_path: Path
) -> None:
    """Or another pseudonym would be another secret, and another record of the same person."""
    people = np.load(source)["patient"]
    project = scored_project(tmp_path / "p.dataselect", source, checkpoint, unit_column="patient")
    select(project, threshold="0")
    release(project, tmp_path / "one", threshold_from="agreed")
    for number, names in enumerate(
        (np.array([f"new {name}" for name in people]), np.roll(people, 1), np.full(40, "one person"))
    ):
        other = rewritten(source, tmp_path / f"{number}.npz", patient=names)
        again = scored_project(
            tmp_path / f"{number}.dataselect", other, checkpoint, unit_column="patient"
        )
        select(again, threshold="0")
        for dry in (True, False):
            with pytest.raises(RefusedError, match="other people"):
                release(again, tmp_path / "two", threshold_from="agreed", dry_run=dry)


def test_one_record_that_changed_hands_is_named_and_keeps_nobody_else_back(
    source: Path, checkpoint: Path, tmp_path: Path
) -> None:
    people = np.load(source)["patient"]
    project = scored_project(tmp_path / "p.dataselect", source, checkpoint, unit_column="patient")
    select(project, threshold="0")
    release(project, tmp_path / "one", threshold_from="agreed")
    people[17] = people[3]
    other = rewritten(source, tmp_path / "other.npz", patient=people)
    again = scored_project(tmp_path / "q.dataselect", other, checkpoint, unit_column="patient")
    select(again, threshold="0")
    with pytest.raises(RefusedError) as refused:
        release(again, tmp_path / "two", threshold_from="agreed")
    assert "“17” is listed under another patient." in refused.value.why
    workflow.select_records(again, None, withhold=["17"])
    assert is_verified(release(again, tmp_path / "two", threshold_from="agreed").bundle)


def test_a_source_grows_by_records_of_people_who_are_known_and_of_others(
    source: Path, checkpoint: Path, tmp_path: Path
) -> None:
    project = scored_project(tmp_path / "p.dataselect", source, checkpoint, unit_column="patient")
    select(project, threshold="0")
    first = release(project, tmp_path / "one", threshold_from="agreed", max_contributions=4)
    arrays = dict(np.load(source))
    more = np.random.default_rng(5).integers(0, 256, (4, 6, 5), dtype=np.uint8)
    names = np.array(["patient 0", "patient 1", "somebody", ""])
    grown = {
        "x": np.concatenate([more, arrays["x"]]),
        "y": np.append(arrays["y"], [0, 1, 2, 0]),
        "patient": np.concatenate([names, arrays["patient"]]),
    }
    other = rewritten(source, tmp_path / "other.npz", **grown)
    again = scored_project(tmp_path / "q.dataselect", other, checkpoint, unit_column="patient")
    select(again, threshold="0")
    second = release(again, tmp_path / "two", threshold_from="agreed", max_contributions=4)
    assert second.left == first.left  # The same ε, one-sided: only the largest counts.
    # The secrets of those who were there are what they were, and so is who of them leaves.
    new = {row.tobytes() for row in more}
    assert shown(tmp_path / "two") - new == shown(tmp_path / "one")


@pytest.mark.parametrize("name", ["record", "patient"])
def test_a_column_is_never_taken_for_none(
    source: Path, checkpoint: Path, tmp_path: Path, name: str
) -> None:
    people = np.load(source)["patient"]
    other = rewritten(source, tmp_path / "other.npz", **{name: people})
    project = scored_project(tmp_path / "p.dataselect", other, checkpoint)
    select(project, threshold="0.5")
    release(project, tmp_path / "one")
    again = scored_project(tmp_path / "q.dataselect", other, checkpoint, unit_column=name)
    select(again, threshold="0.5")
    with pytest.raises(RefusedError, match="another unit"):
        release(again, tmp_path / "two")


def test_a_record_of_nobody_is_known_wherever_it_stands(
    source: Path, checkpoint: Path, tmp_path: Path
) -> None:
    """It is a unit of its own, by its content and not by its number."""
    people = np.where(np.arange(40) < 20, np.load(source)["patient"], "")
    first = rewritten(source, tmp_path / "a.npz", patient=people)
    arrays = dict(np.load(first))
    thinned = {name: arrays[name][7:] for name in ("x", "y", "patient")}
    np.savez_compressed(tmp_path / "b.npz", **{**arrays, **thinned})
    for name in "ab":
        project = scored_project(
            tmp_path / f"{name}.dataselect", tmp_path / f"{name}.npz", checkpoint, unit_column="patient"
        )
        select(project, threshold="0")
        release(project, tmp_path / name, threshold_from="agreed", budget="4" if name == "a" else None)
    pixels = [x.tobytes() for x in np.load(source)["x"]]
    nobody = set(pixels[20:])
    assert shown(tmp_path / "a") & nobody == shown(tmp_path / "b") & nobody


@pytest.mark.parametrize("people", [-1 - np.arange(40) // 3, 0.5 + np.arange(40) // 3])
def test_people_with_numbers_for_names_are_people(
    source: Path, checkpoint: Path, tmp_path: Path, people: NDArray[Any]
) -> None:
    other = rewritten(source, tmp_path / "other.npz", patient=people)
    project = scored_project(tmp_path / "p.dataselect", other, checkpoint, unit_column="patient")
    select(project, threshold="0")
    release(project, tmp_path / "b", epsilon="300", budget="300", threshold_from="agreed")
    assert len(shown(tmp_path / "b")) == 14


def test_a_person_who_is_called_like_a_record_is_a_person(
    source: Path, checkpoint: Path, tmp_path: Path
) -> None:
    people = np.where(np.arange(40) < 20, "record 3", np.load(source)["patient"])
    other = rewritten(source, tmp_path / "other.npz", patient=people)
    project = scored_project(tmp_path / "p.dataselect", other, checkpoint, unit_column="patient")
    select(project, threshold="0")
    release(project, tmp_path / "b", epsilon="300", budget="300", threshold_from="agreed")
    pixels = {row.tobytes() for row in np.load(source)["x"][:20]}
    assert len(shown(tmp_path / "b") & pixels) == 1


def test_records_of_nobody_do_not_join_sources(checkpoint: Path, tmp_path: Path) -> None:
    accounts = set()
    for seed in (1, 2):
        source = owner_records(tmp_path / f"{seed}.npz", seed=seed)
        rewritten(source, source, patient=np.full(40, ""))
        project = scored_project(
            tmp_path / f"{seed}.dataselect", source, checkpoint, unit_column="patient"
        )
        accounts.add(workflow.change_budget(project, "4", "a test").id)
    assert len(accounts) == 2


@pytest.mark.parametrize("column", ["y", "patient"])
def test_a_record_with_another_label_or_person_than_it_was_scored_with_is_not_released(
    source: Path, checkpoint: Path, tmp_path: Path, column: str
) -> None:
    project = scored_project(tmp_path / "p.dataselect", source, checkpoint, unit_column="patient")
    select(project, threshold="0")
    arrays = dict(np.load(source))
    values = arrays[column].copy()
    values[5] = values[7]
    rewritten(source, source, **{column: values})
    with pytest.raises(UnusableError, match="1 record changed"):
        release(project, tmp_path / "b", threshold_from="agreed")
    rewritten(source, source, **{column: arrays[column]})
    release(project, tmp_path / "b", threshold_from="agreed")


@pytest.mark.parametrize(("scored_by", "said"), [(None, "patient"), ("patient", None)])
def test_the_units_are_those_that_the_records_were_scored_with(
    source: Path, checkpoint: Path, tmp_path: Path, scored_by: str | None, said: str | None
) -> None:
    """Scoring with another column was killed after it had noted the column, before the people."""
    folder = scored_project(tmp_path / "p.dataselect", source, checkpoint, unit_column=scored_by)
    select(folder, threshold="0")
    project = Project.open(folder)
    project.settings.source = replace(project.settings.source, unit_column=said)
    project.save()
    with pytest.raises(UnusableError, match="40 records changed"):
        release(folder, tmp_path / "b", threshold_from="agreed")
