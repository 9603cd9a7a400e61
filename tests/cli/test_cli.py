import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dataselect_gui import __version__, workflow
from dataselect_gui.cli.app import main
from tests.helpers import image_folder, write_json
from tests.projects import consortium, owner_records, scored_project

ROOT = Path(__file__).parents[2]
HEAVY = [
    "torch",
    "transformers",
    "pandas",
    "scipy",
    "pyarrow",
    "opendp",
    "dp_accounting",
    "mlcroissant",
    "jinja2",
]


@pytest.fixture(autouse=True)
def home(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return home


class Shell:
    """Runs verbs and reads the one object that each prints."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: object, expect: int = 0) -> dict[str, Any]:
        code = main([*map(str, words), "--json"])
        printed = self._capsys.readouterr().out
        told: dict[str, Any] = json.loads(printed)
        assert code == expect, told
        assert printed.count("\n") == 1
        assert told["ok"] == (code == 0)
        if code:
            assert told["exit_code"] == code
            assert set(told) - {"checks"} == {"ok", "verb", "exit_code", "error"}
            assert set(told["error"]) == {"what", "why", "do"}
            assert all(part.endswith((".", ".)", "?", "”.")) for part in told["error"].values()), told
        return told


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"dataselect {__version__}"


def test_the_whole_way_by_json(shell: Shell, project: Path) -> None:
    told = shell("select", project, "--by", "loss", "--threshold", "0.5")
    assert told["verb"] == "select"
    assert told["threshold"] == 0.5
    released = shell(
        "release", project, "--to", "b", "--epsilon", "1", "--in-training", "no", "--budget", "4"
    )
    assert (released["epsilon"], released["conditional"]) == (1, False)
    assert (released["spent"], released["left"]) == (1, 3)
    checks = shell("verify", "b", "--digest", released["digest"])["checks"]
    assert {check["ok"] for check in checks} == {True}
    statement = shell("ledger", project)
    assert (statement["budget"], statement["left"], statement["one_sided"]) == ("4", "3", "1")
    assert shell("ledger")["ledgers"] == [
        {k: v for k, v in statement.items() if k not in {"ok", "verb"}}
    ]
    assert shell("inspect", "b")["kind"] == "bundle"
    assert shell("inspect", project)["kind"] == "project"


def test_rules_on_one_record_and_everything_by_json(shell: Shell, tmp_path: Path) -> None:
    rule = {"conditions": [{"score": "loss", "most": {"bird": 0.4, "cat": 0.75}, "otherwise": "keep"}]}
    checkpoint = consortium(tmp_path / "c", rule=rule)
    project = scored_project(tmp_path / "p.dataselect", owner_records(tmp_path / "r.npz"), checkpoint)
    sentence = (
        "Records whose loss is at most that of its class (bird: 0.4, cat: 0.75). A record for which "
        "that is no finite number, or of another class, is kept."
    )
    assert shell("inspect", checkpoint)["rule_in_words"] == [sentence]
    by_class = shell("select", project, "--by", "loss", "--per-class")
    assert by_class["rule_in_words"] == [sentence]
    assert by_class["rule"]["conditions"][0]["most"] == {"bird": "0.4", "cat": "0.75"}
    write_json(tmp_path / "rule.json", rule)
    assert shell("select", project, "--rule", tmp_path / "rule.json")["ids"] == by_class["ids"]
    assert shell("inspect", project)["rule_in_words"] == [sentence]
    words = ("release", project, "--in-training", "no")
    claimed = shell(*words, "--to", "b", "--epsilon", "1", "--budget", "4")
    assert (claimed["epsilon"], claimed["conditional"]) == (1, False)
    assert len(shell("select", project, "--all")["ids"]) == 40
    shell(*words, "--to", "all", expect=2)
    everything = shell(*words, "--to", "all", "--acknowledge-disclosure")
    assert (everything["epsilon"], everything["conditional"]) == (None, False)
    assert {check["ok"] for check in shell("verify", "all")["checks"]} == {True}
    for unclear in (
        ("--all", "--by", "loss", "--threshold", "1"),
        ("--all", "--threshold", "1"),
        ("--per-class",),
        ("--by", "loss", "--per-class", "--count", "3"),
        ("--rule", "rule.json", "--lowest"),
        ("--rule", "missing.json"),
        (),
    ):
        told = shell("select", project, *unclear, expect=4 if "missing.json" in unclear else 2)
        assert told["error"]["what"]


def test_offers_by_a_bought_threshold_by_json(shell: Shell, tmp_path: Path) -> None:
    source = owner_records(tmp_path / "records.npz")
    checkpoint = consortium(tmp_path / "consortium", bounds={"loss": [0, 1]})
    project = scored_project(tmp_path / "p.dataselect", source, checkpoint)
    shell("select", project, "--by", "loss", "--fraction", "0.25")
    asked = (
        "release", project, "--to", "b", "--as", "offers", "--epsilon", "1", "--in-training", "no",
        "--threshold-source", "bought:0.5", "--budget", "4",
    )  # fmt: skip
    seen = shell(*asked, "--dry-run")
    assert (seen["release"], seen["preview"]["cost"], seen["preview"]["left_after"]) == (
        None, "1.5", "2.5",
    )  # fmt: skip
    assert {"file", "field", "what"} == set(seen["preview"]["leaves"][0])
    assert {"epsilon", "precision", "recall", "random"} == set(seen["preview"]["usefulness"][0])
    assert not (tmp_path / "b").exists()
    done = shell(*asked)
    assert (done["epsilon"], done["spent"], done["left"]) == (1.5, 1.5, 2.5)
    shell("verify", "b", "--page", "page.html")
    assert (tmp_path / "page.html").is_file()
    shell("ledger", project, "--bundle", "b")
    shell("verify", "b", "--key", "nowhere", expect=4)
    shell("release", project, "--to", "c", "--as", "songs", expect=2)
    shell("release", project, "--to", "c", "--as", "gradient", "--epsilon", "1", expect=2)


@pytest.mark.parametrize(
    "kind", ["records", "offers", "scores", "report --bins 0.5", "records --mechanism exact"]
)
def test_every_release_is_told_in_words(
    shell: Shell, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    source = owner_records(tmp_path / "records.npz")
    checkpoint = consortium(tmp_path / "consortium", bounds={"loss": [0, 1]})
    project = scored_project(tmp_path / "p.dataselect", source, checkpoint)
    shell("select", project, "--by", "loss", "--threshold", "0.5")
    price = ["--acknowledge-exact", "--reason", "a test"] if "exact" in kind else ["--epsilon", "1"]
    words = ["release", str(project), "--to", "b", "--as", *kind.split(), "--in-training", "no"]
    words += [*price, "--budget", "4"]
    assert main([*words, "--dry-run"]) == 0
    seen = capsys.readouterr().out
    assert "Nothing was drawn." in seen
    assert "What would leave:" in seen
    assert ("To expect" in seen or "Noise to expect" in seen) == ("exact" not in kind)
    assert main(words) == 0
    assert "Digest, to send separately" in capsys.readouterr().out
    assert main(["ledger", str(project)]) == 0
    statement = capsys.readouterr().out
    assert f"{kind.split()[0].capitalize()} by " in statement
    assert ("had no protection" in statement) == ("exact" in kind)


def test_a_register_and_a_deletion_by_json(shell: Shell, project: Path, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("id\n3\n4\n99\n", encoding="utf-8")
    told = shell("select", project, "--opt-out", "out.csv")
    assert told["opted_out"] == {"listed": 3, "found": 2, "records": 2}
    told = shell("select", project, "--opt-in", "out.csv")
    assert told["opted_in"]["records"] == 2
    shell("delete", project, expect=2)
    assert shell("delete", project, "--yes")["folder_gone"]
    shell("scores", project, expect=4)


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
    told = shell("verify", "b", expect=5)
    assert "README.md" in told["error"]["why"]
    assert {check["name"] for check in told["checks"] if not check["ok"]} == {"checksums", "documents"}
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
    words = ["select", str(project), "--by", "loss", "--threshold", text]
    assert main(words) == 2
    shown = capsys.readouterr().err
    assert len(shown.splitlines()) == 3
    is_text = text != "\udcff"
    assert shown.startswith("The threshold cannot be “" if is_text else "Word 6 of the command is not")
    assert "\x1b" not in shown
    if text.isprintable():
        assert f"“{text}”" in shown
    assert main([*words, "--json"]) == 2
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
    for words, code in (
        (["ledger", "p.dataselect"], 0),
        (["ledger", "p.dataselect", "--json"], 0),
        (["scores", "p.dataselect", "--format", "csv"], 0),
        (["scores", "p.dataselect"], 0),
        (["release", "p.dataselect", "--to", "c", "--epsilon", "9"], 3),
    ):
        run = subprocess.run(
            [sys.executable, "-m", "dataselect_gui", *words],
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
    told = shell("scores", project, expect=1)
    assert "Smith" not in json.dumps(told)
    assert "KeyError in test_cli.py" in told["error"]["why"]


def test_a_disk_that_refuses_is_exit_4(
    shell: Shell, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "/home/smith/scan.png")

    monkeypatch.setattr(workflow, "scores", fail)
    told = shell("scores", project, expect=4)
    assert "No space left on device" in told["error"]["why"]
    assert "smith" not in json.dumps(told)


def test_ctrl_c_is_130(shell: Shell, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(workflow, "scores", interrupt)
    shell("scores", project, expect=130)


def test_scores_are_told_in_full_precision(
    shell: Shell, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import pyarrow.parquet

    shell("select", project, "--by", "loss", "--count", "3", "--withhold", "4,5")
    records = shell("scores", project)["records"]
    assert list(records[0]) == ["id", "label", "unit", "eligible", "selected", "loss"]
    assert [record["id"] for record in records] == [str(row) for row in range(40)]
    assert sum(record["selected"] for record in records) == 3
    assert [record["id"] for record in records if not record["eligible"]] == ["4", "5"]
    losses = [record["loss"] for record in records]
    assert main(["scores", str(project), "--format", "csv"]) == 0
    read = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [float(row["loss"]) for row in read] == losses
    shell("scores", project, "--format", "parquet", "--to", tmp_path / "s.parquet")
    assert pyarrow.parquet.read_table(tmp_path / "s.parquet")["loss"].to_pylist() == losses
    shell("scores", project, "--format", "json", "--to", tmp_path / "s.json")
    assert json.loads((tmp_path / "s.json").read_text(encoding="utf-8")) == records
    assert main(["scores", str(project)]) == 0
    assert "bird" in capsys.readouterr().out


def test_ids_come_from_a_file(shell: Shell, project: Path, tmp_path: Path) -> None:
    (tmp_path / "ids.txt").write_text("4\n5\n\n")
    shell("select", project, "--withhold", "@ids.txt")
    ids = shell("select", project, "--by", "loss", "--threshold", "0")["ids"]
    assert len(ids) == 38
    assert not {"4", "5"} & set(ids)
    shell("select", project, "--restore", "5")
    assert "5" in shell("select", project, "--by", "loss", "--threshold", "0")["ids"]
    shell("select", project, "--withhold", "@nowhere.txt", expect=4)


def test_inspect_tells_a_checkpoint_and_shows_unknown_wishes(shell: Shell, tmp_path: Path) -> None:
    checkpoint = consortium(tmp_path / "wishes", colour="blue", epsilon=3)
    told = shell("inspect", checkpoint)
    assert told["kind"] == "checkpoint"
    assert told["labels"] == ["bird", "cat", "dog"]
    assert told["unknown_in_request"] == ["colour"]
    assert told["request"]["colour"] == "blue"


def test_inspect_tries_a_checkpoint_on_records(shell: Shell, tmp_path: Path) -> None:
    from tests.models import save_member, stir, tiny_resnet

    save_member(tmp_path / "model", stir(tiny_resnet(), 0))
    records = owner_records(tmp_path / "records.npz")
    found = shell("inspect", tmp_path / "model", "--records", records)["preflight"]
    assert found["labels"] == {"bird": 0, "cat": 1, "dog": 2}
    assert (found["checked"], found["precision"], found["records"]) == (3, "float32", 40)


def test_inspect_lists_what_cannot_be_read(shell: Shell, tmp_path: Path) -> None:
    folder = image_folder(tmp_path / "scans", ["a/1.png", "b/2.png"])
    (folder / "b/3.png").write_bytes(b"")
    (folder / "notes.txt").write_text("not an image")
    told = shell("inspect", folder)
    assert (told["kind"], told["records"], told["readable"], told["ignored"]) == ("source", 3, 2, 1)
    assert told["problems"] == [{"id": "b/3.png", "reason": "The file is empty."}]


def test_an_empty_selection_is_released_like_any_other(shell: Shell, project: Path) -> None:
    """A refusal here would tell the receiver of an empty bundle that somebody did score high."""
    shell("select", project, "--by", "loss", "--threshold", "2")
    asked = ("--epsilon", "1", "--in-training", "no", "--budget", "4", "--threshold-source", "agreed")
    shell("release", project, "--to", "b", *asked)
    shell("verify", "b")


def test_the_terminal_starts_without_anything_heavy() -> None:
    code = f"""
import sys
import dataselect_gui.cli.app
print([name for name in {HEAVY} if name in sys.modules])
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert run.stdout.strip() == "[]"


def test_the_rooms_keep_to_their_doors() -> None:
    run = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )
    assert run.returncode == 0, run.stdout


def test_the_readmes_commands_are_those_of_the_program() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"dataselect (\w+)", readme))
    from typer.main import get_command

    from dataselect_gui.cli.app import app

    verbs = set(get_command(app).commands)  # type: ignore[attr-defined]
    assert verbs <= named


def tampered(bundle: Path, kind: str) -> None:
    data = bundle / "data/train"
    first = next(path for path in sorted(data.iterdir()) if path.suffix == ".png")
    match kind:
        case "flip":
            content = bytearray(first.read_bytes())
            content[-20] ^= 1
            first.write_bytes(content)
        case "drop":
            first.unlink()
        case "stray":
            (data / "patients.csv").write_text("Mrs Smith")
        case "swap":
            second = sorted(data.glob("*.png"))[1]
            one, other = first.read_bytes(), second.read_bytes()
            first.write_bytes(other)
            second.write_bytes(one)
        case "cut":
            first.write_bytes(first.read_bytes()[:-9])
        case "pipe":
            os.mkfifo(data / "queue")
        case "claim":
            release = json.loads((bundle / "release.json").read_text(encoding="utf-8"))
            write_json(bundle / "release.json", {**release, "epsilon": "0.1"})


@pytest.mark.parametrize("kind", ["flip", "drop", "stray", "swap", "cut", "pipe", "claim"])
def test_a_tampered_bundle_is_found(shell: Shell, project: Path, tmp_path: Path, kind: str) -> None:
    shell("select", project, "--by", "loss", "--threshold", "0.1")
    asked = ("--epsilon", "2", "--in-training", "no", "--budget", "4", "--threshold-source", "agreed")
    shell("release", project, "--to", "b", *asked)
    tampered(tmp_path / "b", kind)
    shell("verify", "b", expect=5)


@pytest.mark.parametrize(
    ("change", "found_by"),
    [
        ({"epsilon": "0.1"}, "documents"),
        ({"parameters": {"share_that_leaves": {"value": 0.9}}}, "arithmetic"),
        ({"parameters": {"odds_factor": {"value": 1.01}}}, "arithmetic"),
        ({"parameters": {"cut": {"value": "count", "from": "viewed"}}}, "promise"),
        ({"checkpoint": {"records_in_training": "yes"}}, "promise"),
        ({"mechanism": "exact"}, "promise"),
        ({"promise": "Perfectly safe and anonymous."}, "promise"),
    ],
)
def test_a_promise_that_the_mechanism_does_not_give_is_found(
    shell: Shell, project: Path, tmp_path: Path, change: dict[str, Any], found_by: str
) -> None:
    """Also where whoever changed the bundle made its checksums fit again."""
    import hashlib

    shell("select", project, "--by", "loss", "--threshold", "0.5")
    shell("release", project, "--to", "b", "--epsilon", "1", "--in-training", "no", "--budget", "4")
    path = tmp_path / "b/release.json"
    release = json.loads(path.read_text(encoding="utf-8"))
    for key, value in change.items():
        if isinstance(value, dict):
            for inner, entry in value.items():
                release[key][inner] = (
                    {**release[key][inner], **entry} if isinstance(entry, dict) else entry
                )
        else:
            release[key] = value
    write_json(path, release)
    sums = tmp_path / "b/SHA256SUMS"
    lines = [line.split("  ")[1] for line in sums.read_text(encoding="utf-8").splitlines()]
    sums.write_text(
        "".join(
            f"{hashlib.sha256((tmp_path / 'b' / n).read_bytes()).hexdigest()}  {n}\n" for n in lines
        ),
        encoding="utf-8",
    )
    failed = {check.name for check in workflow.verify(tmp_path / "b").checks if not check.ok}
    assert found_by in failed
    assert "checksums" not in failed


def test_the_digest_shows_a_rebuilt_bundle(shell: Shell, project: Path) -> None:
    shell("select", project, "--by", "loss", "--threshold", "0.5")
    shell("release", project, "--to", "b", "--epsilon", "1", "--in-training", "no", "--budget", "4")
    shell("verify", "b", "--digest", "0" * 64, expect=5)


def test_a_bundle_loads_as_croissant(shell: Shell, project: Path, tmp_path: Path) -> None:
    import mlcroissant

    shell("select", project, "--by", "loss", "--threshold", "0.1")
    asked = ("--epsilon", "4", "--in-training", "no", "--budget", "4", "--threshold-source", "agreed")
    shell("release", project, "--to", "b", *asked)
    dataset = mlcroissant.Dataset(jsonld=str(tmp_path / "b/croissant.json"))
    assert dataset.metadata.ctx.conforms_to.value == "http://mlcommons.org/croissant/1.1"
    rows = list(dataset.records("train"))
    listed = (tmp_path / "b/data/train/metadata.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(rows) == len(listed) > 20
    labels = [json.loads(line)["label"] for line in listed]
    assert sorted(row["train/label"].decode() for row in rows) == sorted(labels)
    assert all(np.asarray(row["train/image"]).shape[:2] == (6, 5) for row in rows)
