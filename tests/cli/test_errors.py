"""Errors have their exit codes, say what, why and what to do, and show no content."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dataselect_gui import workflow
from dataselect_gui.cli.app import main
from tests.cli.shell import Shell
from tests.projects import consortium, scored_project

ROOT = Path(__file__).parents[2]


pytestmark = pytest.mark.usefixtures("workplace")


def test_each_refusal_has_its_exit_code(shell: Shell, project: Path, tmp_path: Path) -> None:
    shell("select", project, "--by", "loss", "--threshold", "0.5")
    release = ("release", project, "--to", "b", "--epsilon")
    shell(*release, "1", expect=2)
    shell(*release, "1", "--in-training", "no", expect=3)
    shell(*release, "1", "--budget", "0.5", expect=3)
    shell(*release, "zero", "--budget", "4", expect=2)
    shell(*release, "1", "--mechanism", "magic", expect=2)
    assert not (tmp_path / "b").exists()
    shell(*release, "1", "--budget", "4")
    (tmp_path / "b/README.md").write_text("changed")
    answer = shell("verify", "b", expect=5)
    assert "README.md" in answer["error"]["why"]
    assert {check["name"] for check in answer["checks"] if not check["ok"]} == {
        "checksums",
        "documents",
    }
    shell(*release, "1", expect=4)
    shell("inspect", "nowhere", expect=4)
    shell("scores", "nowhere", expect=4)
    shell("verify", "nowhere", expect=4)
    shell("select", project, "--by", "vog", "--count", "3", expect=2)
    shell("select", project, "--by", "loss", expect=2)
    shell("select", project, "--by", "loss", "--count", "3", "--fraction", "0.1", expect=2)
    shell("select", project, expect=2)
    shell("select", project, "--withhold", "no such id", expect=2)
    shell("nonsense", expect=2)
    shell("select", expect=2)
    shell("score", "records.npz", expect=2)


def test_errors_say_what_why_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scores", "nowhere"]) == 4
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines()[0] == "“nowhere” is not a project."
    assert len(shown.err.splitlines()) == 3


@pytest.mark.parametrize("text", ["\\[/x]", "[/bold]", "[bold", "\x1b[2Jwiped", "\udcff", "ε\\"])
def test_whatever_is_asked_for_is_told_as_it_is(
    project: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    """Neither markup nor a terminal's commands nor half a character may do anything."""
    arguments = ["select", str(project), "--by", "loss", "--threshold", text]
    assert main(arguments) == 2
    shown = capsys.readouterr().err
    assert len(shown.splitlines()) == 3
    is_text = text != "\udcff"
    assert shown.startswith("The threshold cannot be “" if is_text else "Word 6 of the command is not")
    assert "\x1b" not in shown
    if text.isprintable():
        assert f"“{text}”" in shown
    assert main([*arguments, "--json"]) == 2
    printed = capsys.readouterr().out
    what = json.loads(printed)["error"]["what"]
    assert text in what if is_text else "Word 6 of the command is not text" in what
    printed.encode("ascii")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_knows_few_characters_is_told_too(
    shell: Shell, project: Path, encoding: str
) -> None:
    shell("select", project, "--by", "loss", "--threshold", "0.5")
    asked = ("release", project, "--to", "b", "--epsilon", "1", "--in-training", "no", "--budget", "4")
    shell(*asked)
    for arguments, code in (
        (["ledger", "p.dataselect"], 0),
        (["ledger", "p.dataselect", "--json"], 0),
        (["scores", "p.dataselect", "--format", "csv"], 0),
        (["scores", "p.dataselect"], 0),
        (["release", "p.dataselect", "--to", "c", "--epsilon", "9"], 3),
    ):
        run = subprocess.run(
            [sys.executable, "-m", "dataselect_gui", *arguments],
            capture_output=True,
            env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT)},
            check=False,
        )
        assert run.returncode == code, run.stderr
        assert b"Traceback" not in run.stderr
        run.stdout.decode(encoding)


def test_a_label_is_shown_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["[/bold]", "[red]", "\\"]
    pixels = np.zeros((3, 4, 4), dtype=np.uint8)
    np.savez(tmp_path / "odd.npz", x=pixels, y=np.arange(3), classes=np.array(names))
    project = scored_project(
        tmp_path / "p.dataselect", tmp_path / "odd.npz", consortium(tmp_path / "c"), [1.0] * 3
    )
    assert main(["scores", str(project)]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in names)


def test_a_fault_of_the_program_shows_no_content(
    shell: Shell, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("Mrs Smith's diagnosis")

    monkeypatch.setattr(workflow, "scores", fail)
    answer = shell("scores", project, expect=1)
    assert "Smith" not in json.dumps(answer)
    assert "KeyError in test_errors.py" in answer["error"]["why"]


def test_a_disk_that_refuses_is_exit_4(
    shell: Shell, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "/home/smith/scan.png")

    monkeypatch.setattr(workflow, "scores", fail)
    answer = shell("scores", project, expect=4)
    assert "No space left on device" in answer["error"]["why"]
    assert "smith" not in json.dumps(answer)


def test_ctrl_c_is_130(shell: Shell, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(workflow, "scores", interrupt)
    shell("scores", project, expect=130)
