"""People's lists: who opted out, and projects that are deleted."""

from pathlib import Path

import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.errors import RefusedError, UnusableError, UsageError
from tests.projects import scored_project
from tests.releases import files, release, select, shown

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def people(tmp_path: Path, source: Path, checkpoint: Path) -> Path:
    folder = scored_project(
        tmp_path / "p.dataselect", source, checkpoint, [1.0] * 40, unit_column="patient"
    )
    select(folder, threshold="0.5")
    return folder


def register(tmp_path: Path, text: str) -> Path:
    (tmp_path / "register.csv").write_text(text, encoding="utf-8-sig")
    return tmp_path / "register.csv"


def test_nobody_on_the_register_ever_leaves(people: Path, source: Path, tmp_path: Path) -> None:
    listed = register(tmp_path, "date,patient\n2024-01-01,patient 0\n2024-01-02, patient 3 \n,nobody\n")
    done = workflow.opt_out(people, listed, None)
    assert (done.listed, done.matched, done.records) == (3, 2, 6)
    release(
        people, tmp_path / "b", mechanism="exact", epsilon=None, acknowledge_exact=True, reason="test",
        max_contributions=3,
    )  # fmt: skip
    pixels = np.load(source)["x"]
    gone = {pixels[row].tobytes() for row in (0, 1, 2, 9, 10, 11)}
    assert len(shown(tmp_path / "b")) == 34
    assert not shown(tmp_path / "b") & gone


@pytest.mark.parametrize(
    "text",
    [
        "patient\nZoe\u0308\n",
        "patient\nZoë\n",
        "patient\n  Zoë\t\n",
        "patient;since\nZoë;2024-01-01\n",
        "since\tpatient\n2024-01-01\tZoë\n",
    ],
)
@pytest.mark.parametrize("name", ["Zoë", "Zoe\u0308", "Zoë "])
def test_a_person_is_found_however_the_name_and_the_register_were_written(
    tmp_path: Path, source: Path, checkpoint: Path, name: str, text: str
) -> None:
    arrays = dict(np.load(source))
    np.savez(source, **{**arrays, "patient": np.where(np.arange(40) < 3, name, arrays["patient"])})
    project = scored_project(tmp_path / "p.dataselect", source, checkpoint, unit_column="patient")
    done = workflow.opt_out(project, register(tmp_path, text), None)
    assert (done.listed, done.matched, done.records) == (1, 1, 3)
    eligible = workflow.scores(project)["eligible"]
    assert [row for row, may in enumerate(eligible) if not may] == [0, 1, 2]
    workflow.opt_in(project, register(tmp_path, text), None)
    assert all(workflow.scores(project)["eligible"])


@pytest.mark.parametrize(
    ("spellings", "listed"),
    [
        (("17", "17.0"), "17"),
        (("17", "17.0"), "17.0"),
        (("17.0", "17."), "17"),
        (("17", " 17 "), "17.00"),
        ((" 17", "17.0 "), " 17."),
    ],
)
def test_a_number_is_one_person_however_it_is_spelled(
    tmp_path: Path, source: Path, checkpoint: Path, spellings: tuple[str, str], listed: str
) -> None:
    """The finding: the opt-out of “17” left the records of “17.0”."""
    arrays = dict(np.load(source))
    people = [*spellings, "170", "7.0", "017", *map(str, range(100, 135))]
    np.savez(source, **{**arrays, "patient": np.array(people)})
    project = scored_project(tmp_path / "p.dataselect", source, checkpoint, unit_column="patient")
    done = workflow.opt_out(project, register(tmp_path, f"patient\n{listed}\n"), None)
    assert (done.listed, done.matched, done.records) == (1, 1, 2)
    eligible = workflow.scores(project)["eligible"]
    assert [row for row, may in enumerate(eligible) if not may] == [0, 1]


@pytest.mark.parametrize(
    "text", ["patient 0\npatient 1\n", "2024;patient 0\n2025;patient 1\n", " patient 0 \n"]
)
def test_a_register_without_a_header_is_refused(people: Path, tmp_path: Path, text: str) -> None:
    """The person in its first line would be taken for the name of the column, and leave."""
    for use in (workflow.opt_out, workflow.opt_in, workflow.read_register):
        with pytest.raises(UnusableError, match="first line"):
            use(people, register(tmp_path, text), None)
    assert all(workflow.scores(people)["eligible"])


def test_a_record_that_comes_later_is_covered_too(
    people: Path, source: Path, checkpoint: Path, tmp_path: Path
) -> None:
    workflow.opt_out(people, register(tmp_path, "patient\npatient 0\n"), None)
    arrays = dict(np.load(source))
    extended = {
        **arrays,
        "x": np.concatenate([arrays["x"], arrays["x"][:1] ^ 1]),
        "y": np.append(arrays["y"], 0),
        "patient": np.append(arrays["patient"], "patient 0"),
    }
    np.savez(source, **extended)
    from dataselect_gui.project.project import Project
    from dataselect_gui.project.table import Index
    from dataselect_gui.records.opening import content_hash, open_source
    from dataselect_gui.records.source import SourceRef

    opened = open_source(SourceRef(source, unit_column="patient"))
    hashes = [list(content_hash(opened.read(row))) for row in range(41)]
    project = Project.open(people)
    project.update_index(
        Index(opened.ids, opened.labels, opened.units, np.array(hashes, dtype=np.uint8))
    )
    eligible = workflow.scores(people)["eligible"]
    assert [row for row, may in enumerate(eligible) if not may] == [0, 1, 2, 40]
    del checkpoint


def test_whoever_comes_back_is_taken_off_the_list(people: Path, tmp_path: Path) -> None:
    workflow.opt_out(people, register(tmp_path, "patient\npatient 0\npatient 1\n"), None)
    workflow.opt_in(people, register(tmp_path, "patient\npatient 1\n"), None)
    eligible = workflow.scores(people)["eligible"]
    assert [row for row, may in enumerate(eligible) if not may] == [0, 1, 2]
    # Restoring a record does not undo a person's own word.
    workflow.select_records(people, None, restore=["0"])
    assert not workflow.scores(people)["eligible"][0]


def test_without_people_the_register_names_records(
    tmp_path: Path, source: Path, checkpoint: Path
) -> None:
    project = scored_project(tmp_path / "r.dataselect", source, checkpoint)
    workflow.opt_out(project, register(tmp_path, "id\n4\n7\n"), None)
    eligible = workflow.scores(project)["eligible"]
    assert [row for row, may in enumerate(eligible) if not may] == [4, 7]


@pytest.mark.parametrize(
    ("text", "column", "complaint"),
    [
        ("a,b\n1,2\n", None, "not clear"),
        ("a,b\n1,2\n", "c", "not clear"),
        ("", None, "not clear"),
    ],
)
def test_a_register_must_say_who_is_meant(
    people: Path, tmp_path: Path, text: str, column: str | None, complaint: str
) -> None:
    with pytest.raises(UsageError, match=complaint):
        workflow.opt_out(people, register(tmp_path, text), column)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00a", b'a\n"' + b"x" * 2_000_000])
def test_a_register_that_cannot_be_read_is_told(
    people: Path, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(UnusableError, match="cannot be read"):
        workflow.opt_out(people, tmp_path / "list.csv", None)


def test_a_deleted_project_leaves_records_and_ledger(
    people: Path, source: Path, checkpoint: Path, tmp_path: Path
) -> None:
    done = release(people, tmp_path / "b")
    before = source.read_bytes()
    assert workflow.delete(people)
    assert not people.exists()
    assert source.read_bytes() == before
    # Whoever scores the records again meets the same ledger, and the same release at no cost.
    again = scored_project(
        tmp_path / "q.dataselect", source, checkpoint, [1.0] * 40, unit_column="patient"
    )
    assert workflow.ledger(again)[0].total_plain == 1
    select(again, threshold="0.5")
    repeat = release(again, tmp_path / "c")
    assert repeat.repeated
    assert repeat.spent == done.spent
    assert files(tmp_path / "b") == files(tmp_path / "c")


def test_what_is_not_the_projects_is_not_deleted(people: Path, tmp_path: Path) -> None:
    mine = {"notes.txt": b"mine", "table-of-results.csv": b"mine", "thumbnails/1.png": b"mine"}
    (people / "thumbnails").mkdir()
    for name, content in mine.items():
        (people / name).write_bytes(content)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/keep.txt").write_text("mine too")
    (people / "table-99").symlink_to(tmp_path / "outside")
    assert not workflow.delete(people)
    assert files(people) == mine
    assert (tmp_path / "outside/keep.txt").exists()
    with pytest.raises(UnusableError, match="is not a project"):
        workflow.delete(people)
    with pytest.raises(UnusableError, match="is not a project"):
        workflow.delete(tmp_path)


def test_a_bundle_shows_a_ledger_that_was_rolled_back(people: Path, tmp_path: Path, home: Path) -> None:
    """Even where every copy of the ledger was: the bundle holds its head."""
    import shutil

    release(people, tmp_path / "one")
    shutil.copytree(home, tmp_path / "older")
    release(people, tmp_path / "two", epsilon="2")
    workflow.hold_against(tmp_path / "one", people)
    workflow.hold_against(tmp_path / "two", people)
    shutil.rmtree(home)
    shutil.copytree(tmp_path / "older", home)
    workflow.hold_against(tmp_path / "one", people)
    with pytest.raises(RefusedError, match="not as it was left"):
        workflow.hold_against(tmp_path / "two", people)
    (tmp_path / "release.json").write_text("[" * 200_000)
    for no_bundle in (tmp_path, people):
        with pytest.raises(UnusableError, match="is not a bundle"):
            workflow.hold_against(no_bundle, people)
