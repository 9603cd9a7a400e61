"""How labels are read, in the terminal: refused, mapped by a table, and told."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dataselect_gui.cli.app import main
from dataselect_gui.errors import DataSelectError
from dataselect_gui.project.project import Project
from dataselect_gui.records.reference import LabelRule
from dataselect_gui.workflow import label_rule
from tests.cli.shell import run
from tests.helpers import CLASSES, array_file, image_folder
from tests.models import SIDE, save_series, stir, tiny_resnet


@pytest.fixture
def consortium(tmp_path: Path) -> Path:
    return save_series(tmp_path / "consortium", [stir(tiny_resnet(), 0)])


@pytest.fixture
def vehicles(tmp_path: Path) -> Path:
    """Write three classes of another data set, as many as the model has, and a record without one."""
    return array_file(
        tmp_path / "vehicles.npz",
        x=np.random.default_rng(0).integers(0, 256, (8, SIDE, SIDE), dtype=np.uint8),
        y=np.array([0, 1, 2, 0, 1, 2, 0, -1]),
        classes=np.array(["ship", "truck", "Dog "]),
    )


@pytest.mark.usefixtures("scoring_here")
def test_classes_of_another_data_set_are_scored_by_a_table_alone(
    tmp_path: Path, consortium: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = array_file(
        tmp_path / "v.npz",
        x=np.random.default_rng(0).integers(0, 256, (6, SIDE, SIDE), dtype=np.uint8),
        y=np.arange(6) % 3,
        classes=np.array(["ship", "truck", "plane"]),
    )
    asked = ("score", source, "--checkpoint", consortium, "--scores", "loss", "--project")
    refused = run(capsys, *asked, tmp_path / "p.dataselect", code=4)["error"]
    assert "“plane”" in refused["why"]
    assert "“bird”" in refused["why"]
    assert "--label" in refused["do"]
    assert not (tmp_path / "p.dataselect").exists()
    table = ("--label", "ship=dog", "--label", "truck=", "--label", "plane=Bird")
    done = run(capsys, *asked, tmp_path / "p.dataselect", *table)
    assert done["labels"]["unfit"] == 2
    assert {m["label"]: m["name"] for m in done["labels"]["matches"]} == {
        "plane": "bird",
        "ship": "dog",
        "truck": None,
    }
    named = array_file(
        tmp_path / "named.npz",
        **{**np.load(source), "classes": np.array(["dog", "fish", "bird"])},
    )
    run(capsys, *asked[:1], named, *asked[2:], tmp_path / "q.dataselect")
    losses = [
        Project.open(tmp_path / f"{name}.dataselect").table.values("loss").tolist() for name in "pq"
    ]
    assert np.isnan(losses[0]).tolist() == [False, True, False] * 2
    np.testing.assert_array_equal(*losses)
    # The project keeps the table, and its scores are not mixed with those by another one.
    stored = Project.open(tmp_path / "p.dataselect").settings.source.labels
    assert dict(stored.classes) == {"ship": "dog", "truck": "", "plane": "Bird"}
    again = run(capsys, *asked, tmp_path / "p.dataselect", "--scores", "el2n")
    assert again["labels"] == done["labels"]
    run(capsys, *asked, tmp_path / "p.dataselect", "--label", "ship=cat", code=4)


@pytest.mark.usefixtures("scoring_here")
def test_how_many_records_have_no_label_is_told(
    vehicles: Path, consortium: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "inspect", vehicles)["unlabelled"] == 1
    asked = ("score", vehicles, "--checkpoint", consortium, "--scores", "loss")
    assert main([*map(str, asked), "--project", str(vehicles.with_suffix(".dataselect"))]) == 0
    printed = capsys.readouterr().out
    assert "1 has no label" in printed
    assert "5 have one that cannot be used" in printed
    assert "“ship”, “truck”" in printed


def rows(folder: Path) -> Path:
    return written(folder / "t.csv", "age,label\n1,cat\n2,\n3,  \n4,dog\n5,cat\n")


def texts(folder: Path) -> Path:
    return written(folder / "t.jsonl", "".join(
        json.dumps({"text": f"so {n}", "label": label}) + "\n"
        for n, label in enumerate(["cat", None, "", "dog", "cat"])
    ))  # fmt: skip


def loose_images(folder: Path) -> Path:
    return image_folder(folder / "scans", ["cat/1.png", "2.png", "3.png", "dog/4.png", "dog/5.png"])


def listed_images(folder: Path) -> Path:
    root = image_folder(folder / "scans", [f"{n}.png" for n in range(5)])
    written(root / "metadata.csv", "file_name,label\n0.png,cat\n1.png,\n2.png, \n3.png,a\n4.png,b\n")
    return root


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("make", [rows, texts, loose_images, listed_images])
def test_how_many_of_any_kind_have_no_label_is_told(
    tmp_path: Path, make: Callable[[Path], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = make(tmp_path)
    assert run(capsys, "inspect", path)["unlabelled"] == 2
    assert main(["inspect", str(path)]) == 0
    assert "unlabelled: 2\n" in capsys.readouterr().out


def test_folders_called_1_and_2_need_a_table(
    tmp_path: Path, consortium: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = image_folder(tmp_path / "scans", ["1/a.png", "2/b.png", "c.png"])
    answer = run(capsys, "inspect", consortium, "--records", source, code=4)
    assert "“1”, “2”" in answer["error"]["why"]
    table = ("--label", "1=cat", "--label", "2=dog")
    account = run(capsys, "inspect", consortium, "--records", source, *table)["preflight"]
    assert account["labels"] == {"1": CLASSES.index("cat"), "2": CLASSES.index("dog")}
    assert account["label_account"]["unlabelled"] == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "cat,Shirt\ndog,\n"),
        ("t.csv", "\ufeffLabel,Class\r\ncat,Shirt\r\n\r\ndog,\r\n"),
        ("t.csv", '"cat","Shirt"\n"dog",""\n'),
        ("t.json", '{"cat": "Shirt", "dog": null}'),
    ],
)
def test_a_table_comes_from_a_file(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    rule = label_rule(pairs=["a=b=c"], table=tmp_path / name)
    assert rule == LabelRule(classes=(("a=b", "c"), ("cat", "Shirt"), ("dog", "")))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "cat\n"),
        ("t.csv", "cat,Shirt,1\n"),
        ("t.csv", '"'),
        ("t.csv", '"' + "x" * 200_000),
        ("t.csv", "\udcff"),
        ("t.json", "[1]"),
        ("t.json", '{"cat": ["Shirt"]}'),
        ("t.json", "[" * 100_000),
        ("t.json", "3"),
        ("missing.csv", None),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, name: str, text: str | None) -> None:
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(DataSelectError, match=name):
        label_rule(table=tmp_path / name)


def test_a_label_that_is_twice_in_a_json_table_is_not_lost(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('{"cat": "Shirt", "cat": "Coat"}')
    rule = label_rule(table=tmp_path / "t.json")
    assert rule is not None
    assert rule.classes == (("cat", "Shirt"), ("cat", "Coat"))


@pytest.mark.parametrize(
    "options", [{"pairs": ["cat"]}, {"pairs": ["=Shirt"]}, {"columns": "A,,B"}, {"uncertain": "yes"}]
)
def test_options_that_say_nothing_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(DataSelectError, match="--"):
        label_rule(**options)


def test_no_option_is_no_rule_and_columns_are_quoted_as_in_csv() -> None:
    assert label_rule() is None
    rule = label_rule(columns='A, B,"C, D"', uncertain="no")
    assert rule == LabelRule(columns=("A", "B", "C, D"), uncertain="no")
