"""Files that are there already are closed when they are met, and replaced whole."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dataselect_gui import workflow
from dataselect_gui.errors import UnusableError
from dataselect_gui.permissions import replacing
from dataselect_gui.privacy.ledger import Ledger
from dataselect_gui.project.files import write_json
from dataselect_gui.project.project import Project
from dataselect_gui.study.store import FINDINGS, PLAN, RESULTS, SETTING, Store
from dataselect_gui.workflow import save_table
from tests.private_files.modes import WHERE_MODES_ARE, mode_of, open_ones, open_up
from tests.projects import scored_project
from tests.releases import release

pytestmark = WHERE_MODES_ARE


@pytest.fixture
def mask() -> Iterator[None]:
    """The mask of a process that leaves everything open, as Python's has it before `main`."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_an_older_project_is_closed_when_it_is_met(project: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("theirs")
    outside.chmod(0o644)
    (project / "table-1" / "link").symlink_to(outside)
    (project / "notes.txt").write_text("the owner's")
    open_up(project)
    assert len(open_ones(project)) > 5
    Project.open(project)
    assert [path.name for path in open_ones(project)] == ["notes.txt"]  # Which nobody can reach.
    assert mode_of(outside) == 0o644


@pytest.mark.parametrize(
    "meet",
    [
        lambda: Ledger(workflow.home()),
        lambda: workflow.ledger(None),
        lambda: workflow.write_settings("{}"),
        lambda: workflow.read_settings(),
    ],
)
def test_an_older_home_is_closed_when_it_is_met(
    home: Path, project: Path, tmp_path: Path, meet: Callable[[], object]
) -> None:
    release(project, tmp_path / "b")
    workflow.write_settings("{}")
    (home / "unfinished").mkdir(exist_ok=True)
    (home / "unfinished" / "old.json").write_text("{}")
    open_up(home)
    meet()
    assert open_ones(home) == []


def test_an_older_study_is_closed_when_it_is_met(tmp_path: Path) -> None:
    folder = tmp_path / "r.study"
    Store(folder, {"records": "a"}).write("one", {"accuracy": 1})
    write_json(folder / PLAN, {})
    write_json(folder / FINDINGS, {})
    open_up(folder)
    Store(folder, {"records": "a"})
    assert open_ones(folder) == []
    assert {path.name for path in folder.rglob("*")} == {SETTING, PLAN, FINDINGS, RESULTS, "one.json"}


@pytest.mark.usefixtures("mask")
def test_an_older_table_is_replaced_by_a_closed_one(tmp_path: Path) -> None:
    for form in ("csv", "json", "parquet"):
        to = tmp_path / f"scores.{form}"
        to.write_text("old")
        to.chmod(0o666)
        save_table({"id": ["a"], "loss": [0.5]}, form, to)
        assert mode_of(to) == 0o600
        assert b"old" not in to.read_bytes()


@pytest.mark.usefixtures("mask")
def test_pages_are_closed(tmp_path: Path, project: Path) -> None:
    release(project, tmp_path / "b")
    checks = workflow.verify(tmp_path / "b")
    workflow.write_page(tmp_path / "b", checks, tmp_path / "page.html")
    workflow.write_statement(project, tmp_path / "statement.html")
    assert mode_of(tmp_path / "page.html") == mode_of(tmp_path / "statement.html") == 0o600


@pytest.mark.usefixtures("mask")
def test_folders_are_closed_whatever_the_process_does(
    tmp_path: Path, project: Path, home: Path
) -> None:
    release(project, tmp_path / "above" / "b")
    Store(tmp_path / "s" / "r.study", {"records": "a"})
    made = scored_project(
        tmp_path / "deep" / "er" / "q.dataselect", tmp_path / "records.npz", tmp_path / "consortium"
    )
    for folder in (home, tmp_path / "above", tmp_path / "above" / "b", made, made.parent):
        assert mode_of(folder) == 0o700
    assert mode_of(tmp_path / "s" / "r.study") == 0o700


def test_a_file_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    with pytest.raises(TypeError), replacing(path) as file:
        file.write("no bytes")  # type: ignore[call-overload]
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_planted_link_is_not_written_through(tmp_path: Path) -> None:
    """Somebody guessed the name of the file on its way."""
    theirs = tmp_path / "theirs"
    theirs.write_text("theirs")
    (tmp_path / ".a.partial").symlink_to(theirs)
    with replacing(tmp_path / "a") as file:
        file.write(b"mine")
    assert (theirs.read_text(), (tmp_path / "a").read_text()) == ("theirs", "mine")


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    save_table({"id": ["a"]}, "csv", pipe)
    assert os.read(reader, 100).replace(b'"', b"") == b"id\na\n"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.lstat().st_mode)


@pytest.mark.skipif(sys.platform != "linux", reason="streams have other names elsewhere")
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("is_pipe", [True, False])
def test_the_stream_that_the_program_was_given_is_written_to(
    tmp_path: Path, name: str, is_pipe: bool
) -> None:
    code = "import sys; from pathlib import Path; from dataselect_gui.permissions import replacing\n"
    code += "with replacing(Path(sys.argv[1])) as file: file.write(b'table')"
    command = [sys.executable, "-c", code, name]
    with (tmp_path / "out").open("wb") as out:
        run = subprocess.run(command, stdout=subprocess.PIPE if is_pipe else out, check=True)
    assert (run.stdout if is_pipe else (tmp_path / "out").read_bytes()) == b"table"


@pytest.mark.parametrize("name", ["/dev/null", "link"])
def test_a_device_of_the_system_is_written_to(tmp_path: Path, name: str) -> None:
    (tmp_path / "link").symlink_to("/dev/null")
    save_table({"id": ["a"]}, "csv", tmp_path / name)
    assert (tmp_path / "link").is_symlink()


def test_ones_own_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "short").symlink_to("folder")
    (tmp_path / "link").symlink_to("short/../short/table.csv")
    save_table({"id": ["a"]}, "csv", tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "table.csv").read_text() == '"id"\n"a"\n'


def test_a_pipe_that_nobody_reads_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnusableError, match="cannot be written"):
        save_table({"id": ["a"]}, "csv", tmp_path / "pipe")


@pytest.mark.usefixtures("mask")
def test_the_demo_folder_is_closed(tmp_path: Path) -> None:
    from dataselect_gui.resources import resource as shipped

    made = scored_project(
        tmp_path / "d" / "project", shipped("demo/records.npz"), shipped("demo/checkpoint")
    )
    settings = json.loads((made / "project.json").read_text(encoding="utf-8"))
    write_json(made / "project.json", {**settings, "demo": True})
    workflow.change_budget(made, "4", "a test")
    assert open_ones(tmp_path / "d" / "home") == []
    assert mode_of(tmp_path / "d") == mode_of(made) == 0o700
