"""The verbs by JSON and in words: from the selection to the statement."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from dataselect_gui.cli.app import main
from tests.cli.shell import Shell
from tests.helpers import array_file, image_folder, write_json
from tests.projects import answered, consortium, owner_records, scored_project

pytestmark = pytest.mark.usefixtures("workplace")


def test_the_whole_way_by_json(shell: Shell, project: Path) -> None:
    answer = shell("select", project, "--by", "loss", "--threshold", "0.5")
    assert answer["verb"] == "select"
    assert answer["threshold"] == 0.5
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
    arguments = ("release", project, "--in-training", "no")
    claimed = shell(*arguments, "--to", "b", "--epsilon", "1", "--budget", "4")
    assert (claimed["epsilon"], claimed["conditional"]) == (1, False)
    assert len(shell("select", project, "--all")["ids"]) == 40
    shell(*arguments, "--to", "all", expect=2)
    everything = shell(*arguments, "--to", "all", "--acknowledge-disclosure")
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
        answer = shell("select", project, *unclear, expect=4 if "missing.json" in unclear else 2)
        assert answer["error"]["what"]


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
    arguments = ["release", str(project), "--to", "b", "--as", *kind.split(), "--in-training", "no"]
    arguments += [*price, "--budget", "4"]
    assert main([*arguments, "--dry-run"]) == 0
    seen = capsys.readouterr().out
    assert "Nothing was drawn." in seen
    assert "What would leave:" in seen
    assert ("To expect" in seen or "Noise to expect" in seen) == ("exact" not in kind)
    assert main(arguments) == 0
    assert "Digest, to send separately" in capsys.readouterr().out
    assert main(["ledger", str(project)]) == 0
    statement = capsys.readouterr().out
    title = "A list of what you offer" if kind == "offers" else kind.split()[0].capitalize()
    assert f"{title} by " in statement
    assert ("had no protection" in statement) == ("exact" in kind)


def test_a_register_and_a_deletion_by_json(shell: Shell, project: Path, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("id\n3\n4\n99\n", encoding="utf-8")
    answer = shell("select", project, "--opt-out", "out.csv")
    assert answer["opted_out"] == {"listed": 3, "found": 2, "records": 2}
    answer = shell("select", project, "--opt-in", "out.csv")
    assert answer["opted_in"]["records"] == 2
    shell("delete", project, expect=2)
    assert shell("delete", project, "--yes")["folder_gone"]
    shell("scores", project, expect=4)


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
    printed = capsys.readouterr().out
    assert "bird" in printed
    assert "score again to see them" in printed


def test_the_models_answers_stand_before_the_scores(
    shell: Shell, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import pyarrow.parquet

    answered(project, lambda row: row % 2, sure=0.75)
    records = shell("scores", project)["records"]
    assert list(records[0])[4:] == ["selected", "answer", "confidence", "loss"]
    assert [record["answer"] for record in records] == ["bird", "cat"] * 20
    assert {record["confidence"] for record in records} == {0.75}
    shell("scores", project, "--format", "parquet", "--to", tmp_path / "s.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "s.parquet")
    assert table["answer"].to_pylist() == ["bird", "cat"] * 20
    assert main(["scores", str(project), "--format", "csv"]) == 0
    read = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["answer"] for row in read] == ["bird", "cat"] * 20
    assert {row["confidence"] for row in read} == {"0.75"}
    assert main(["scores", str(project)]) == 0
    printed = capsys.readouterr().out
    assert "0.75" in printed
    assert "score again" not in printed


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
    answer = shell("inspect", checkpoint)
    assert answer["kind"] == "checkpoint"
    assert answer["labels"] == ["bird", "cat", "dog"]
    assert answer["unknown_in_request"] == ["colour"]
    assert answer["request"]["colour"] == "blue"


def test_inspect_tries_a_checkpoint_on_records(shell: Shell, tmp_path: Path) -> None:
    from tests.models import save_member, stir, tiny_resnet

    save_member(tmp_path / "model", stir(tiny_resnet(), 0))
    records = owner_records(tmp_path / "records.npz")
    preflight = shell("inspect", tmp_path / "model", "--records", records)["preflight"]
    assert preflight["labels"] == {"bird": 0, "cat": 1, "dog": 2}
    assert (preflight["checked"], preflight["precision"], preflight["records"]) == (3, "float32", 40)


def test_inspect_says_which_column_it_takes_for_the_labels(shell: Shell, tmp_path: Path) -> None:
    from tests.models import save_member, stir, tiny_resnet

    save_member(tmp_path / "model", stir(tiny_resnet(), 0))
    grade = np.array(["bird", "cat", "dog", "dog"] * 2)
    pixels = np.random.default_rng(0).integers(0, 256, (8, 16, 16), dtype=np.uint8)
    records = array_file(tmp_path / "records.npz", x=pixels, grade=grade, ward=np.array(["a", "b"] * 4))
    preflight = shell("inspect", tmp_path / "model", "--records", records)["preflight"]
    assert preflight["proposed_label"] == "grade"
    (note,) = preflight["notes"]
    assert "“grade”" in note
    assert (preflight["label_account"]["given"], preflight["checked"]) == (8, 3)


def test_inspect_lists_what_cannot_be_read(shell: Shell, tmp_path: Path) -> None:
    folder = image_folder(tmp_path / "scans", ["a/1.png", "b/2.png"])
    (folder / "b/3.png").write_bytes(b"")
    (folder / "notes.txt").write_text("not an image")
    answer = shell("inspect", folder)
    assert (answer["kind"], answer["records"], answer["readable"], answer["ignored"]) == (
        "source",
        3,
        2,
        1,
    )
    (problem,) = answer["problems"]
    assert problem["id"] == "b/3.png"
    assert "empty" in problem["reason"]


def test_an_empty_selection_is_released_like_any_other(shell: Shell, project: Path) -> None:
    """A refusal here would tell the receiver of an empty bundle that somebody did score high."""
    shell("select", project, "--by", "loss", "--threshold", "2")
    asked = ("--epsilon", "1", "--in-training", "no", "--budget", "4", "--threshold-source", "agreed")
    shell("release", project, "--to", "b", *asked)
    shell("verify", "b")
