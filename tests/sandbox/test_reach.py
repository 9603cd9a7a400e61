"""Which files a confined process reaches: those that its job names, and none that is private."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dataselect_gui.checkpoints.layout import files_beside
from dataselect_gui.privacy.home import grant
from dataselect_gui.records.opening import linked_files
from dataselect_gui.sandbox.confining import Grant
from tests.sandbox.held import ROOT, WHERE_CONFINED

pytestmark = WHERE_CONFINED

REACH = """
import json, sys
from pathlib import Path
from dataselect_gui.sandbox.confining import Grant, confine
asked = json.loads(sys.argv[1])
confine(Grant(**asked["grant"]))
def reads(name):
    try:
        return bool(Path(name).read_bytes())
    except OSError:
        return False
print(json.dumps({name: reads(name) for name in asked["files"]}))
"""


def reached(files: list[Path], **grant: object) -> dict[str, bool]:
    asked = {"grant": {"home": "/nonexistent", **grant}, "files": list(map(str, files))}
    run = subprocess.run(
        [sys.executable, "-c", REACH, json.dumps(asked)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    made: dict[str, bool] = json.loads(run.stdout)
    return made


def test_what_is_private_is_not_reached_though_it_lies_in_what_is(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    files = [root / name for name in ("a/1", "a/home/ledger", "a/b/home/2", "a/home-not/3", "other/4")]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    (root / "a/link").symlink_to(root / "a/home")
    linked = root / "a/link/ledger"
    grant = {"read": [str(root / "a")], "private": [str(root / "a/home")]}
    made = reached([*files, linked], **grant)
    assert list(made.values()) == [True, False, True, True, False, False]
    assert all(reached([*files[:4], linked], read=[str(root / "a")]).values())


def test_what_is_named_in_a_folder_that_is_not_private_is_reached_alone(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    names = ("home/ledger", "home/demo/bundle/1", "home/demo/home/ledger", "home/demo-not/2")
    files = [root / name for name in names]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    (root / "home/demo/link").symlink_to(root / "home")
    private = {"private": [str(root / "home")], "not_private": [str(root / "home/demo")]}

    def reached_by(name: str) -> list[bool]:
        return list(reached(files, read=[str(root / name)], **private).values())

    assert reached_by("home/demo/bundle") == [False, True, False, False]
    assert reached_by("home/demo-not") == [False] * 4
    assert reached_by("home/demo/link") == [False] * 4
    assert reached_by("home") == [False] * 4
    assert reached_by(".") == [False] * 4


def test_a_home_is_not_read_because_libraries_lie_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path.resolve() / "home"
    for name in ("lib/module.py", "secret"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("x = 1")
    files = [home / "lib/module.py", home / "secret"]
    monkeypatch.setenv("PYTHONPATH", f"{home}{os.pathsep}{home / 'lib'}{os.pathsep}{ROOT}")
    assert list(reached(files, home=str(home)).values()) == [True, False]


@pytest.mark.parametrize("home", ["", ".", "home", "~", "~/there", "../home"])
def test_a_home_that_is_nowhere_is_no_home(home: str) -> None:
    with pytest.raises(ValueError, match="no absolute path"):
        Grant(home=home)
    line = Grant(home="/home/somebody").to_line()
    assert Grant.from_line(line).home == "/home/somebody"
    with pytest.raises(ValueError, match="no absolute path"):
        Grant.from_line(line.replace("/home/somebody", home))


@pytest.mark.parametrize("named", ["", ".", "home", "/"])
def test_a_home_that_the_environment_does_not_name_is_the_accounts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setenv("DATASELECT_HOME", str(tmp_path / "ledger"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert grant().home == str(tmp_path)
    monkeypatch.setenv("HOME", named)
    pwd = pytest.importorskip("pwd")
    made = grant([tmp_path / "a"], [tmp_path / "b"])
    assert made.home == pwd.getpwuid(os.getuid()).pw_dir
    assert made.private == (str((tmp_path / "ledger").resolve()),)
    assert (made.read, made.write) == ((str(tmp_path / "a"),), (str(tmp_path / "b"),))


def test_a_record_that_is_a_link_is_read_and_what_lies_beside_it_is_not(tmp_path: Path) -> None:
    source, store = tmp_path / "scans", tmp_path / "store"
    source.mkdir()
    store.mkdir()
    for name in ("1.png", "2.png"):
        (store / name).write_text("x")
    (source / "1.png").symlink_to(store / "1.png")
    read = [str(source), *map(str, linked_files(source))]
    made = reached([source / "1.png", store / "1.png", store / "2.png"], read=read)
    assert list(made.values()) == [True, True, False]


def test_a_checkpoint_in_a_cache_of_links_is_read(tmp_path: Path) -> None:
    cache = tmp_path / "models--them--model"
    snapshot = cache / "snapshots" / "abc"
    for folder in (snapshot, cache / "blobs"):
        folder.mkdir(parents=True)
    (cache / "blobs/1").write_text("x")
    (cache / "token").write_text("x")
    (snapshot / "config.json").symlink_to("../../blobs/1")
    read = [str(snapshot), *map(str, files_beside(snapshot))]
    made = reached([snapshot / "config.json", cache / "token"], read=read)
    assert list(made.values()) == [True, False]
