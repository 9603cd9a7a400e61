"""Several labels and numbers of a record are read in Explore as a person reads them."""

from pathlib import Path

import numpy as np
import pytest

from dataselect_gui.checkpoints.label_forms import shown_label
from dataselect_gui.records.reference import LabelRule
from dataselect_gui.window.shell.main_window import MainWindow
from tests.helpers import array_file
from tests.projects import consortium, scored_project


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ('["cat", "dog"]', "cat, dog"),
        ("[]", "none"),
        ('{"cat": "1", "dog": "0", "bird": ""}', "cat"),
        ('{"cat": "0.0", "dog": "-1", "bird": "1.0"}', "dog (uncertain), bird"),
        ('{"cat": "-1"}', "cat (uncertain)"),
        ('{"cat": "0"}', "none"),
        ('{"age": "3.5"}', "age: 3.5"),
        ("3.5", "3.5"),
        ("cat|dog", "cat|dog"),
        ("[cat", "[cat"),
    ],
)
def test_a_label_is_shown_without_its_brackets(label: str, shown: str) -> None:
    assert shown_label(label) == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (0.22477991196478597, "0.2248"),
        (-12345.678, "-1.235e+04"),
        (3.0, "3"),
        ([1 / 3, 2.0], "0.3333, 2"),
    ],
)
def test_numbers_are_shown_to_four_digits(
    window: MainWindow, tmp_path: Path, given: float | list[float], shown: str
) -> None:
    source = array_file(tmp_path / "a.npz", x=np.zeros((12, 6, 5), np.uint8), y=np.array([given] * 12))
    model = consortium(tmp_path / "consortium", task="regression")
    window.state.open(scored_project(tmp_path / "p.dataselect", source, model))
    assert window.state.look is not None
    assert window.state.look.label_of(0) == shown
    assert not window.explore.legend.isVisibleTo(window.explore)


@pytest.mark.parametrize(("task", "names"), [("multi_label", []), ("single_label", ["0", "1", "2"])])
def test_labels_that_are_no_classes_have_no_colours(
    window: MainWindow, tmp_path: Path, task: str, names: list[str]
) -> None:
    flags = np.eye(12, 3, dtype=np.uint8)
    classes = np.array(["bird", "cat", "dog"])
    y = {"y": flags, "classes": classes} if task == "multi_label" else {"y": np.arange(12) % 3}
    source = array_file(tmp_path / "a.npz", x=np.zeros((12, 6, 5), np.uint8), **y)
    model = consortium(tmp_path / "consortium", task=task)
    folder = scored_project(tmp_path / "p.dataselect", source, model)
    window.state.open(folder)
    assert window.state.class_names == names
    assert len(window.state.class_codes) == 12
    assert window.state.look is not None
    assert window.state.look.label_of(0) == ("bird" if task == "multi_label" else "0")


@pytest.mark.parametrize(
    ("name", "given", "rule", "shown"),
    [
        ("t.csv", ["0", "1", "2"], {}, ["0 → bird", "1 → cat", "2 → dog"]),
        ("t.csv", ["bird", "Cat", "dog"], {}, ["bird", "Cat", "dog"]),
        ("t.csv", ["0", "7", "x"], {}, ["0 → bird", "7", "x"]),
        ("t.csv", ["0", "1", "x"], {"x": "dog", "0": "cat"}, ["0 → cat", "1 → cat", "x → dog"]),
        ("t.csv", ["bird", "x", "dog"], {"x": ""}, ["bird", "x", "dog"]),
        # Folders have names, whatever they are made of.
        ("folders", ["0", "1", "2"], {}, ["0", "1", "2"]),
        ("folders", ["0", "1", "2"], {"0": "dog"}, ["0 → dog", "1", "2"]),
    ],
)
def test_a_label_that_is_not_the_models_name_is_shown_with_it(
    window: MainWindow,
    tmp_path: Path,
    name: str,
    given: list[str],
    rule: dict[str, str],
    shown: list[str],
) -> None:
    source = tmp_path / name
    if name == "folders":
        for label in given:
            (source / label).mkdir(parents=True)
            (source / label / "a.txt").write_text(f"text of {label}")
    else:
        source.write_text("text,label\n" + "".join(f"text {k},{v}\n" for k, v in enumerate(given)))
    folder = scored_project(
        tmp_path / "p.dataselect",
        source,
        consortium(tmp_path / "consortium"),
        labels=LabelRule(tuple(rule.items())),
        text_column=None if name == "folders" else "text",
    )
    window.state.open(folder)
    look = window.state.look
    assert look is not None
    assert sorted(look.label_of(row) or "" for row in range(3)) == sorted(shown)
    assert [entry.rpartition(":")[0] for entry in window.explore.legend.entries] == sorted(shown)


def test_a_count_in_the_legend_cannot_be_read_as_a_label(window: MainWindow, tmp_path: Path) -> None:
    source = array_file(tmp_path / "a.npz", x=np.zeros((12, 6, 5), np.uint8), y=np.arange(12) % 2)
    folder = scored_project(
        tmp_path / "p.dataselect", source, consortium(tmp_path / "consortium"), scores=[1.0] * 12
    )
    window.state.open(folder)
    assert window.explore.legend.entries == ["0: 6", "1: 6"]


def test_texts_are_offered_no_map(window: MainWindow, tmp_path: Path) -> None:
    source = tmp_path / "t.csv"
    source.write_text("text,label\ngood,cat\nbad,dog\n")
    model = consortium(tmp_path / "consortium")
    texts = scored_project(tmp_path / "p.dataselect", source, model, text_column="text")
    pictures = array_file(tmp_path / "a.npz", x=np.zeros((2, 6, 5), np.uint8), y=np.array([0, 1]))
    window.state.open(texts)
    inspector = window.explore.inspector
    assert not inspector.map.button.isVisibleTo(inspector.map)
    window.state.open(scored_project(tmp_path / "q.dataselect", pictures, model))
    assert inspector.map.button.isVisibleTo(inspector.map)
