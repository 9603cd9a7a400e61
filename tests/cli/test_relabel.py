"""Other labels by the terminal: ids, a table, back again, and the way to a bundle."""

import json
from pathlib import Path

import numpy as np
import pytest

from dataselect_gui.cli.app import main
from tests.cli.shell import Shell
from tests.helpers import CLASSES, array_file
from tests.models import save_member, stir, tiny_plain

pytestmark = pytest.mark.usefixtures("workplace")


def test_labels_go_from_the_terminal_into_the_bundle(shell: Shell, tmp_path: Path) -> None:
    """Relabel, score, release, verify: on a model that can be loaded."""
    save_member(tmp_path / "model", stir(tiny_plain(), 0))
    pixels = np.random.default_rng(0).integers(0, 256, (9, 16, 16), dtype=np.uint8)
    own = array_file(tmp_path / "own.npz", x=pixels, y=np.arange(9) % 3, classes=np.array(CLASSES))
    asked = ("score", own, "--checkpoint", tmp_path / "model", "--scores", "loss", "--project", "p")
    shell(*asked)
    done = shell("relabel", "p", "0,3", "dog")
    assert done["relabelled"] == {
        "0": {"before": "bird", "after": "dog"},
        "3": {"before": "bird", "after": "dog"},
    }
    assert (done["changed"], done["waiting"]) == (2, 2)
    records = shell("scores", "p", "--where", "relabelled")["records"]
    assert [(each["id"], each["label"], each["label_before"]) for each in records] == [
        ("0", "dog", "bird"),
        ("3", "dog", "bird"),
    ]
    assert [each["loss"] for each in records] == [None, None]
    shell("select", "p", "--by", "loss", "--threshold", "-1")
    exact = ("release", "p", "--to", "b", "--mechanism", "exact", "--acknowledge-exact")
    release = (*exact, "--reason", "a test", "--in-training", "no", "--budget", "4")
    refused = shell(*release, expect=4)
    assert refused["error"]["what"] == "2 records have new labels and wait to be scored again."
    shell(*asked)
    assert shell("relabel", "p")["waiting"] == 0
    assert shell(*release, "--dry-run")["relabelled"] == 2
    shell(*release)
    assert all(check["ok"] for check in shell("verify", "b")["checks"])
    lines = Path("b", "data", "train", "metadata.jsonl").read_text("utf-8").splitlines()
    expected = [*["cat"] * 3, *["dog"] * 5, "bird"]
    assert sorted(json.loads(line)["label"] for line in lines) == sorted(expected)
    with np.load(own) as stored:  # The owner's file is as it was.
        assert stored["y"].tolist() == (np.arange(9) % 3).tolist()


def test_what_is_not_clear_changes_nothing(shell: Shell, project: Path) -> None:
    for wrong in (("0",), ("0", "dog", "--none"), ("0", "--none", "--undo"), ("--undo",)):
        shell("relabel", project, *wrong, expect=2)
    shell("relabel", project, "0", "fish", expect=2)
    shell("relabel", project, "no-such", "dog", expect=2)
    shell("relabel", project, "--from", "missing.csv", expect=4)
    assert shell("relabel", project)["relabelled"] == {}


def test_words_say_what_changed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def lines(*arguments: str) -> list[str]:
        assert main(["relabel", str(project), *arguments]) == 0
        return capsys.readouterr().out.splitlines()

    assert lines() == ["All records have the labels of your files."]
    assert lines("0", "--none") == [
        "0: bird → no label",
        "1 record relabelled.",
        "1 record has a new label and waits to be scored again.",
        "Score again: only these are scored.",
    ]
    Path("new.csv").write_text("id;label\n1;dog\n2;bird\n", encoding="utf-8")
    assert lines("--from", "new.csv")[-3:-2] == ["2 records relabelled."]
    assert lines("0,1,2", "--undo") == ["3 records relabelled."]
    assert main(["scores", str(project)]) == 0
    assert "label_before" not in capsys.readouterr().out
