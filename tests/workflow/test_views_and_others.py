"""A view counts for the records that it showed, and whatever ledger noted it."""

import shutil
from pathlib import Path

import pytest

from dataselect_gui import workflow
from dataselect_gui.privacy.ledger import Ledger
from dataselect_gui.project.project import Project
from dataselect_gui.workflow.accounts import account_in
from tests.decisions import EVERY, arrays_of, claims, decide, ids_of, losses, of_rows, undecided
from tests.helpers import write_json
from tests.projects import scored_project

pytestmark = pytest.mark.usefixtures("home")


def of_an_earlier_version(folder: Path, *, name: str = "p") -> Path:
    """Return a project in which a record is marked, and of whose views no ledger knows."""
    path = undecided(folder, losses(17), name=name)
    project = Project.open(path)
    project.settings.notes_views = False
    project.settings.withheld = ids_of(path)[:1]
    project.save()
    return path


# Other records of the same people


def two_of_the_same_people(folder: Path) -> tuple[Path, Path]:
    made = []
    for seed in (0, 1):
        undecided(folder, losses(17), name=f"r{seed}", seed=seed)
        source, checkpoint = folder / f"r{seed}.npz", folder / "consortium"
        place = folder / f"people {seed}.dataselect"
        made.append(scored_project(place, source, checkpoint, losses(17), unit_column="patient"))
    return made[0], made[1]


def test_a_view_is_none_of_other_records_of_the_same_people(tmp_path: Path) -> None:
    first, second = two_of_the_same_people(tmp_path)
    for project in (first, second):
        decide(project, "none")
    workflow.select_records(first, None, withhold=ids_of(first)[:1])
    workflow.look(first)
    workflow.select_records(second, None, withhold=ids_of(second)[:2])
    workflow.look(second)
    assert claims(first, tmp_path / "a", **EVERY)
    assert claims(second, tmp_path / "b", **EVERY)
    workflow.select_records(first, None, withhold=ids_of(first)[:2])
    assert not claims(first, tmp_path / "c", **EVERY)


def test_what_was_settled_last_is_so_though_another_account_was_joined_later(tmp_path: Path) -> None:
    first = undecided(tmp_path, losses(17), name="one")
    second = undecided(tmp_path, losses(17), name="two", seed=1)
    decide(second, "none")
    decide(first, "wrong")
    arrays = [arrays_of(tmp_path / f"r{seed}.npz") for seed in (0, 1)]
    both = Project.open(of_rows(tmp_path, *arrays, name="both"))
    with Ledger(tmp_path / "home").session() as session:
        account_in(session, both)
    workflow.look(first)
    assert claims(first, tmp_path / "b")


def test_everything_is_late_where_it_was_decided_otherwise_of_some_records(tmp_path: Path) -> None:
    """Records of which nothing was decided would let a change of mind go without a word."""
    for seed in (0, 1):
        project = undecided(tmp_path, losses(17), name=f"p{seed}", seed=seed)
        if seed == 0:
            decide(project, "wrong")
        workflow.look(project)
    arrays = [arrays_of(tmp_path / f"r{seed}.npz") for seed in (0, 1)]
    both = of_rows(tmp_path, *arrays, name="both")
    workflow.select_records(both, workflow.Everything())
    assert not claims(both, tmp_path / "b", **EVERY)


# Other ledgers, and earlier versions


def test_a_release_of_what_was_seen_on_another_machine_is_a_view_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = undecided(tmp_path, losses(17))
    workflow.look(project)
    monkeypatch.setenv("DATASELECT_HOME", str(tmp_path / "another"))
    workflow.select_records(project, workflow.make_rule("loss", threshold="0.5"))
    assert not claims(project, tmp_path / "a")
    other = undecided(tmp_path, losses(17), name="other")
    decide(other, "wrong")
    assert not claims(other, tmp_path / "b")


@pytest.mark.parametrize("is_seen", [False, True])
def test_what_was_seen_elsewhere_was_not_decided_here_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_seen: bool
) -> None:
    project = undecided(tmp_path, losses(17))
    workflow.look(project)
    monkeypatch.setenv("DATASELECT_HOME", str(tmp_path / "another"))
    other = undecided(tmp_path, losses(17), name="other")
    decide(other, "wrong")
    if is_seen:
        workflow.look(other)
    workflow.look(project)
    decide(project, "wrong")
    assert not claims(project, tmp_path / "b")
    assert not claims(other, tmp_path / "c")


def test_a_project_that_comes_back_claims_what_it_did(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There it claims nothing, and is noted once."""
    project = undecided(tmp_path, losses(17))
    decide(project, "wrong")
    workflow.look(project)
    monkeypatch.setenv("DATASELECT_HOME", str(tmp_path / "another"))
    workflow.look(project)
    for name, epsilon in (("a", "1"), ("b", "0.5")):
        assert not claims(project, tmp_path / name, epsilon=epsilon)
    with Ledger(tmp_path / "another").snapshot() as ledger:
        statement = ledger.statement(ledger.accounts()[0])
    assert [entry.kind for entry in statement.entries].count("shown") == 1
    monkeypatch.setenv("DATASELECT_HOME", str(home))
    workflow.look(project)
    assert claims(project, tmp_path / "c")


def test_a_ledger_that_was_moved_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = undecided(tmp_path, losses(17))
    decide(project, "wrong")
    workflow.look(project)
    moved = shutil.move(tmp_path / "home", tmp_path / "moved")
    monkeypatch.setenv("DATASELECT_HOME", str(moved))
    assert claims(project, tmp_path / "b")


@pytest.mark.parametrize("is_seen", [False, True])
def test_what_an_earlier_version_showed_was_decided_late(tmp_path: Path, *, is_seen: bool) -> None:
    earlier = of_an_earlier_version(tmp_path)
    project = undecided(tmp_path, losses(17), name="new")
    decide(project, "wrong")
    if is_seen:
        workflow.look(project)
    workflow.look(earlier)
    decide(earlier, "wrong")
    assert not claims(earlier, tmp_path / "b")
    assert not claims(project, tmp_path / "c")


def test_a_view_that_names_no_records_showed_all_that_were_known(tmp_path: Path, home: Path) -> None:
    """Such are in ledgers from before views named their records."""
    project = undecided(tmp_path, losses(17))
    with Ledger(home).session() as session:
        account = account_in(session, Project.open(project))
        session._append(account, "shown", {})
    decide(project, "wrong")
    assert not claims(project, tmp_path / "b")


def test_everything_is_late_though_the_request_lost_the_rule_that_was_decided_upon(
    tmp_path: Path,
) -> None:
    project = undecided(tmp_path, losses(17))
    decide(project, "wrong")
    workflow.look(project)
    write_json(tmp_path / "consortium" / "dataselect.json", {})
    workflow.select_records(project, workflow.Everything())
    assert not claims(project, tmp_path / "b", **EVERY)
