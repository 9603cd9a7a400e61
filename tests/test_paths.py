"""Links that strangers made lead nowhere: not out of the sandbox, and not in circles."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import dataselect_gui
from dataselect_gui.checkpoints.layout import files_beside
from dataselect_gui.errors import UnusableError, UsageError
from dataselect_gui.paths import regular_file, resolved
from dataselect_gui.privacy.home import home
from dataselect_gui.records.opening import linked_files
from tests.helpers import write_image
from tests.projects import consortium, owner_records

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links are not everybody's there")


@pytest.fixture
def circle(tmp_path: Path) -> Path:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    return tmp_path / "a"


# Out of the sandbox


def test_links_in_a_folder_of_records_open_regular_files_alone(tmp_path: Path) -> None:
    records, outside = tmp_path / "records" / "Bag", tmp_path / "outside"
    records.mkdir(parents=True)
    (outside / "folder.png").mkdir(parents=True)
    write_image(outside / "image.png")
    os.mkfifo(outside / "pipe")
    (outside / "twice").symlink_to(outside / "image.png")
    (outside / "round").symlink_to("/")
    targets = {
        "root": Path("/"),
        "up": Path("../.."),
        "folder": outside / "folder.png",
        "folder-twice": outside / "round",
        "pipe": outside / "pipe",
        "device": Path("/dev/null"),
        "process": Path("/proc/self/environ"),
        "system": Path("/sys/kernel/notes"),
        "missing": outside / "missing",
        "circle": Path("circle.png"),
        "image": outside / "image.png",
        "image-twice": outside / "twice",
        "image-far": outside / "round" / (outside / "image.png").relative_to("/"),
    }
    for name, target in targets.items():
        (records / f"{name}.png").symlink_to(target)
    assert linked_files(tmp_path / "records") == [resolved(outside / "image.png")] * 3


def test_what_lies_beside_a_checkpoint_is_no_folder_by_a_link(tmp_path: Path) -> None:
    snapshot = tmp_path / "ck" / "snapshots" / "a"
    snapshot.mkdir(parents=True)
    blobs = tmp_path / "ck" / "blobs"
    for target in ("/", "..", tmp_path, "missing", "blobs"):
        blobs.symlink_to(target)
        assert files_beside(snapshot) == []
        blobs.unlink()
    blobs.write_text("")
    assert files_beside(snapshot) == []
    blobs.unlink()
    blobs.mkdir()
    assert files_beside(snapshot) == [resolved(blobs)]
    # The folder that is named decides, not a link to it.
    (tmp_path / "other" / "blobs").mkdir(parents=True)
    (tmp_path / "other" / "snapshots").symlink_to(tmp_path / "ck" / "snapshots")
    assert files_beside(tmp_path / "other" / "snapshots" / "a") == [resolved(blobs)]

    model = tmp_path / "m" / "m.pt2"
    model.parent.mkdir()
    model.write_bytes(b"")
    (model.parent / "request.json").write_text("{}")
    (tmp_path / "file").write_text("{}")
    (model.parent / "a.json").symlink_to("/")
    (model.parent / "b.safetensors").symlink_to(tmp_path)
    (model.parent / "c.json").symlink_to("/dev/null")
    (model.parent / "d.json").symlink_to("d.json")
    (model.parent / "e.json").symlink_to(tmp_path / "file")
    (model.parent / "f.json").mkdir()
    beside = [model.parent / "request.json", tmp_path / "file"]
    assert sorted(files_beside(model)) == sorted(map(resolved, beside))


@pytest.mark.skipif(sys.platform != "linux", reason="Landlock is Linux's")
def test_a_link_to_the_ledger_is_not_granted(tmp_path: Path) -> None:
    """In a process that is confined to what a stranger's folder links to."""
    from dataselect_gui.sandbox.confining import Grant, available_confinement

    if not available_confinement().files:
        pytest.skip("this kernel does not confine files")
    ledger, image = tmp_path / "home" / "ledger.sqlite", tmp_path / "image.png"
    ledger.parent.mkdir()
    ledger.write_text("private")
    write_image(image)
    records = tmp_path / "records"
    records.mkdir()
    for place in (ledger, image, Path("/")):
        (records / f"{place.name}.png").symlink_to(place)
    read = [str(records), *map(str, linked_files(records))]
    grant = Grant(home=str(Path.home()), read=tuple(read), private=(str(ledger.parent),))
    code = (
        "import sys; from pathlib import Path\n"
        "from dataselect_gui.sandbox.confining import Grant, confine\n"
        "confine(Grant.from_line(sys.argv[1]))\n"
        "for name in sys.argv[2:]:\n"
        "    try: Path(name).open('rb').close(); print(1)\n"
        "    except OSError: print(0)\n"
    )
    asked = (image, ledger, "/etc/passwd", tmp_path / "home" / "x")
    run = subprocess.run(
        [sys.executable, "-c", code, grant.to_line(), *map(str, asked)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == ["1", "0", "0", "0"]


# In circles


def test_a_circle_of_links_is_refused(circle: Path, tmp_path: Path) -> None:
    for path in (circle, circle / "below", circle / ".." / "a"):
        with pytest.raises(UnusableError, match="leads nowhere"):
            resolved(path)
        assert regular_file(path) is None
    (tmp_path / "far").symlink_to("not/there")
    assert resolved(tmp_path / "far") == resolved(tmp_path) / "not" / "there"


def test_a_folder_that_is_gone_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(UnusableError, match="leads nowhere"):
        resolved(Path("here"))


@pytest.mark.parametrize(
    "command",
    [
        "score {circle} --checkpoint {checkpoint}",
        "score {records} --checkpoint {circle}",
        "score {records} --checkpoint {checkpoint} --project {circle} --scores random",
        "score {records} --checkpoint {checkpoint} --project {circle}/p --scores random",
        "inspect {circle}",
        "inspect {checkpoint} --records {circle}",
        "scores {circle}",
        "scores {project} --format csv --to {circle}",
        "scores {project} --format csv --to {circle}/s.csv",
        "release {project} --to {circle} --epsilon 1 --in-training no --budget 9",
        "verify {circle}",
        "verify {records} --key {circle}",
        "verify {records} --page {circle}",
        "delete {circle} --yes",
        "demo --headless --out {circle}",
        "ledger {circle}",
        "select {circle} --by loss --fraction 0.5",
        "study {circle} --checkpoint {checkpoint} --dry-run",
    ],
)
def test_no_verb_falls_over_a_circle(
    command: str, circle: Path, scored: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from dataselect_gui.cli.app import main

    named = command.format(
        circle=circle,
        project=scored,
        records=scored.parent / "records.npz",
        checkpoint=scored.parent / "consortium",
    )
    assert main(named.split()) == 4, capfd.readouterr()
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_symlink()) == ["a", "b"]


def test_a_looped_image_is_a_problem_of_its_own(tmp_path: Path) -> None:
    from dataselect_gui.cli.app import main

    (tmp_path / "r" / "Bag").mkdir(parents=True)
    (tmp_path / "r" / "Bag" / "loop.png").symlink_to("loop.png")
    write_image(tmp_path / "r" / "Bag" / "a.png")
    assert main(["inspect", str(tmp_path / "r")]) == 0


def test_a_home_in_a_circle_is_refused(
    circle: Path, scored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataselect_gui.cli.app import main

    monkeypatch.setenv("DATASELECT_HOME", str(circle))
    assert main(["ledger"]) == 4
    assert main(["inspect", str(scored.parent / "consortium")]) == 4


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from dataselect_gui.cli.app import main

    root = tmp_path_factory.mktemp("scored")
    source, checkpoint = owner_records(root / "records.npz"), consortium(root / "consortium")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATASELECT_HOME", str(root / "home"))
        arguments = ["score", str(source), "--checkpoint", str(checkpoint), "--scores", "random"]
        assert main([*arguments, "--project", str(root / "p.dataselect")]) == 0
        assert main(f"select {root / 'p.dataselect'} --by random --fraction 0.5".split()) == 0
    return root / "p.dataselect"


def resolving(code: str) -> list[int]:
    """Return the lines that call, or name, a method that resolves links."""
    named = (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Attribute))
    return [node.lineno for node in named if node.attr in {"resolve", "realpath"}]


def test_links_are_resolved_in_one_place() -> None:
    root = Path(dataselect_gui.__file__).parent
    calling = {
        path.relative_to(root).as_posix() for path in root.rglob("*.py") if resolving(path.read_text())
    }
    assert calling == {"paths.py", "sandbox/system_paths.py"}
    assert resolving("x = Path('a')\ny = x.resolve()\nmap(Path.resolve, [x])") == [2, 3]  # The control.


# The ledger's place


@pytest.mark.parametrize("named", ["home", "./home", "../home", "~/home", "~", ".", "~root/home"])
def test_a_home_that_depends_on_the_folder_is_refused(
    named: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from dataselect_gui.cli.app import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATASELECT_HOME", named)
    assert main(["ledger"]) == 2
    assert "not named in full" in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_home_of_the_platform_is_absolute_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DATASELECT_HOME", raising=False)
    monkeypatch.setattr("platformdirs.user_data_dir", lambda *_, **__: "share/dataselect")
    with pytest.raises(UsageError, match="not named in full"):
        home()
    monkeypatch.setenv("DATASELECT_HOME", str(tmp_path))
    assert home() == tmp_path
